"""Weights from the package, the cache or a server: the right ones, or one sentence and no file."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from filelock import FileLock

from hddm_sbi import _resources
from hddm_sbi.choose import choose_likelihood
from hddm_sbi.errors import ModelError, WeightsError
from hddm_sbi.weights import download as downloading
from hddm_sbi.weights import store as weights
from hddm_sbi.weights.card import FORMAT, load_card, write_card
from hddm_sbi.weights.checkpoint import load_checkpoint, save_checkpoint
from hddm_sbi.weights.registry import REGISTRY, make_registry, read_registry
from hddm_sbi.weights.store import CACHE_VARIABLE, download, load_pretrained, locate, pretrained_path
from tests.likelihoods.networks import DDM, network
from tests.weights.server import Behaviour, WeightsServer, cache, installation, server, serving

__all__ = ["cache", "installation", "server"]  # fixtures

ROOT = Path(__file__).resolve().parents[2]
FILES = ["ddm.json", "ddm.safetensors"]


def _files(folder: Path) -> list[str]:
    """Names of the files below a folder; the lock is empty, and not among them."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.name != ".lock")


def _refused(*words: str) -> str:
    with pytest.raises(WeightsError) as caught:
        load_pretrained("ddm")
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert not [word for word in words if word not in message], message
    return message


# --- where they come from -------------------------------------------------------------------------------------------


def test_weights_that_travel_with_the_package_need_neither_network_nor_cache(
    server: WeightsServer, cache: Path
) -> None:
    bundled = _resources.resource_folder("pretrained")
    for name in FILES:
        (bundled / name).write_bytes((server.folder / name).read_bytes())
    estimator = load_pretrained("ddm")
    assert pretrained_path("ddm") == bundled / "ddm.safetensors"
    assert estimator.card == load_card(bundled / "ddm.safetensors")
    assert locate("ddm").source == "bundled"
    assert not server.requests
    assert not cache.exists()


def test_weights_are_fetched_once(server: WeightsServer, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert locate("ddm").source == "download"
    estimator = load_pretrained("ddm")
    said = capsys.readouterr()
    assert not said.out
    assert said.err.count("\n") == 1
    assert "fetching the network for 'ddm'" in said.err
    assert server.url in said.err
    assert server.requests == FILES
    assert _files(cache) == FILES
    original = load_checkpoint(server.folder / "ddm.safetensors")
    assert all(torch.equal(a, b) for a, b in zip(estimator.parameters(), original.parameters(), strict=True))

    load_pretrained("ddm")
    assert locate("ddm").source == "cache"
    assert server.requests == FILES
    assert not capsys.readouterr().err


def test_the_default_likelihood_fetches_its_network(server: WeightsServer, cache: Path) -> None:
    chosen = choose_likelihood(DDM, "nle")
    assert chosen.weights == load_card(server.folder / "ddm.safetensors")["sha256"]
    assert server.requests == FILES


def test_progress_is_reported_to_the_end(server: WeightsServer, cache: Path) -> None:
    server.behaviour["ddm.safetensors"] = Behaviour(pieces=5, pause=0.01)
    reports: list[tuple[int, int]] = []
    download("ddm", report=lambda arrived, size: reports.append((arrived, size)))
    size = read_registry()["ddm"].size
    assert [arrived for arrived, _ in reports] == sorted(arrived for arrived, _ in reports)
    assert reports[-1] == (size, size)
    assert {total for _, total in reports} == {size}


@pytest.mark.parametrize("address", ["no slash", "two slashes"])
def test_the_address_may_end_as_it_likes(server, cache: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    url = server.url.rstrip("/") + ("//" if address == "two slashes" else "")
    monkeypatch.setenv("HDDM_SBI_WEIGHTS_URL", url)
    assert download("ddm").is_file()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "gone"])
def test_what_is_damaged_in_the_cache_is_fetched_again(server, cache: Path, name: str, damage: str) -> None:
    path = download("ddm").parent / name
    raw = bytearray(path.read_bytes())
    if damage == "flipped":
        raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw[: {"cut": 100, "empty": 0}.get(damage)])
    if damage == "gone":
        path.unlink()
    server.requests.clear()
    load_pretrained("ddm")
    assert server.requests == [name]


def test_damage_is_named_where_nothing_can_be_fetched(server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = download("ddm")
    path.write_bytes(path.read_bytes()[:-1])
    monkeypatch.delenv("HDDM_SBI_WEIGHTS_URL")
    _refused("is damaged in the cache", str(path.parent), "HDDM_SBI_WEIGHTS_URL")


def test_two_versions_of_a_network_do_not_meet(server: WeightsServer, cache: Path, installation: Path) -> None:
    first = download("ddm")
    save_checkpoint(network(DDM, double=False, seed=7), server.folder / "ddm.safetensors", {"model": "ddm"})
    known = json.dumps(_registry_of(server.folder))
    (installation / "_assets" / "pretrained" / REGISTRY).write_text(known, encoding="utf-8")
    second = download("ddm")
    assert first.is_file()
    assert second.parent != first.parent


def _registry_of(folder: Path) -> dict[str, object]:
    found = make_registry(folder)["ddm"]
    files = {"weights": vars(found.weights), "card": vars(found.card)}
    return {"ddm": {"format": found.format, **files, "facts": found.facts}}


# --- a server that fails --------------------------------------------------------------------------------------------

_FAILURES = {
    "not found": (Behaviour(status=404), "404 Not Found"),
    "forbidden": (Behaviour(status=403), "403 Forbidden"),
    "broken": (Behaviour(status=500), "500 Internal Server Error; try again later"),
    "cut off": (Behaviour(keep=100), "broke off before all"),
    "cut off, length unknown": (Behaviour(keep=100, announce=False), "only 100 of"),
    "empty": (Behaviour(content=b""), "only 0 of"),
    "another file": (Behaviour(content=b"a" * 1000), "only 1,000 of"),
    "a page of a hotel": (Behaviour(content=b"<html>" + b"pay here " * 200_000), "longer than the"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("failure", _FAILURES)
def test_a_failure_is_one_sentence_and_leaves_no_file(server, cache: Path, name: str, failure: str) -> None:
    behaviour, words = _FAILURES[failure]
    if failure == "another file" and name == "ddm.json":
        behaviour, words = Behaviour(content=b"[1]" * 1000), "SHA-256 differs"
    server.behaviour[name] = behaviour
    _refused(f"'{name}'", f"{server.url}{name}", words, "nothing was stored")
    assert _files(cache) == FILES[: FILES.index(name)]

    server.behaviour.clear()
    load_pretrained("ddm")
    assert _files(cache) == FILES


def test_a_checksum_that_differs(server: WeightsServer, cache: Path) -> None:
    raw = bytearray((server.folder / "ddm.safetensors").read_bytes())
    raw[-1] ^= 1
    server.behaviour["ddm.safetensors"] = Behaviour(content=bytes(raw))
    _refused("'ddm.safetensors'", server.url, "SHA-256 differs", "HDDM_SBI_WEIGHTS_URL")
    assert _files(cache) == ["ddm.json"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "weibull"}, "is for the model 'weibull', not for 'ddm'"),
        ({"format": FORMAT + 1}, f"is of format {FORMAT + 1}, but this version of hddm_sbi reads format {FORMAT}"),
        ({"seconds": 1}, "SHA-256 differs"),
    ],
)
def test_a_card_of_something_else(server: WeightsServer, cache: Path, change: dict[str, object], words: str) -> None:
    card = {**load_card(server.folder / "ddm.safetensors"), **change}
    server.behaviour["ddm.json"] = Behaviour(content=json.dumps(card).encode())
    _refused("'ddm.json'", server.url, words, "HDDM_SBI_WEIGHTS_URL")
    assert not _files(cache)


@pytest.mark.parametrize("keep", [0, 1000])
def test_a_server_that_falls_silent(server, cache: Path, monkeypatch: pytest.MonkeyPatch, keep: int) -> None:
    monkeypatch.setattr(downloading, "READ_TIMEOUT", 0.2)
    server.behaviour["ddm.safetensors"] = Behaviour(keep=keep, stall=1.5)
    _refused("'ddm.safetensors'", server.url, "fell silent for 0.2 s; try again later")
    assert _files(cache) == ["ddm.json"]


def test_a_server_that_is_not_there(server: WeightsServer, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(server.folder) as gone:
        pass
    monkeypatch.setenv("HDDM_SBI_WEIGHTS_URL", gone.url)
    _refused("'ddm.json'", gone.url, "cannot be reached", "check the network connection")
    assert not _files(cache)


def test_passwords_are_not_shown(server, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("HDDM_SBI_WEIGHTS_URL", server.url.replace("http://", "http://me:secret@"))
    server.behaviour["ddm.json"] = Behaviour(status=404)
    assert "secret" not in _refused(server.url)
    assert "secret" not in capsys.readouterr().err


# --- without a server, without a network ----------------------------------------------------------------------------


def test_no_address(installation: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HDDM_SBI_WEIGHTS_URL", raising=False)
    _refused("network for 'ddm'", "not in the cache", str(cache), "set HDDM_SBI_WEIGHTS_URL to the address")
    assert not cache.exists()


@pytest.mark.parametrize(
    "address", ["weights", "ftp://127.0.0.1/weights", "file:///weights", "https://", "http://[::1", "http://a:b/"]
)
def test_an_address_that_is_none(installation, cache: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HDDM_SBI_WEIGHTS_URL", address)
    _refused("HDDM_SBI_WEIGHTS_URL", f"'{address}'", "https://")


@pytest.mark.parametrize("name", ["none", "", "../ddm", "registry"])
def test_a_model_nobody_trained(server: WeightsServer, cache: Path, name: str) -> None:
    with pytest.raises(ModelError, match=f"no pretrained network for the model '{name}'; there are networks for: ddm"):
        load_pretrained(name)
    assert not server.requests


@pytest.mark.parametrize("text", ["", "[1]", '{"ddm": {}}', '{"ddm": 1}', "\udcff"])
def test_a_damaged_registry(installation: Path, text: str) -> None:
    registry = installation / "_assets" / "pretrained" / REGISTRY
    registry.write_bytes(text.encode("utf-8", "surrogateescape"))
    _refused(REGISTRY, "install the package again")


def test_files_outside_the_cache_cannot_be_named(server: WeightsServer, installation: Path) -> None:
    registry = installation / "_assets" / "pretrained" / REGISTRY
    registry.write_text(registry.read_text(encoding="utf-8").replace("ddm.json", "../ddm.json"), encoding="utf-8")
    _refused("is no name of a file for 'ddm'")


# --- a folder that fails --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk(server: WeightsServer, cache: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    path = download("ddm")
    path.unlink()
    written: list[int] = []

    def write(self: object, chunk: bytes) -> None:
        assert (path.parent / "ddm.safetensors.part").exists()
        written.append(len(chunk))
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(downloading._Counted, "write", write)
    _refused("'ddm.safetensors' cannot be stored", str(cache), os.strerror(code).lower(), "HDDM_SBI_CACHE")
    assert written
    assert _files(cache) == ["ddm.json"]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows has no limit on the size of files")
def test_a_limit_on_the_size_of_files(server: WeightsServer, cache: Path) -> None:
    code = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
    result = _run(code + _DOWNLOAD, server)
    assert "WeightsError: 'ddm.safetensors' cannot be stored" in result.stderr
    assert _files(cache) == ["ddm.json"]


def test_a_cache_that_cannot_be_written(server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = cache.with_name("file")
    blocked.write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv(CACHE_VARIABLE, str(blocked))
    _refused("'ddm.safetensors' cannot be stored", str(blocked), "HDDM_SBI_CACHE")
    assert not server.requests


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="nothing is read-only for this user")
def test_a_read_only_cache_serves_what_it_holds(server: WeightsServer, cache: Path) -> None:
    path = download("ddm")
    path.parent.chmod(0o555)
    try:
        load_pretrained("ddm")
        with pytest.raises(WeightsError, match="cannot be stored"):
            download("ddm", force=True)
    finally:
        path.parent.chmod(0o755)
    assert _files(cache) == FILES


def test_what_is_in_the_cache_survives_a_failure(server: WeightsServer, cache: Path) -> None:
    path = download("ddm")
    before = path.read_bytes()
    server.behaviour["ddm.safetensors"] = Behaviour(keep=100)
    with pytest.raises(WeightsError, match="broke off"):
        download("ddm", force=True)
    assert path.read_bytes() == before
    assert _files(cache) == FILES
    server.behaviour.clear()
    server.requests.clear()
    assert download("ddm", force=True) == path
    assert server.requests == FILES


def test_the_cache_is_the_systems_own_unless_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, " ")
    assert "hddm_sbi" in str(weights.cache_folder())
    assert weights.cache_folder().is_absolute()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(CACHE_VARIABLE, "here")
    assert weights.cache_folder() == tmp_path / "here"
    monkeypatch.setenv(CACHE_VARIABLE, "~/there")
    assert weights.cache_folder() == Path.home() / "there"


# --- several processes, and one that dies ---------------------------------------------------------------------------

_DOWNLOAD = """
import sys
from pathlib import Path
from hddm_sbi import _resources
_resources._PACKAGE = Path(sys.argv[1])
from hddm_sbi.weights.store import download
print(download("ddm"))
"""


def _start(code: str, server: WeightsServer) -> subprocess.Popen[str]:
    package = server.folder.parent / "site" / "hddm_sbi"
    command = [sys.executable, "-c", code, str(package)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def _run(code: str, server: WeightsServer) -> subprocess.CompletedProcess[str]:
    process = _start(code, server)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def _wait_for(path: Path, size: int) -> None:
    deadline = time.monotonic() + 60.0
    while not (path.is_file() and path.stat().st_size >= size):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_of_processes_at_once_one_fetches(server: WeightsServer, cache: Path) -> None:
    server.behaviour = {name: Behaviour(pieces=10, pause=0.1) for name in FILES}
    processes = [_start(_DOWNLOAD, server) for _ in range(3)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    paths = {out.strip() for out, _ in outputs}
    assert server.requests == FILES
    assert paths == {str(locate("ddm").path)}
    assert locate("ddm").source == "cache"
    assert _files(cache) == FILES


def test_the_next_call_makes_up_for_a_killed_one(server: WeightsServer, cache: Path) -> None:
    server.behaviour["ddm.safetensors"] = Behaviour(pieces=2, pause=30.0)
    process = _start(_DOWNLOAD, server)
    partial = locate("ddm").path.with_name("ddm.safetensors.part")
    try:
        _wait_for(partial, 1000)
    finally:
        process.kill()
        process.communicate()
    assert partial.is_file()
    assert locate("ddm").source == "download"

    server.behaviour.clear()
    server.requests.clear()
    load_pretrained("ddm")
    assert server.requests == ["ddm.safetensors"]
    assert _files(cache) == FILES


def test_ctrl_c_leaves_no_file(server: WeightsServer, cache: Path) -> None:
    def report(arrived: int, size: int) -> None:
        if arrived > read_registry()["ddm"].card.size:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download("ddm", report=report)
    assert _files(cache) == ["ddm.json"]
    load_pretrained("ddm")


def test_waiting_for_another_process_ends(server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PATIENCE", 0.2)
    path = locate("ddm").path
    path.parent.mkdir(parents=True)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with FileLock(path.parent / ".lock"):
            held.set()
            done.wait(30.0)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30.0)
    try:
        _refused("another process has been fetching 'ddm.safetensors'", str(path.parent / ".lock"))
    finally:
        done.set()
        thread.join()
    assert not server.requests
    load_pretrained("ddm")


# --- the registry ---------------------------------------------------------------------------------------------------


def test_the_registry_describes_the_files_that_travel_with_the_package() -> None:
    folder = _resources.resource_folder("pretrained")
    assert read_registry() == make_registry(folder), (
        "pretrained/registry.json is out of date: python -m hddm_sbi.weights.registry pretrained"
    )
    assert "ddm" in read_registry()


def test_a_registry_is_not_made_of_files_that_do_not_belong_together(server: WeightsServer) -> None:
    path = server.folder / "ddm.safetensors"
    card = load_card(path)
    for change, words in (
        ({"sha256": "0" * 64}, "does not describe the weights"),
        ({"model": "angle"}, "is for the model 'angle'"),
        ({"format": FORMAT - 1}, "is of format"),
    ):
        write_card(path, {**card, **change})
        with pytest.raises(WeightsError, match=words):
            make_registry(server.folder)


def test_nothing_of_the_network_is_imported_for_weights_that_are_here() -> None:
    code = "from hddm_sbi.weights.store import pretrained_path; import sys; pretrained_path('ddm')\n"
    code += "print(*{name.partition('.')[0] for name in sys.modules})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert not {"pooch", "requests", "urllib3", "filelock", "torch"} & set(result.stdout.split())
