"""Descriptions of columns that lie beside the files of BIDS, in their folder or one above."""

from __future__ import annotations

import json
import re
from pathlib import Path

# A description of columns is small, and the root of a data set at most so many folders above a file.
_BYTES = 2**20
_FOLDERS = 4


def descriptions(name: str) -> dict[str, str]:
    """What is said of each column, as one text; of a file within an archive, or without descriptions, nothing.

    A description applies to files whose names have all its parts: ``task-flanker_beh.json`` to
    ``sub-01_task-flanker_beh.tsv``. The nearest folder comes first.

    Args:
        name: path of the file.
    """
    path = Path(name)
    if not path.is_file():
        return {}
    parts = set(path.stem.split("_"))
    found: dict[str, str] = {}
    for folder in list(path.resolve().parents)[:_FOLDERS]:
        for beside in sorted(folder.glob(f"*{path.stem.rpartition('_')[2]}.json")):
            if set(re.split("_", beside.stem)) <= parts:
                found = {**_read(beside), **found}
    return found


def _read(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > _BYTES:
            return {}
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}  # it helps where it can
    if not isinstance(content, dict):
        return {}
    return {str(key): _words(value) for key, value in content.items() if isinstance(value, dict)}


def _words(value: dict[str, object]) -> str:
    return " ".join(str(value[key]) for key in ("LongName", "Description") if key in value)
