"""Shares of draws as probabilities that are no finer than their Monte Carlo error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

from hddm_sbi.results.diagnostics import diagnostics

FloatArray = npt.NDArray[np.float64]

# One-sided confidence of the bound that takes the place of a probability near 0 or 1.
_CONFIDENCE = 0.95
# With fewer effective draws than this on one side there is a bound in place of a share.
_FEWEST = 5.0
# Shares this near to 0 or 1 are known from the draws in the tails.
_TAIL = 0.05


@dataclass(frozen=True)
class Probability:
    """A probability as the draws tell it.

    Args:
        value: rounded so that its last digit is no finer than ``mc_error``; near 0 or 1 the bound.
        mc_error: its Monte Carlo standard error; NaN of a bound.
        sign: ``"="``, or ``">"`` and ``"<"`` of a bound, one-sided with a confidence of 95%.
        decimals: of ``value``.
    """

    value: float
    mc_error: float
    sign: str
    decimals: int

    def __str__(self) -> str:
        return f"{self.sign} {self.value:.{self.decimals}f}".replace("0.", ".", 1)


def probability(hits: npt.NDArray[np.bool_], ess_tail: float) -> Probability:
    """The probability of an event.

    Args:
        hits: in which draws it occurs, shape (chains, draws).
        ess_tail: effective draws in the tails of the quantity that the event is about.
    """
    share, n = float(hits.mean()), _effective(hits, ess_tail)
    error = math.sqrt(share * (1.0 - share) / n)
    if min(share, 1.0 - share) * n >= _FEWEST:
        decimals = max(math.floor(-math.log10(error)), 0)
        rounded = round(share, decimals)
        if 0.0 < rounded < 1.0:
            return Probability(rounded, error, "=", decimals)
    if share < 0.5:
        upper = 1.0 - _below(1.0 - share, n)
        decimals, bound = _outwards(upper)
        return Probability(bound, math.nan, "<", decimals)
    decimals, bound = _outwards(1.0 - _below(share, n))
    return Probability(round(1.0 - bound, decimals), math.nan, ">", decimals)


def _effective(hits: npt.NDArray[np.bool_], ess_tail: float) -> float:
    """Effective draws of the event, at most as many as there are draws."""
    found = [float(diagnostics(hits[..., np.newaxis].astype(np.float64))[0][0])]
    if not _TAIL < hits.mean() < 1.0 - _TAIL:
        found.append(ess_tail)
    known = [value for value in found if math.isfinite(value)]
    return max(min([*known, float(hits.size)]), 1.0) if known else float(len(hits))


def _below(share: float, n: float) -> float:
    """What a share of n independent draws is surely above (Clopper & Pearson 1934, Biometrika 26, 404-413)."""
    return float(beta.ppf(1.0 - _CONFIDENCE, share * n, (1.0 - share) * n + 1.0))


def _outwards(rest: float) -> tuple[int, float]:
    """What is left to 0 or 1, rounded up to its first figure, and the decimals of that."""
    decimals = max(math.ceil(-math.log10(rest)), 1)
    bound = math.ceil(rest * 10.0**decimals - 1e-9)
    return (decimals, bound / 10.0**decimals) if bound < 10 or decimals == 1 else (decimals - 1, 10.0 ** (1 - decimals))
