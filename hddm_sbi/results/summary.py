"""The posterior in numbers: one row for each scalar quantity."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.quantities import FloatArray, Quantities, quantities, quantities_of
from hddm_sbi.results.to_arviz import Results, recorded_model

COLUMNS = ("mean", "sd", "2.5%", "97.5%", "ess_bulk", "ess_tail", "r_hat")


def summarise(idata: Results) -> pd.DataFrame:
    """Means, intervals and convergence diagnostics of every scalar quantity of the posterior.

    Args:
        idata: what ``model.sample`` returned.

    Returns:
        One row for each quantity, index ``quantity`` (``v``, ``v[conf=HC]``), ordered: the population on the natural
        scale (the typical participant, then the mean), its coefficients on the link scale, group standard deviations,
        participants' values on the natural scale, participants' deviations on the link scale. Cells without values,
        such as a condition that a participant never saw, have no row.

        Correlations between group effects have one row a pair. Columns: ``variable`` and ``kind``; ``mean`` and ``sd``;
        ``2.5%`` and ``97.5%``, the ends of the equal-tailed 95% interval; ``ess_bulk``, ``ess_tail`` and ``r_hat``
        (Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, Bayesian Analysis 16, 667-718); ``prior``, in words, on the
        scale of the link, where the results say so. The
        diagnostics of a constant are NaN, and so is ``r_hat`` of a single chain.
    """
    found = quantities(idata)
    values = np.concatenate([(*_moments(block), *diagnostics(block)) for block in found.blocks()], axis=1)
    columns = dict(zip(COLUMNS, values, strict=True))
    index = pd.Index(found.labels, name="quantity")
    table = pd.DataFrame({"variable": found.variables, "kind": found.kinds, **columns}, index=index)
    return table.assign(prior=_priors(idata, found))


def _moments(draws: FloatArray) -> tuple[FloatArray, ...]:
    """Mean, sd and ends of the interval of each column of draws, shape (chains, draws, quantities)."""
    flat = draws.reshape(-1, draws.shape[-1])
    with np.errstate(invalid="ignore"):  # draws that are not finite show as such
        low, high = np.quantile(flat, (0.025, 0.975), axis=0)
        sd = flat.std(axis=0, ddof=1) if len(flat) > 1 else np.full(flat.shape[1], np.nan)
        return flat.mean(axis=0), sd, low, high


def _priors(idata: Results, found: Quantities) -> list[str]:
    """The prior of each quantity as the results have it in their attributes; an empty text where they do not."""
    stated = recorded_model(idata)
    own, of_pairs = stated.get("priors", {}), stated.get("correlation_priors", {})
    words = []
    for variable, at in zip(found.variables, found.places, strict=True):
        if variable in of_pairs:
            mean, sd = (of_pairs[variable][name][at[-2]][at[-1]] for name in ("mean", "sd"))
            words.append(f"mean {round(mean, 2) + 0.0:.2f}, sd {sd:.2f}")
        else:
            words.append(str(own.get(variable, "")))
    return words


def diagnose_quantities(posterior: xr.Dataset) -> pd.DataFrame:
    """The columns ``kind``, ``ess_bulk``, ``ess_tail`` and ``r_hat`` of ``summarise``, of the group ``posterior``."""
    found = quantities_of(posterior)
    values = np.concatenate([diagnostics(block) for block in found.blocks()], axis=1)
    columns = dict(zip(COLUMNS[-3:], values, strict=True))
    return pd.DataFrame({"kind": found.kinds, **columns}, index=pd.Index(found.labels, name="quantity"))
