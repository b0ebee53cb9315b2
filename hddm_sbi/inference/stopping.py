"""When a run ends: draws are looked at at fixed counts, so that a seed fixes where that is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, NamedTuple

from hddm_sbi.errors import ModelError
from hddm_sbi.inference.sampler import NutsSettings, RawDraws
from hddm_sbi.ssm.base import whole

# Warm-up draws, unless the posterior is round (see ``roundness``), and the draws of samplers whose chains cannot be
# looked at on the way.
TUNE, UNSEEN_DRAWS = 1_000, 1_000
# Draws of each chain at the first look, and by how much longer the run is at each next one.
FIRST_LOOK, GROWTH = 1_000, 1.5
MAX_DRAWS = 10_000

Reason = Literal["asked", "enough", "flawed", "max_draws", "minutes"]


class Length(NamedTuple):
    """How long a run is to be, as the user said it.

    Args:
        draws: number of draws of each chain, or ``"auto"``.
        tune: number of warm-up draws of each chain, or ``"auto"``.
        max_draws: the most draws of each chain, where their number is ``"auto"``.
        minutes: the time after which the run ends; None: it has no limit.
    """

    draws: int | str = "auto"
    tune: int | str = "auto"
    max_draws: int = MAX_DRAWS
    minutes: float | None = None

    def settings(
        self, sampler: str, chains: int, seed: int, cores: int | None, target_accept: float | str
    ) -> NutsSettings:
        """The settings of the sampler; where numbers are ``"auto"``, those for any posterior.

        Raises:
            ModelError: a number is out of its range, or does not go with another one.
        """
        draws, tune, chains = self.draws, TUNE if self.tune == "auto" else self.tune, whole("chains", chains, 1)
        if self.is_looked_at(sampler):
            if cores is not None and whole("cores", cores, 1) < chains:
                raise ModelError(
                    f"cores is {cores}, but with draws='auto' all {chains} chains run side by side; leave it out, or "
                    "give a number of draws."
                )
            draws, cores = whole("max_draws", self.max_draws, 1), chains
        elif draws == "auto":
            draws = min(UNSEEN_DRAWS, whole("max_draws", self.max_draws, 1))
        timed = isinstance(self.minutes, int | float) and self.minutes > 0.0 and sampler == "nutpie"
        if self.minutes is not None and not timed:
            raise ModelError(f"minutes is {self.minutes!r}; give a number above 0, with sampler='nutpie'.")
        target_accept = NutsSettings.target_accept if target_accept == "auto" else target_accept
        for name, value in (("draws", draws), ("tune", tune), ("target_accept", target_accept)):
            if isinstance(value, str):
                raise ModelError(f"{name} is {value!r}; give a number, or 'auto'.")
        return NutsSettings(
            draws=draws,  # type: ignore[arg-type]  # no text, as was just made sure
            tune=tune,  # type: ignore[arg-type]
            chains=chains,
            seed=seed,
            cores=cores,
            target_accept=target_accept,  # type: ignore[arg-type]
        )

    def fewest(self, settings: NutsSettings) -> int:
        """Draws of all chains, warm-up included, that a run with these settings takes at least."""
        draws = min(FIRST_LOOK, settings.draws) if self.draws == "auto" else settings.draws
        return settings.chains * (settings.tune + draws)

    def is_looked_at(self, sampler: str) -> bool:
        """Whether the draws themselves say when they are enough."""
        return self.draws == "auto" and sampler == "nutpie"


class Look(NamedTuple):
    """What the draws so far say of themselves.

    Args:
        enough: whether nothing is missing.
        flawed: whether something is wrong that more draws do not cure.
        missing: what is missing, in words.
        expected: number of draws of each chain that may be enough.
    """

    enough: bool
    flawed: bool
    missing: str
    expected: int


def counts_of(max_draws: int) -> tuple[int, ...]:
    """The numbers of draws of each chain at which a run is looked at."""
    counts, count = [], float(FIRST_LOOK)
    while count < max_draws:
        counts.append(int(count))
        count *= GROWTH
    return (*counts, max_draws)


class Stopping:
    """Ends a run at the first count at which the draws are enough, or flawed, or when its time is up.

    Args:
        look: judges the draws; None: they are not looked at.
        max_draws: the most draws of each chain.
        until: end of the time, by ``time.monotonic``; None: no end.
        before: draws of a run that goes on; counts are of these and the new ones together, but ``next`` and
            ``expected`` of new ones.
    """

    def __init__(
        self,
        look: Callable[[RawDraws], Look] | None,
        max_draws: int,
        until: float | None = None,
        before: RawDraws | None = None,
    ) -> None:
        self._look, self._until, self.before = look, until, before
        self._kept = 0 if before is None else before.length
        self._counts = list(counts_of(max_draws)) if look else [max_draws]
        self.last: Look | None = None
        self.reason: Reason = "max_draws" if look else "asked"

    @property
    def next(self) -> int:
        """The number of draws of each chain at which the run is looked at next."""
        return self._counts[0] - self._kept

    @property
    def time_is_up(self) -> bool:
        """Whether the run has to end where it is."""
        return self._until is not None and time.monotonic() > self._until

    def whole(self, raw: RawDraws) -> RawDraws:
        """New draws of a run, with those from before."""
        return raw if self.before is None else self.before.then(raw)

    @property
    def enough_before(self) -> RawDraws | None:
        """The draws of a run that goes on, where no more are needed."""
        return None if self.before is None else self._first_enough(self.before)

    def first_enough(self, raw: RawDraws) -> RawDraws | None:
        """Look at the draws at every count that they reach; those up to the count at which the run ends, if it does.

        Args:
            raw: new draws of the run.

        Returns:
            Those from before and the new ones up to that count.
        """
        return self._first_enough(self.whole(raw))

    def _first_enough(self, raw: RawDraws) -> RawDraws | None:
        while self._counts and raw.length >= self._counts[0]:
            part = raw.cut(self._counts.pop(0))
            self.last = None if self._look is None else self._look(part)
            if self.last is not None and (self.last.flawed or self.last.enough):
                self.reason = "flawed" if self.last.flawed else "enough"
                return part
            if not self._counts:
                return part
        return None

    @property
    def expected(self) -> int:
        """The number of draws of each chain that the run may still need."""
        if not self._counts:
            return 0
        wanted = self._counts[0] if self.last is None else self.last.expected
        return next((count for count in self._counts if count >= wanted), self._counts[-1]) - self._kept
