"""From what the user names (files, folders, patterns, archives) to the files' contents; nothing is written."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from hddm_sbi.errors import DataError
from hddm_sbi.reading.archives import is_archive, members
from hddm_sbi.reading.bounds import check_size
from hddm_sbi.reading.raw import File

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

# What a folder or an archive is searched for; other files in it (logs, pictures, pickles) are left alone.
_TABLES = frozenset(
    {".csv", ".tsv", ".txt", ".dat", ".xpd", ".json", ".jsonl", ".ndjson", ".parquet", ".pq", ".feather", ".arrow"}
    | {".xlsx", ".xlsm", ".sav", ".zsav", ".dta", ".rds"}
)
_NEVER_DATA = ("readme", "license", "licence", "changelog", "changes", "participants.", "dataset_description")


@dataclass(frozen=True)
class Found:
    """A file, and whether the user named it or it was found in a folder or an archive."""

    file: File
    named: bool


def open_files(paths: Paths) -> list[Found]:
    """The contents of all files that are named, in order of their names; each once.

    Args:
        paths: one or several of: a file, a folder, a pattern such as ``raw/*.csv``, a zip or tar archive of files.

    Raises:
        DataError: there is none, or one cannot be read or is too large.
    """
    several = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not several:
        raise DataError("no file is named; give a file, a folder, a pattern such as 'raw/*.csv', or a list of these.")
    found: dict[str, Found] = {}
    for one in several:
        if not isinstance(one, (str, os.PathLike)):
            raise DataError(f"a file is named by its path, not by {type(one).__name__}; give text such as 'raw/*.csv'.")
        for opened in _open(os.fspath(one)):
            found.setdefault(opened.file.name, opened)
    return list(found.values())


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Names of files without the folder that all are in, which says nothing about them."""
    parts = {name: PurePath(name).parts for name in names}
    shared = 0
    while all(len(p) > shared + 1 and p[shared] == parts[names[0]][shared] for p in parts.values()):
        shared += 1
    return {name: PurePath(*part[shared:]).as_posix() for name, part in parts.items()}


def _open(text: str) -> Iterator[Found]:
    path = Path(text)
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.is_file() and _looks_like_table(p.relative_to(path)))
        if not inside:
            raise DataError(f"the folder '{text}' holds no file that could be a table, such as .csv, .json or .xlsx.")
        for one in inside:
            yield Found(_read(one), False)
        return
    if path.exists() or not glob.has_magic(text):
        yield from _file_or_archive(path, True)
        return
    matching = sorted(p for p in glob.glob(text, recursive=True) if os.path.isfile(p))
    if not matching:
        raise DataError(f"no file matches '{text}'.")
    for name in matching:
        yield from _file_or_archive(Path(name), len(matching) == 1)


def _file_or_archive(path: Path, named: bool) -> Iterator[Found]:
    file = _read(path)
    if not is_archive(file):
        yield Found(file, named)
        return
    tables = list(members(file, lambda name: _looks_like_table(Path(name))))
    if not tables:
        raise DataError(f"the archive '{path}' holds no file that could be a table, such as .csv, .json or .xlsx.")
    for member in tables:
        yield Found(member, False)


def _looks_like_table(path: Path) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not hidden and path.suffix.lower() in _TABLES and not path.name.lower().startswith(_NEVER_DATA)


def _read(path: Path) -> File:
    try:
        check_size(str(path), path.stat().st_size)
        return File(str(path), path.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(f"there is no file '{path}'.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this is no path"
        if isinstance(error, DataError):
            raise
        raise DataError(f"the file '{path}' cannot be read: {reason}.") from error
