"""Where results go: nothing that this command did not write itself is overwritten unasked."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from hddm_sbi._files import reason_of, replacing, write_file
from hddm_sbi.errors import OutputError

# Lists the files of a folder that a command of this package wrote, with their checksums.
RECORD = "run.json"
_MAKER = "hddm_sbi"


class OutputFolder:
    """A folder of results and the record of what was written there.

    A file is this command's own where the record holds its checksum: a file that was edited since is a person's.

    Args:
        path: the folder; made where it does not exist.
        files: names of the files that will be written.
        force: overwrite files of these names, whoever wrote them. Other files are left alone in any case.
        beside: a folder in it that is looked after elsewhere, and may be there before there is a record.
    """

    def __init__(self, path: Path, files: Sequence[str], force: bool = False, beside: str | None = None) -> None:
        self.path, self._files, self._force, self._beside = path, tuple(files), force, beside
        self._written: dict[str, str] = {}

    def check(self) -> None:
        """Refuse, without touching anything, what could not be written or would be lost.

        Raises:
            OutputError: the folder cannot be written to, or holds what is not this command's own.
        """
        try:
            if self.path.exists():
                self._check_folder()
            else:
                _check_parent(self.path)
        except OSError as error:
            raise OutputError(f"the output folder '{self.path}' cannot be used: {reason_of(error)}.") from error

    def create(self) -> None:
        """Make the folder and see that files can be written there.

        Raises:
            OutputError: they cannot.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for path in self._half_written():
                path.unlink(missing_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as error:
            raise OutputError(
                f"the output folder '{self.path}' cannot be written to ({reason_of(error)}): choose another with --out."
            ) from error

    def write(self, name: str, writer: Callable[[Path], object]) -> Path:
        """Write a file by ``writer``, which gets a path beside it, replace an earlier one in one step, and record it.

        Raises:
            OutputError: it cannot be written.
        """
        path = self.path / name
        try:
            with replacing(path) as partial:
                writer(partial)
                self._written[name] = _checksum(partial)
            self._record()
        except OSError as error:
            raise OutputError(f"'{path}' cannot be written: {reason_of(error)}.") from error
        return path

    def _record(self) -> None:
        """Kept up to date file by file, so that an interrupted run's files are known as well."""
        record = {"made_by": _MAKER, "files": {**(self._recorded() or {}), **self._written}}
        write_file(self.path / RECORD, (json.dumps(record, indent=2) + "\n").encode())

    def _check_folder(self) -> None:
        if not self.path.is_dir():
            raise OutputError(f"the output '{self.path}' is a file; name a folder with --out.")
        for name in (*self._files, RECORD):
            path = self.path / name
            if path.is_dir():
                raise OutputError(f"'{path}' is a folder, where a file is to be written; choose another with --out.")
            if path.exists() and not os.access(path, os.W_OK):
                raise OutputError(f"'{path}' is write-protected; choose another folder with --out.")
        if not self._force:
            self._check_own()

    def _check_own(self) -> None:
        recorded = self._recorded()
        overwritten = ", ".join((*self._files, RECORD))
        beside = {self.path / self._beside} if self._beside else set()
        if recorded is None and set(self.path.iterdir()) - beside - set(self._half_written()):
            raise OutputError(
                f"the output folder '{self.path}' is not empty and was not written by this command: choose another "
                f"with --out, or overwrite the files {overwritten} there with --force (others are left alone)."
            )
        for name in self._files:
            path = self.path / name
            if path.exists() and (recorded or {}).get(name) != _checksum(path):
                raise OutputError(
                    f"'{path}' was not written by this command, or was changed since: choose another folder with "
                    "--out, or overwrite it with --force."
                )

    def _half_written(self) -> list[Path]:
        """What a run that was killed left of the files that it was writing."""
        return [path for name in (*self._files, RECORD) for path in self.path.glob(f"{name}.*.part")]

    def _recorded(self) -> dict[str, str] | None:
        """Checksums by file, None where there is no record of ours."""
        try:
            record = json.loads((self.path / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(record, dict) or record.get("made_by") != _MAKER:
            return None
        files = record.get("files")
        return dict(files) if isinstance(files, dict) else None


def check_files(paths: Sequence[Path], force: bool) -> None:
    """Refuse to write files that exist, unless ``force`` says so, or whose folder cannot be written to.

    Raises:
        OutputError: naming the file.
    """
    for path in paths:
        if path.is_dir():
            raise OutputError(f"'{path}' is a folder; name a file with --out.")
        if path.exists() and not force:
            raise OutputError(f"'{path}' exists: choose another name with --out, or overwrite it with --force.")
        if path.exists() and not os.access(path, os.W_OK):
            raise OutputError(f"'{path}' is write-protected; choose another name with --out.")
        _check_parent(path)


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step, with its folder.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text.encode())
    except OSError as error:
        raise OutputError(f"'{path}' cannot be written: {reason_of(error)}.") from error


def _check_parent(path: Path) -> None:
    """The nearest folder that exists must take new entries."""
    parent = path.absolute().parent
    while not parent.exists() and parent != parent.parent:
        parent = parent.parent
    if not parent.is_dir():
        raise OutputError(f"'{path}' cannot be written: '{parent}' is a file; choose another with --out.")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"'{path}' cannot be written: '{parent}' is write-protected; choose another with --out.")


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
