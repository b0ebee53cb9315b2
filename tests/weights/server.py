"""A real HTTP server of weights that misbehaves on request, and an installation without weights to fetch for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hddm_sbi import _resources
from hddm_sbi.weights.checkpoint import save_checkpoint
from hddm_sbi.weights.registry import REGISTRY, write_registry
from hddm_sbi.weights.store import CACHE_VARIABLE
from tests.likelihoods.networks import DDM, network


@dataclass
class Behaviour:
    """How a file is served.

    Args:
        status: of the answer.
        content: instead of the file's own.
        keep: bytes that are sent before the connection is closed; None sends all.
        announce: whether the length is announced.
        pause: seconds between pieces.
        pieces: in how many pieces the content is sent.
        stall: seconds of silence in the middle.
    """

    status: int = 200
    content: bytes | None = None
    keep: int | None = None
    announce: bool = True
    pause: float = 0.0
    pieces: int = 1
    stall: float = 0.0


@dataclass
class WeightsServer:
    """The address, what was asked for, and how it answers, by file name."""

    folder: Path
    url: str = ""
    requests: list[str] = field(default_factory=list)
    behaviour: dict[str, Behaviour] = field(default_factory=dict)


@contextmanager
def serving(folder: Path) -> Iterator[WeightsServer]:
    """Serve a folder on this computer while the block runs."""
    server = WeightsServer(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rsplit("/", 1)[-1]
            server.requests.append(name)
            with suppress(OSError):  # the other side is gone
                _answer(self, server.folder / name, server.behaviour.get(name, Behaviour()))

        def log_message(self, *arguments: Any) -> None:
            pass

    class Listener(ThreadingHTTPServer):
        daemon_threads = True

    listener = Listener(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listener.server_port}/weights/"
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def _answer(handler: BaseHTTPRequestHandler, path: Path, behaviour: Behaviour) -> None:
    status = behaviour.status if path.is_file() else 404
    content = b"<html>no such file</html>" if status != 200 else behaviour.content
    content = path.read_bytes() if content is None else content
    handler.send_response(status)
    if behaviour.announce:
        handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    content = content if behaviour.keep is None else content[: behaviour.keep]
    size = -(-len(content) // behaviour.pieces)
    for start in range(0, len(content), max(size, 1)):
        handler.wfile.write(content[start : start + size])
        handler.wfile.flush()
        time.sleep(behaviour.pause)
    time.sleep(behaviour.stall)


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package's folder of an installation that knows a network for the ddm but has not got it."""
    served = tmp_path / "served"
    served.mkdir()
    save_checkpoint(network(DDM, double=False), served / "ddm.safetensors", {"model": "ddm", "accuracy": {"kl": 1e-6}})
    package = tmp_path / "site" / "hddm_sbi"
    (package / "_assets" / "pretrained").mkdir(parents=True)
    (package / "_assets" / "pretrained" / REGISTRY).write_bytes(write_registry(served).read_bytes())
    monkeypatch.setattr(_resources, "_PACKAGE", package)
    return package


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the cache; it does not exist yet."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installation: Path) -> Iterator[WeightsServer]:
    """Serves the weights that the installation expects, at the address in the environment."""
    # a proxy of this computer's would not know the server
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(tmp_path / "served") as running:
        monkeypatch.setenv("HDDM_SBI_WEIGHTS_URL", running.url)
        yield running
