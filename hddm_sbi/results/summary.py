"""The posterior in numbers: one row for each scalar quantity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from hddm_sbi.results.quantities import SAMPLE_DIMS, quantities
from hddm_sbi.results.to_arviz import Results, arviz

FloatArray = npt.NDArray[np.float64]

COLUMNS = ("mean", "sd", "2.5%", "97.5%", "ess_bulk", "ess_tail", "r_hat")

# ArviZ splits chains in two, and needs two draws in each half
_FEWEST_DRAWS = 4

# the tail ESS is the smaller one of these quantiles; the default differs between ArviZ's versions
_TAILS = (0.05, 0.95)


def summarise(idata: Results) -> pd.DataFrame:
    """Means, intervals and convergence diagnostics of every scalar quantity of the posterior.

    Args:
        idata: what ``model.sample`` returned.

    Returns:
        One row for each quantity, index ``quantity`` (``v``, ``v[conf=HC]``), ordered: the population on the natural
        scale (the typical participant, then the mean), its coefficients on the link scale, group standard deviations,
        participants' values on the natural scale, participants' deviations on the link scale. Cells without values,
        such as a condition that a participant never saw, have no row.

        Columns: ``variable`` and ``kind``; ``mean`` and ``sd``; ``2.5%`` and ``97.5%``, the ends of the equal-tailed
        95% interval; ``ess_bulk``, ``ess_tail`` and ``r_hat`` (Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021,
        Bayesian Analysis 16, 667-718). The diagnostics of a constant are NaN, and so is ``r_hat`` of a single chain.
    """
    found = quantities(idata)
    flat = found.draws.reshape(-1, len(found.labels))
    with np.errstate(invalid="ignore"):  # draws that are not finite show as such
        low, high = np.quantile(flat, (0.025, 0.975), axis=0)
        sd = flat.std(axis=0, ddof=1) if len(flat) > 1 else np.full(len(found.labels), np.nan)
        mean = flat.mean(axis=0)
    columns = dict(zip(COLUMNS, (mean, sd, low, high, *diagnostics(found.draws)), strict=True))
    index = pd.Index(found.labels, name="quantity")
    return pd.DataFrame({"variable": found.variables, "kind": found.kinds, **columns}, index=index)


def diagnostics(draws: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Bulk and tail effective sample sizes and R-hat of each column.

    Args:
        draws: shape (chains, draws, quantities).

    Returns:
        Each of shape (quantities,). NaN where a column is constant or not finite, or there are too few draws; R-hat is
        NaN for a single chain. R-hat is infinite where each chain stands still at a place of its own.
    """
    chains, length, n = draws.shape
    ess_bulk, ess_tail, r_hat = (np.full(n, np.nan) for _ in range(3))
    moves = np.isfinite(draws).all(axis=(0, 1)) & (np.ptp(draws, axis=(0, 1)) > 0.0)
    stuck = moves & (np.ptp(draws, axis=1) == 0.0).all(axis=0)
    usable = moves & ~stuck & (length >= _FEWEST_DRAWS)
    ess_bulk[stuck] = ess_tail[stuck] = chains
    r_hat[stuck] = np.inf
    if usable.any():
        data = xr.Dataset({"x": ((*SAMPLE_DIMS, "quantity"), draws[:, :, usable])})
        ess_bulk[usable] = arviz.ess(data, method="bulk")["x"].to_numpy()
        ess_tail[usable] = arviz.ess(data, method="tail", prob=_TAILS)["x"].to_numpy()
        if chains > 1:
            r_hat[usable] = arviz.rhat(data)["x"].to_numpy()
    return ess_bulk, ess_tail, r_hat
