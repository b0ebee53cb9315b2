"""Zip and tar archives: their members' contents, unpacked in memory up to a bound."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import IO, Any

from hddm_sbi.errors import DataError
from hddm_sbi.reading.bounds import ARCHIVE_BYTES, ARCHIVE_MEMBERS, FILE_BYTES
from hddm_sbi.reading.raw import File

_ZIP, _GZIP, _BZIP2, _XZ = b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ"
_OPENERS: dict[bytes, Callable[[IO[bytes]], Any]] = {_GZIP: gzip.open, _BZIP2: bz2.open, _XZ: lzma.open}
_CHUNK = 2**20
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError)


def is_archive(file: File) -> bool:
    """Whether a file is an archive of files; a workbook is a zip file as well, and none."""
    content, name = file.content, file.name.lower()
    if name.endswith((".csv", ".tsv", ".txt")):
        return False  # whatever it holds, it is meant as a table
    if content.startswith(_ZIP):
        return not name.endswith((".xlsx", ".xlsm")) and not _is_workbook(content)
    if content.startswith((_GZIP, _BZIP2, _XZ)):
        return not name.endswith(".rds")  # which R compresses
    return content[257:262] == b"ustar"


def members(file: File, wanted: Callable[[str], bool]) -> Iterator[File]:
    """The members of an archive whose names are wanted; others are not unpacked.

    Raises:
        DataError: it is damaged, encrypted, or unpacks to more than a bound.
    """
    try:
        yield from (_zipped if file.content.startswith(_ZIP) else _tarred)(file, wanted)
    except DataError:
        raise
    except (*_BROKEN, NotImplementedError) as error:
        encrypted = "encrypted" in str(error) or "password" in str(error)
        state = "is encrypted; unpack it first" if encrypted else "is damaged or cut off; copy it again"
        raise DataError(f"the archive '{file.name}' {state}.") from error


def check_zip(file: File) -> None:
    """Refuse a file of zip's format, a workbook say, that unpacks to more than a bound.

    Raises:
        DataError: it does, or it is damaged.
    """
    for _ in members(file, lambda _: True):
        pass


def _zipped(file: File, wanted: Callable[[str], bool]) -> Iterator[File]:
    budget = _Budget(file.name)
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        for info in archive.infolist():
            budget.count()
            if not info.is_dir() and wanted(info.filename):
                with archive.open(info) as stream:
                    yield File(f"{file.name}/{info.filename}", budget.read(stream))


def _tarred(file: File, wanted: Callable[[str], bool]) -> Iterator[File]:
    budget = _Budget(file.name)
    if not re.search(r"\.(tar|tgz|tbz2?|txz)\b", file.name.lower()) and file.content[257:262] != b"ustar":
        yield from _single(file, wanted)
        return
    # as a stream: a member that is not wanted is passed over in pieces
    with tarfile.open(fileobj=io.BytesIO(file.content), mode="r|*") as archive:
        for info in archive:
            budget.count(info.size)  # of every member: what is passed over is unpacked as well
            if info.isfile() and wanted(info.name):
                stream = archive.extractfile(info)
                if stream is not None:
                    yield File(f"{file.name}/{info.name}", stream.read())


def _single(file: File, wanted: Callable[[str], bool]) -> Iterator[File]:
    """A file that is compressed by itself, such as data.csv.gz."""
    inner = PurePath(file.name).stem
    if wanted(inner):
        yield File(f"{file.name}/{inner}", decompressed(file))


def decompressed(file: File) -> bytes:
    """The content of a file that is compressed by itself; of any other as it is.

    Raises:
        DataError: it unpacks to more than a bound.
    """
    opener = next((opener for mark, opener in _OPENERS.items() if file.content.startswith(mark)), None)
    if opener is None:
        return file.content
    with opener(io.BytesIO(file.content)) as stream:
        return _Budget(file.name).read(stream)


class _Budget:
    """What may still be unpacked of an archive."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._left = ARCHIVE_BYTES
        self._members = 0

    def _too_large(self) -> str:
        return (
            f"the archive '{self._name}' unpacks to more than {ARCHIVE_BYTES / 2**20:,.0f} MB or "
            f"{ARCHIVE_MEMBERS:,} files, which no experiment fills; unpack it, and read the folder of the data."
        )

    def count(self, size: int = 0) -> None:
        """Another member, of so many bytes where that is known before it is unpacked."""
        self._members += 1
        self._left -= size
        if self._members > ARCHIVE_MEMBERS or self._left < 0 or size > FILE_BYTES:
            raise DataError(self._too_large())

    def read(self, stream: IO[bytes]) -> bytes:
        """The whole stream, whose size is known only when it ends."""
        pieces = []
        size = 0
        while piece := stream.read(_CHUNK):
            size += len(piece)
            if size > min(self._left, FILE_BYTES):
                raise DataError(self._too_large())
            pieces.append(piece)
        self._left -= size
        return b"".join(pieces)


def _is_workbook(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except _BROKEN:
        return False
