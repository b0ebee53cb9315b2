"""Room for large arrays: in memory where they fit, else in temporary files, which go when nobody needs them."""

from __future__ import annotations

import ctypes
import math
import os
import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hddm_sbi._files import reason_of
from hddm_sbi.errors import OutputError

# Share of the memory that is left which arrays that are kept may fill: what is computed from them takes room as well.
SHARE = 0.25
# A folder that outlives a restart is on a disk (Filesystem Hierarchy Standard), where /tmp is often memory itself.
_ON_DISK = Path("/var/tmp")
_GB = 1e9

Shape = tuple[int, ...]
# the shape and type of an array -> the array, to be filled
Allocate = Callable[..., npt.NDArray[Any]]


def fits(size: int) -> bool:
    """Whether arrays of so many bytes together should be kept in memory."""
    return size <= SHARE * available_memory()


def room_for(size: int, what: str) -> Allocate:
    """Makes arrays that take ``size`` bytes together.

    Args:
        size: number of bytes of all of them.
        what: what they are, for the error: ``"the draws"``.

    Returns:
        A function of shape and type. Its arrays are in memory where ``size`` fits; else each is a temporary file's,
        which is deleted with it.

    Raises:
        OutputError: they fit neither in memory nor on the disk.
    """
    if fits(size):
        return np.empty
    check_disk(size, what)

    def in_file(shape: Shape, dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
        if not math.prod(shape):
            return np.empty(shape, dtype)
        try:
            with tempfile.TemporaryFile(dir=folder(), prefix="hddm_sbi-") as file:
                _reserve(file.fileno(), math.prod(shape) * np.dtype(dtype).itemsize)
                return np.memmap(file, dtype, mode="r+", shape=shape)
        except OSError as error:
            raise no_disk(size, what) from error

    return in_file


def check_disk(size: int, what: str) -> None:
    """Refuse what takes more bytes than the disk has.

    Raises:
        OutputError: it does not fit.
    """
    if size > free_disk():
        raise no_disk(size, what)


def no_disk(size: int, what: str) -> OutputError:
    """The error that says that files of so many bytes, or more, do not fit on the disk."""
    return OutputError(
        f"{what} take at least {size / _GB:.2g} GB, which fit neither in memory nor in '{folder()}', where "
        f"{free_disk() / _GB:.2g} GB are free; set the environment variable TMPDIR to a folder with more room, or ask "
        "for fewer draws."
    )


def folder() -> Path:
    """Where temporary files are: TMPDIR, else a folder that is on a disk, else the system's."""
    given = any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    return _ON_DISK if not given and os.access(_ON_DISK, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


class TemporaryFolder:
    """A folder that is deleted, with all that is in it, when this object goes, or Python ends.

    Raises:
        OutputError: it cannot be made.
    """

    def __init__(self) -> None:
        try:
            self.path = Path(tempfile.mkdtemp(dir=folder(), prefix="hddm_sbi-"))
        except OSError as error:
            raise OutputError(
                f"the draws do not fit in memory, and no folder for them can be made in '{folder()}' "
                f"({reason_of(error)}); set the environment variable TMPDIR to a folder that can be written to."
            ) from error
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def available_memory() -> int:
    """Bytes that this process may still take: what the system has left, within the limit of its control groups."""
    return min((_system_memory(), *_left_in_groups()))


def free_disk() -> int:
    """Bytes that are left where temporary files are."""
    return shutil.disk_usage(folder()).free


def _reserve(file: int, size: int) -> None:
    """Make a file of ``size`` bytes; at once where the system can, since a full disk would end Python later."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
    else:  # macOS and Windows
        os.truncate(file, size)


def _system_memory() -> int:
    """What the system has left; half of what it has, where it does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        found = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        return found["MemAvailable"] * 1024
    except (OSError, KeyError, ValueError):
        return (_windows_memory() if sys.platform == "win32" else _pages()) // 2


def _pages() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _windows_memory() -> int:
    kilobytes = ctypes.c_ulonglong(0)
    ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes))  # type: ignore[attr-defined]
    return kilobytes.value * 1024


def _left_in_groups() -> Iterator[int]:
    """What the control groups of this process, a container's or a cluster job's, leave it (Linux, version 2)."""
    try:
        own = next(line for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        return
    root = Path("/sys/fs/cgroup")
    at = root / own.removeprefix("0::").lstrip("/")
    for group in (at, *at.parents):
        if not group.is_relative_to(root):
            return
        try:
            limit, used = ((group / f"memory.{name}").read_text().strip() for name in ("max", "current"))
            stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        except (OSError, ValueError):
            continue
        if limit.isdigit():  # files that were read are given up for memory that is asked for
            yield max(0, int(limit) - int(used) + int(stat.get("inactive_file", 0)))
