"""How much of a participant's estimate comes from the others.

Let the population's mean m and variance t^2 be known. With normal data of variance s^2 about a participant's deviation
b ~ N(0, t^2), the posterior mean of b is (1 - B) of what the participant's own data say, B = s^2 / (s^2 + t^2), and its
posterior variance is t^2 B: B is the pooling factor of Gelman & Pardoe (2006, Technometrics 48, 241-251), for each
participant. It is 0 where an estimate is the participant's own, 1 where it is the population's. With m estimated, of
posterior variance M, the posterior variance of b becomes t^2 B + (1 - B)^2 M, which is solved for B here. Outside the
normal case it is an approximation.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from hddm_sbi.plots.estimates import SAMPLE_DIMS, FloatArray, parameters_of


def shrinkage(posterior: xr.Dataset) -> pd.DataFrame:
    """The share of each participant's estimate that comes from the population.

    Args:
        posterior: the draws.

    Returns:
        A row for each participant, by label; a column for each parameter whose participants are partially pooled,
        proportions: of its first term, which is the intercept unless the formula leaves it out; of several levels
        their mean.
    """
    names = parameters_of(posterior)
    columns: dict[str, pd.Series] = {}
    for parameter, dim in names.items():
        longer = tuple(f"{other}_" for other in names if other.startswith(f"{parameter}_"))
        if dim is None:
            continue
        for name in map(str, posterior.data_vars):
            own = name.startswith(f"{parameter}_") and not name.startswith(longer)
            if own and name.endswith(f"_{dim}") and f"{name}_sd" in posterior:
                share = _share(posterior, name, dim)
                columns[parameter] = pd.Series(share, index=posterior[dim].to_numpy())
                break
    return pd.DataFrame(columns)


def _share(posterior: xr.Dataset, name: str, dim: str) -> FloatArray:
    """B of each participant, shape (participants,)."""
    between = (posterior[f"{name}_sd"] ** 2).mean(SAMPLE_DIMS)
    ratio = posterior[name].var(SAMPLE_DIMS) / between
    common = name.removesuffix(f"_{dim}")
    mean = posterior[common].var(SAMPLE_DIMS) / between if common in posterior else xr.zeros_like(between)
    ratio, mean = xr.broadcast(ratio, mean)
    rest = [other for other in ratio.dims if other != dim]
    share = xr.apply_ufunc(pooled, ratio, mean).mean(rest)
    return np.asarray(share.transpose(dim).to_numpy(), dtype=np.float64)


def pooled(ratio: FloatArray, mean: FloatArray) -> FloatArray:
    """B from ratio = B + (1 - B)^2 mean, both variances in units of t^2, between 0 and 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.sqrt(np.maximum(1.0 - 4.0 * mean + 4.0 * mean * ratio, 0.0))
        found = (2.0 * mean - 1.0 + inside) / (2.0 * mean)
    return np.clip(np.where(mean > 1e-9, found, ratio), 0.0, 1.0)
