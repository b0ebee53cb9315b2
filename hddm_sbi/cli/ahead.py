"""Compiling beside a fit: a process of its own makes what the fit needs last, while the fit makes what it needs first.

Numba compiles on one core at a time. Right after installation there is much to compile, and a second core is idle. What
either process has compiled is kept, where the other finds it. Nothing depends on the second process: without it, or
where it fails, the fit compiles everything itself.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from hddm_sbi.compiled.places import folders, writable

_ROOT = Path(__file__).resolve().parent.parent


def start(model: str, likelihood: str) -> None:
    """Start the process, unless such a fit has been made here before, or the process would be of no use."""
    if is_ready(model, likelihood) or writable() is None or (os.cpu_count() or 1) < 2 or not _can_start():
        return
    quiet = subprocess.DEVNULL
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # on Windows
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "hddm_sbi.cli.compile", model, likelihood],
            stdin=quiet, stdout=quiet, stderr=quiet, env=_environment(), creationflags=hidden,
        )  # fmt: skip
    except OSError:
        return
    atexit.register(_end, process)


def is_ready(model: str, likelihood: str) -> bool:
    """Whether all that a plain fit needs has been compiled by this version of the package."""
    name = _mark(model, likelihood)
    return any((folder / name).exists() for folder in folders())


def set_ready(model: str, likelihood: str) -> None:
    """Note that all that a plain fit needs has been compiled."""
    folder = writable()
    if folder is not None:
        with suppress(OSError):
            (folder / _mark(model, likelihood)).touch()


@cache
def _mark(model: str, likelihood: str) -> str:
    """The name of an empty file, which changes with the package's files and with Numba."""
    known = hashlib.sha256(f"{model} {likelihood} {sys.implementation.cache_tag} {version('numba')}".encode())
    for path in sorted(_ROOT.rglob("*.py")):
        status = path.stat()
        known.update(f"{path} {status.st_size} {status.st_mtime_ns}".encode())
    return f".ready-{known.hexdigest()[:32]}"


def _can_start() -> bool:
    """Whether ``sys.executable`` is an interpreter that would import this very package."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


def _environment() -> dict[str, str]:
    """This process's, with this package before any other of the name, and nothing of the working directory's."""
    paths = [str(_ROOT.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process with this one: it is not needed any more."""
    if process.poll() is None:
        process.kill()
    process.wait()
