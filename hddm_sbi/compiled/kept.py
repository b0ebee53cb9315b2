"""Where compiled code is kept: with the package, so that one installation serves all, else in the user's folder.

A file holds one function for one signature, kind of processor, operating system, and version of Python, Numba and the
function's own code, all of which are in its name: machines that share a folder do not disturb each other, and nothing
outdated is ever loaded. Where no folder can be written to, code is compiled for each process.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from hddm_sbi._files import write_file
from hddm_sbi._resources import cache_folder
from hddm_sbi.compiled.fingerprint import fingerprint

# Numba's own variable: where it is set, code is kept there and nowhere else
NUMBA_VARIABLE = "NUMBA_CACHE_DIR"
SUFFIX = ".compiled"


def folders() -> Iterator[Path]:
    """Folders in which compiled code is looked for, in this order; new code goes to the first that can be written."""
    given = os.environ.get(NUMBA_VARIABLE, "").strip()
    if given:
        yield Path(given).expanduser().absolute() / "hddm_sbi"
        return
    yield Path(__file__).parent / "__pycache__"
    users = cache_folder()
    if users is not None:
        yield users / "compiled"


@cache
def writable() -> Path | None:
    """The folder where new code is kept; None where there is none."""
    return next((folder for folder in folders() if _takes_files(folder)), None)


def _takes_files(folder: Path) -> bool:
    probe = folder / f".{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


class Kept:
    """The compiled code of a function, for Numba, which asks before it compiles and hands over what it has compiled.

    Args:
        function: the Python function.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    @property
    def cache_path(self) -> str | None:
        """The folder where new code is kept, as Numba shows it."""
        folder = writable()
        return None if folder is None else str(folder)

    def load_overload(self, signature: Any, target: Any) -> CompileResult | None:
        """The code that is kept for a signature; None where there is none, or none that can be read."""
        target.refresh()
        for folder in folders():
            try:
                content = (folder / self._name(signature, target)).read_bytes()
            except OSError:
                continue
            try:
                return CompileResult._rebuild(target, *pickle.loads(content))
            except Exception:  # whatever is in the file: it is compiled again, and replaced
                continue
        return None

    def save_overload(self, signature: Any, compiled: CompileResult) -> None:
        """Keep what was compiled, if it can be kept."""
        folder = writable()
        if folder is None or compiled.library.has_dynamic_globals:
            return
        try:
            name = self._name(signature, compiled.target_context)
            write_file(folder / name, dumps(compiled._reduce()))
        except OSError:  # the disk is full, say
            return

    def _name(self, signature: Any, target: Any) -> str:
        key = f"{self._fingerprint} {signature} {target.codegen().magic_tuple()}"
        name = re.sub(r"\W", "", f"{self._function.__module__.rpartition('.')[2]}{self._function.__name__}")
        return f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:32]}{SUFFIX}"

    @cached_property
    def _fingerprint(self) -> str:
        versions = f"{sys.implementation.cache_tag} {numba.__version__} {llvmlite.__version__}"
        return f"{fingerprint(self._function)} {versions}"
