"""Files that are replaced in one step: a reader finds the old content or the new one, whole."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

# Seconds between attempts to replace a file: on Windows that fails while somebody reads it.
_PAUSES = (0.01, 0.1, 0.5)


def write_file(path: Path, content: bytes | memoryview) -> None:
    """Write ``path``, or leave it as it was; any number of processes may do so at once.

    Raises:
        OSError: it cannot be written; nothing is left beside it.
    """
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with partial.open("xb") as file:
            file.write(content)
        _replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _replace(partial: Path, path: Path) -> None:
    for pause in _PAUSES:
        try:
            partial.replace(path)
        except PermissionError:
            time.sleep(pause)
        else:
            return
    partial.replace(path)
