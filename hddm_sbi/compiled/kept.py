"""The compiled code of a function, in a file.

A file holds one function for one signature, kind of processor, operating system, and version of Python, Numba and the
function's own code, all of which are in its name: machines that share a folder do not disturb each other, and nothing
outdated is ever loaded. Where no folder can be written to, code is compiled for each process.

One process at a time compiles a function; others that need it wait, and take what it has kept.
"""

from __future__ import annotations

import hashlib
import pickle
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from hddm_sbi._files import write_file
from hddm_sbi.compiled.fingerprint import fingerprint
from hddm_sbi.compiled.places import folders, writable

SUFFIX = ".compiled"
# Seconds for which a process waits for another that compiles the same: longer than any function takes.
PATIENCE = 120.0


class Kept:
    """The compiled code of a function, for Numba, which asks before it compiles and hands over what it has compiled.

    Args:
        function: the Python function.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._turns: dict[str, Any] = {}

    @property
    def cache_path(self) -> str | None:
        """The folder where new code is kept, as Numba shows it."""
        folder = writable()
        return None if folder is None else str(folder)

    def load_overload(self, signature: Any, target: Any) -> CompileResult | None:
        """The code that is kept for a signature; None where there is none, or none that can be read."""
        target.refresh()
        name = self._name(signature, target)
        found = _load(name, target)
        if found is None and self._wait_for_turn(name):
            found = _load(name, target)  # another process may have kept it meanwhile
            if found is not None:
                self._end_turn(name)
        return found

    def save_overload(self, signature: Any, compiled: CompileResult) -> None:
        """Keep what was compiled, if it can be kept."""
        folder, name = writable(), self._name(signature, compiled.target_context)
        try:
            if folder is not None and not compiled.library.has_dynamic_globals:
                write_file(folder / name, dumps(compiled._reduce()))
        except OSError:  # the disk is full, say: this process has its code
            pass
        finally:
            self._end_turn(name)

    def _wait_for_turn(self, name: str) -> bool:
        """Whether it is now this process alone that compiles; False where processes cannot know of each other."""
        folder = writable()
        if folder is None or name in self._turns:
            return False
        from filelock import FileLock, Timeout  # needed when there is something to compile

        turn = FileLock(folder / f".{name}.lock", timeout=PATIENCE)
        try:
            turn.acquire()
        except (OSError, Timeout, NotImplementedError):
            return False
        self._turns[name] = turn
        return True

    def _end_turn(self, name: str) -> None:
        turn = self._turns.pop(name, None)
        if turn is not None:
            turn.release()
            _remove(Path(turn.lock_file))

    def _name(self, signature: Any, target: Any) -> str:
        key = f"{self._fingerprint} {signature} {target.codegen().magic_tuple()}"
        name = re.sub(r"\W", "", f"{self._function.__module__.rpartition('.')[2]}{self._function.__name__}")
        return f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:32]}{SUFFIX}"

    @cached_property
    def _fingerprint(self) -> str:
        versions = f"{sys.implementation.cache_tag} {numba.__version__} {llvmlite.__version__}"
        return f"{fingerprint(self._function)} {versions}"


def _load(name: str, target: Any) -> CompileResult | None:
    for folder in folders():
        try:
            content = (folder / name).read_bytes()
        except OSError:
            continue
        try:
            return CompileResult._rebuild(target, *pickle.loads(content))
        except Exception:  # whatever is in the file: it is compiled again, and replaced
            continue
    return None


def _remove(path: Path) -> None:
    with suppress(OSError):  # on Windows another process may have it open
        path.unlink(missing_ok=True)
