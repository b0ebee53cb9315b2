"""Leave-one-out cross-validation by Pareto-smoothed importance sampling (Vehtari, Gelman & Gabry 2017, Statistics and
Computing 27, 1413-1432), for units that are trials or participants.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import xarray as xr

from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.pareto import largest_k, pareto_smooth
from hddm_sbi.results.to_arviz import spaced

FloatArray = npt.NDArray[np.float64]

# Units whose log likelihoods are looked at together, and by how many of them the worth of a draw is judged.
_AT_ONCE, _JUDGED = 2_000, 500


@dataclass(frozen=True)
class LeftOut:
    """What a model predicts of each unit from all others.

    Args:
        elpd: log predictive density of each unit, shape (units,).
        lpd: the same by the posterior of all units, shape (units,).
        k: Pareto shape of each unit's weights, shape (units,); NaN where the model was sampled without the unit.
        variance: Monte Carlo variance of each elpd, shape (units,).
        n_draws: number of draws that were weighted.
    """

    elpd: FloatArray
    lpd: FloatArray
    k: FloatArray
    variance: FloatArray
    n_draws: int

    @property
    def largest_k(self) -> float:
        """The k up to which weights can be relied on."""
        return largest_k(self.n_draws)

    @property
    def unreliable(self) -> npt.NDArray[np.bool_]:
        """Whether the weights of each unit cannot be relied on, shape (units,)."""
        return np.asarray(self.k > self.largest_k)

    def with_refit(self, unit: int, elpd: float, variance: float) -> LeftOut:
        """The same with a unit's elpd from a model that was sampled without it."""
        at = np.arange(len(self.elpd)) == unit
        return replace(
            self,
            elpd=np.where(at, elpd, self.elpd),
            variance=np.where(at, variance, self.variance),
            k=np.where(at, np.nan, self.k),
        )


def leave_out(log_likelihood: npt.NDArray[np.floating] | xr.DataArray) -> LeftOut:
    """Leave each unit out.

    Args:
        log_likelihood: log likelihood of each unit under each draw, shape (chains, draws, units); may be in a file.
    """
    chains, draws, n = log_likelihood.shape
    elpd, lpd, k, variance = (np.empty(n) for _ in range(4))
    for start in range(0, n, _AT_ONCE):
        some = np.asarray(log_likelihood[:, :, start : start + _AT_ONCE], dtype=np.float64).reshape(chains * draws, -1)
        for at, values in enumerate(np.ascontiguousarray(some.T), start):
            elpd[at], k[at], variance[at] = _one(values)
            lpd[at] = log_mean_exp(values)
    judged = np.asarray(log_likelihood[:, :, spaced(n, _JUDGED)], dtype=np.float64)
    return LeftOut(elpd, lpd, k, variance / worth(judged), chains * draws)


def _one(values: FloatArray) -> tuple[float, float, float]:
    """elpd, k and Monte Carlo variance of a unit from its log likelihoods, (draws,)."""
    weights, k = pareto_smooth(-values)
    with np.errstate(divide="ignore", invalid="ignore"):
        elpd = float(np.logaddexp.reduce(np.log(weights) + values))
        variance = float(np.sum((weights * np.expm1(values - elpd)) ** 2))
    return elpd, k, variance


def log_mean_exp(values: FloatArray) -> float:
    """log(mean(exp(values)))."""
    return float(np.logaddexp.reduce(values) - np.log(len(values)))


def worth(values: FloatArray) -> float:
    """How many independent draws a draw is worth, at most 1; shape (chains, draws, units)."""
    bulk = diagnostics(values)[0]
    share = bulk / (values.shape[0] * values.shape[1])
    return float(min(np.nanmedian(share), 1.0)) if np.isfinite(share).any() else 1.0
