"""Files that are replaced in one step: a reader finds the old content or the new one, whole."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Seconds between attempts to replace a file: on Windows that fails while somebody reads it.
_PAUSES = (0.01, 0.1, 0.5)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes ``path`` at the end; any number of processes may do so at once.

    Raises:
        OSError: it cannot be written; ``path`` is as it was, and nothing is left beside it.
    """
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield partial
        _replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_file(path: Path, content: bytes | memoryview) -> None:
    """Write ``path``; see ``replacing``."""
    with replacing(path) as partial, partial.open("xb") as file:
        file.write(content)


def reason_of(error: OSError) -> str:
    """What the system says, to stand within a sentence."""
    return (error.strerror or str(error)).lower()


def _replace(partial: Path, path: Path) -> None:
    for pause in _PAUSES:
        try:
            partial.replace(path)
        except PermissionError:
            time.sleep(pause)
        else:
            return
    partial.replace(path)
