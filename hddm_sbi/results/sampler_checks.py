"""Was the sampler itself sound? Divergences, energy and the depth of trees, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
# a statistic of the sampler -> its values, shape (chains, draws)
Stats: TypeAlias = Mapping[str, npt.NDArray[np.generic]]

# Betancourt 2016 (arXiv:1604.00695) reports trouble below 0.2 to 0.3; Stan warns below 0.3 since 2020.
E_BFMI_ABOVE = 0.3

# A single draw at the limit costs nothing; one in a hundred says that the sampler is being held back.
SATURATED_BELOW = 0.01


@dataclass(frozen=True)
class Check:
    """One check, and what it found in a sentence."""

    passed: bool
    sentence: str


def sampler_checks(stats: Stats, max_tree_depth: int) -> Iterator[Check]:
    """Checks of the sampler's own statistics, of which more draws cure none: divergences, energy, depth of trees.

    Args:
        stats: each of shape (chains, draws); those that are not there are not checked.
        max_tree_depth: the limit that the sampler ran under.
    """
    if "diverging" in stats:
        yield _divergences(np.asarray(stats["diverging"], np.bool_))
    if "energy" in stats:
        yield _energy(np.asarray(stats["energy"], np.float64))
    if "tree_depth" in stats:
        yield _tree_depth(np.asarray(stats["tree_depth"], np.int64), max_tree_depth)


def _divergences(diverging: npt.NDArray[np.bool_]) -> Check:
    count = int(diverging.sum())
    if count == 0:
        return Check(True, "No draw diverged.")
    return Check(
        False,
        f"{_share(count, diverging.size)} diverged: the sampler misses a part of the posterior; sample with more tune "
        "draws, and if that does not help, simplify the model (random_slopes=False, or shared parameters).",
    )


def _energy(energy: FloatArray) -> Check:
    values = e_bfmi(energy)
    chain, worst = int(np.argmin(values)), float(values.min())
    if worst >= E_BFMI_ABOVE:
        return Check(True, f"E-BFMI is at least {worst:.2f}, above {E_BFMI_ABOVE}.")
    if np.isnan(worst):
        return Check(False, f"E-BFMI cannot be computed: the energy of chain {chain} does not move; sample again.")
    return Check(
        False,
        f"E-BFMI is {worst:.2f} in chain {chain}, where it should be at least {E_BFMI_ABOVE}: the tails are explored "
        "slowly; sample longer, or simplify the model.",
    )


def _tree_depth(depth: IntArray, limit: int) -> Check:
    count = int((depth >= limit).sum())
    if count == 0:
        return Check(True, f"No tree reached the depth of {limit}.")
    passed = count / depth.size < SATURATED_BELOW
    advice = "few enough to ignore" if passed else "sample with more tune draws, or simplify the model"
    return Check(passed, f"The trees of {_share(count, depth.size)} were cut at a depth of {limit}: {advice}.")


def e_bfmi(energy: FloatArray) -> FloatArray:
    """Energy Bayesian fraction of missing information of each chain (Betancourt 2016), shape (chains,).

    Args:
        energy: shape (chains, draws); a chain whose energy does not move has NaN.
    """
    spread = np.sum((energy - energy.mean(axis=1, keepdims=True)) ** 2, axis=1)
    steps = np.sum(np.diff(energy, axis=1) ** 2, axis=1)
    return np.divide(steps, spread, out=np.full(len(energy), np.nan), where=spread > 0.0)


def _share(count: int, total: int) -> str:
    return f"{count:,} of {total:,} draws ({percent(count / total)})"


def percent(share: float) -> str:
    """A share with two digits that count."""
    percent = 100.0 * share
    if share > 0.0 and percent < 0.01:
        return "less than 0.01%"
    return f"{percent:.2g}%" if percent < 10.0 else f"{percent:.0f}%"
