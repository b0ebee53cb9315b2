"""Where compiled code is kept: with the package, so that one installation serves all, else in the user's folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from hddm_sbi._resources import cache_folder

# Numba's own variable: where it is set, code is kept there and nowhere else
NUMBA_VARIABLE = "NUMBA_CACHE_DIR"


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
