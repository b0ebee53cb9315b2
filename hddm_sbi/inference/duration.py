"""How long sampling will take where Python evaluates the density, from the time of a few gradients."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from hddm_sbi.inference.sampler import LogDensity

# Gradients for a draw, warm-up included: trees of depth four to five, as networks with rectifiers mostly need.
GRADIENTS_PER_DRAW = 20
# A wait that is worth a sentence with its length.
PATIENCE_SECONDS = 60.0
# Gradients that are timed: as many as fit into so many seconds, between these numbers.
_TIMED_SECONDS, _FEWEST, _MOST = 0.5, 3, 50
_STEP = 1e-3


def seconds_per_gradient(target: LogDensity, threads: int) -> float:
    """Wall time of a gradient while so many threads ask for them, near the point x = 0.

    Args:
        target: the posterior in coordinates in which it is nearly round, around 0.
        threads: chains at the same time. Python's lock may let them wait for each other.
    """
    begin = time.perf_counter()
    target.log_density_grad(np.zeros(target.ndim))
    once = time.perf_counter() - begin
    if once * _FEWEST * threads > 0.1 * PATIENCE_SECONDS:
        return once  # so slow that its length is known well enough
    repeats = int(np.clip(_TIMED_SECONDS / (once * threads), _FEWEST, _MOST))

    def some(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(repeats):
            target.log_density_grad(_STEP * rng.standard_normal(target.ndim))

    begin = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(some, range(threads)))
    return (time.perf_counter() - begin) / (repeats * threads)


def slow_sentences(parts: Sequence[str], target: LogDensity, draws: int, threads: int) -> tuple[str, ...]:
    """What to tell whoever samples a density that is not all compiled: one sentence, none where it is.

    Args:
        parts: what in the model has no compiled form, in words; see ``Potential.not_compiled``.
        target: the posterior in coordinates in which it is nearly round, around 0.
        draws: number of draws of all chains together, warm-up included.
        threads: number of chains that run at the same time.
    """
    if not parts:
        return ()
    have = f"{' and '.join(parts)} {'has' if len(parts) == 1 else 'have'} no compiled form"
    gradient = seconds_per_gradient(target, threads)
    total = gradient * GRADIENTS_PER_DRAW * draws
    if total < PATIENCE_SECONDS:
        return (f"{have}: Python evaluates {'it' if len(parts) == 1 else 'them'}, which takes longer.",)
    advice = "sample fewer draws or chains first"
    if "the likelihood" in parts:
        advice += (
            ", or take a likelihood that is compiled: 'exact', a network of hs.train_nle, or sbi's MNLE as it is built "
            "by default"
        )
    return (
        f"{have}: Python evaluates {'it' if len(parts) == 1 else 'them'} in {_duration(gradient)} a gradient, so that "
        f"{draws:,} draws of some {GRADIENTS_PER_DRAW} gradients each will take about {_duration(total)}; {advice}.",
    )


def _duration(seconds: float) -> str:
    """A time as a person says it."""
    for limit, unit, name in ((1.0, 1e-3, "ms"), (90.0, 1.0, "s"), (5400.0, 60.0, "minutes")):
        if seconds < limit:
            return f"{seconds / unit:.{0 if seconds >= 10.0 * unit else 1}f} {name}"
    return f"{seconds / 3600.0:.0f} hours"
