"""Draws of a run that is still going on, in a folder: what a run that was interrupted is gone on with.

The folder has ``checkpoint.json``, which says of what model and data the draws are and how they were sampled; the file
``centre``, the point from which the sampler's coordinates were made; and parts of the draws in these coordinates, a
file for each time that some were kept. Every file is written in one step, so that whenever a process ends, the folder
holds all draws up to the last part.
"""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from filelock import FileLock, Timeout

from hddm_sbi._files import reason_of, replacing, write_file
from hddm_sbi._room import room_for
from hddm_sbi.errors import DataError, ModelError, OutputError, warn
from hddm_sbi.inference.origin import Origin, difference
from hddm_sbi.inference.sampler import FloatArray, LogDensity, NutsSettings, RawDraws

# Draws are kept so often, and less often where that would take more than this share of the time.
SECONDS, SHARE = 30.0, 0.02
# The warm-up of a run that goes on starts where the posterior is, in coordinates that suit it: a part of the first one.
SHORTER, LEAST_TUNE = 3, 100
FORMAT = 1

_MAKER = "hddm_sbi"
_RECORD, _CENTRE, _LOCK = "checkpoint.json", "centre.npy", "lock"
# Log densities that are evaluated again differ by rounding, which grows with their size.
_RELATIVE = 1e-7
# Settings of the sampler that a run keeps when it goes on.
_OF_A_RUN = ("tune", "target_accept", "max_tree_depth")


class Checkpoint:
    """A folder that keeps the draws of one run; a context manager, within which the run samples.

    Args:
        folder: made when the first draws are kept.
        origin: of what model and data the draws are.
        resume: whether to go on with the draws that are there; where there are none, the run starts as usual.

    Attributes:
        before: the draws that are gone on with, if there are any.
        centre: the point from which the sampler's coordinates were made.
        restarts: how often the run began anew.
        resumed: the numbers of draws of each chain after which it was gone on with.

    Raises:
        OutputError: the folder holds draws and ``resume`` is False, or something else.
        DataError: its draws are of another model or other data, or damaged.
    """

    def __init__(self, folder: Path, origin: Origin, resume: bool) -> None:
        self.folder, self._origin = folder, origin
        self.before: RawDraws | None = None
        self.centre: FloatArray | None = None
        self.restarts = 0
        self.resumed: tuple[int, ...] = ()
        self._written, self._begun, self._due = 0, 0, time.monotonic() + SECONDS
        self._record: dict[str, Any] = {}
        self._lock = FileLock(folder / _LOCK)
        self._works = True
        held = draws_in(folder)
        if held and not resume:
            raise OutputError(
                f"the folder '{folder}' holds {held:,} draws of each chain of a run that was interrupted; go on with "
                "them by resume=True, or name another folder."
            )
        if held:
            self._take_up()

    def centred(self, start: FloatArray) -> FloatArray:
        """The point from which the sampler's coordinates are made: that of the run that goes on, or ``start``."""
        if self.centre is None:
            self.centre = start
        return self.centre

    def check(self, target: LogDensity) -> None:
        """Refuse kept draws whose log density is another now.

        Raises:
            DataError: it is.
        """
        if self.before is None:
            return
        last, kept = np.asarray(self.before.u[:, -1:])[:, 0], self.before.stats["lp"][:, -1]
        now = np.array([target.log_density(x) for x in last])
        if not np.allclose(now, np.asarray(kept, np.float64), rtol=_RELATIVE, atol=_RELATIVE):
            raise DataError(
                f"the draws in '{self.folder}' have another log density now: something that the fit depends on has "
                "changed, such as a library; name another folder and start anew."
            )

    def settings(self, settings: NutsSettings) -> NutsSettings:
        """The settings of the run that goes on, of the length that is asked for now."""
        return replace(settings, **self._record["settings"])

    def begin(self, settings: NutsSettings, restarts: int) -> RawDraws | None:
        """A run begins, goes on, or begins anew, which discards what was kept of it.

        Args:
            settings: of the whole run.
            restarts: how often it began anew.

        Returns:
            The draws that it goes on with, if there are any.

        Raises:
            OutputError: another run has taken the folder since.
        """
        if self.before is not None and restarts > self.restarts:
            self.before, self.resumed = None, ()
        if restarts > self.restarts:
            _remove(_parts(self.folder))
        self.restarts = restarts
        if self.before is not None:
            self._hold()
        self._begun = self._written = 0 if self.before is None else self.before.length
        if self.before is None:
            sampling = {name: getattr(settings, name) for name in _OF_A_RUN}
            self._record = {"made_by": _MAKER, "format": FORMAT, "settings": sampling}
        self._record |= {"origin": self._origin, "restarts": restarts, "resumed": list(self.resumed)}
        if self._lock.is_locked and self.before is None:
            self._write_record()
        return self.before

    def go_on(self, settings: NutsSettings, before: RawDraws) -> NutsSettings:
        """The settings for the rest of a run: fewer draws, a short warm-up, other random numbers.

        Args:
            settings: of the whole run.
            before: what there is of it.
        """
        self.resumed = (*self.resumed, before.length)
        self._record["resumed"] = list(self.resumed)
        self._write_record()
        return replace(
            settings,
            draws=settings.draws - before.length,
            tune=min(settings.tune, max(LEAST_TUNE, settings.tune // SHORTER)),
            seed=int(np.random.SeedSequence([settings.seed, before.length]).generate_state(1)[0]),
        )

    @property
    def is_due(self) -> bool:
        """Whether draws should be kept now."""
        return self._works and time.monotonic() >= self._due

    def keep(self, so_far: Callable[[], RawDraws]) -> None:
        """Keep the draws that are not kept yet.

        Args:
            so_far: gives the draws after warm-up that every chain has by now, without those from before.

        Warns:
            HDDMWarning: they cannot be written; the run goes on, and no more are kept.
        """
        if not self._works:
            return
        start = time.monotonic()
        try:
            raw = so_far()
            self._write(raw, self._written - self._begun)
        except (OSError, OutputError) as error:
            self._works = False
            reason = reason_of(error) if isinstance(error, OSError) else str(error).removesuffix(".")
            warn(f"draws cannot be kept in '{self.folder}' ({reason}); the run goes on without.")
        took = time.monotonic() - start
        self._due = time.monotonic() + max(SECONDS, took / SHARE)

    def finish(self, raw: RawDraws) -> None:
        """Keep the rest of a run's draws, if any are kept.

        Args:
            raw: all draws, those from before included.
        """
        if self._written:
            self.keep(lambda: raw.after(self._begun))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the folder to others, however the run has ended."""
        self._lock.release()
        if isinstance(error, KeyboardInterrupt) and self._written:
            error.add_note(
                f"{self._written:,} draws of each chain are kept in '{self.folder}'; resume=True goes on with them."
            )

    def _take_up(self) -> None:
        """Read what a run that was interrupted has kept."""
        try:
            self._record = json.loads((self.folder / _RECORD).read_text(encoding="utf-8"))
            origin = self._record["origin"]
            self.centre = np.load(self.folder / _CENTRE, allow_pickle=False)
            self.restarts = int(self._record["restarts"])
            self.resumed = tuple(self._record["resumed"])
        except (OSError, ValueError, KeyError) as error:
            raise DataError(f"the draws in '{self.folder}' are damaged; delete the folder, and start anew.") from error
        if self._record["format"] != FORMAT:
            raise DataError(f"the draws in '{self.folder}' were kept by another version; delete the folder.")
        differs = difference(origin, self._origin)
        if differs is not None:
            raise DataError(
                f"the draws in '{self.folder}' cannot be gone on with: {differs}; name another folder and start anew, "
                "or fit what was fitted."
            )
        self.before = _read_parts(self.folder)

    def _write(self, raw: RawDraws, first: int) -> None:
        """Write the draws from the place ``first`` on as a part."""
        if raw.length <= first:
            return
        if not self._lock.is_locked:
            self._hold()
            self._write_record()
        new = raw.after(first)
        name = f"draws-{self._written:08d}-{self._written + new.length:08d}.npz"
        with replacing(self.folder / name) as partial, partial.open("xb") as file:
            np.savez(file, u=np.asarray(new.u), **new.stats)  # type: ignore[arg-type]
        self._written += new.length

    def _write_record(self) -> None:
        assert self.centre is not None
        with replacing(self.folder / _CENTRE) as partial, partial.open("xb") as file:
            np.save(file, self.centre, allow_pickle=False)
        write_file(self.folder / _RECORD, json.dumps(self._record).encode())

    def _hold(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise OutputError(f"another run keeps its draws in '{self.folder}'; name another folder.") from None


def check_keeping(folder: object, resume: object, sampler: str) -> None:
    """Refuse arguments by which no draws can be kept, or gone on with.

    Raises:
        ModelError: names the argument.
    """
    if folder is None and resume:
        raise ModelError("resume is True, but checkpoint names no folder with draws; give both.")
    if folder is not None and not isinstance(folder, str | Path):
        raise ModelError(f"checkpoint is {folder!r:.80}; give the path of a folder, or None.")
    if folder is not None and sampler != "nutpie":
        raise ModelError(f"checkpoint is '{folder}', but sampler is '{sampler}', which keeps no draws; use nutpie.")


def draws_in(folder: Path) -> int:
    """The number of draws of each chain that a folder keeps.

    Raises:
        OutputError: it is a file, or holds something else.
    """
    if not folder.exists():
        return 0
    if not folder.is_dir():
        raise OutputError(f"checkpoint is '{folder}', which is a file; name a folder.")
    parts = _parts(folder)
    others = [path for path in folder.iterdir() if path not in (*parts, *_own(folder)) and path.suffix != ".part"]
    if others:
        raise OutputError(
            f"the folder '{folder}' holds other files, such as '{others[0].name}'; name another for draws."
        )
    return _ends(parts[-1])[1] if parts else 0


def discard(folder: Path) -> None:
    """Delete a folder of kept draws: its own files, and the folder where nothing else is in it."""
    if folder.is_dir():
        _remove([*_parts(folder), *_own(folder), *folder.glob("*.part")])
        if not any(folder.iterdir()):
            folder.rmdir()


def _own(folder: Path) -> list[Path]:
    return [folder / name for name in (_RECORD, _CENTRE, _LOCK)]


def _remove(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _parts(folder: Path) -> list[Path]:
    """The parts, in the order of their draws."""
    return sorted(folder.glob("draws-*-*.npz"))


def _ends(part: Path) -> tuple[int, int]:
    _, start, stop = part.stem.split("-")
    return int(start), int(stop)


def _read_parts(folder: Path) -> RawDraws:
    """All draws that are kept, in memory or, where they do not fit, in temporary files; no part stays open."""
    u, stats, parts = None, {}, _parts(folder)
    length, expected = _ends(parts[-1])[1], 0
    for part in parts:
        start, stop = _ends(part)
        try:
            if start != expected:
                raise ValueError("a part is missing")
            with part.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                found = {name: arrays[name] for name in arrays.files}
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise DataError(
                f"the kept draws in '{part}' are damaged or incomplete; delete this file and those after it to go on "
                f"with the {start if start == expected else expected:,} draws before."
            ) from error
        new = found.pop("u")
        if u is None:
            array = room_for(new.nbytes // max(stop - start, 1) * length, "the draws")
            u = array((new.shape[0], length, new.shape[2]), np.float64)
            stats = {name: np.empty((len(new), length), value.dtype) for name, value in found.items()}
        u[:, start:stop] = new
        for name, value in found.items():
            stats[name][:, start:stop] = value
        expected = stop
    assert u is not None
    return RawDraws(u, stats)
