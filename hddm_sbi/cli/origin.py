"""What a command was given, for the record: itself as it was typed, and checksums of its files."""

from __future__ import annotations

import hashlib
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

_NAME = "hddm-sbi"


def command() -> str:
    """The command as it was typed; empty where the program is another one that calls it."""
    name, *arguments = sys.argv or [""]
    return shlex.join([_NAME, *arguments]) if Path(name).stem == _NAME else ""


def checksums(files: Sequence[str]) -> list[tuple[str, str]]:
    """Name and sha256 of each of them that is a file; folders and patterns stand for many."""
    found = []
    for name in files:
        path = Path(name)
        if path.is_file():
            with path.open("rb") as file:
                found.append((path.name, hashlib.file_digest(file, "sha256").hexdigest()))
    return found
