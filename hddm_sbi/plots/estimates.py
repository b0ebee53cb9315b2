"""The numbers behind plots of estimates: who has which value, its interval and density, what it trades off with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from hddm_sbi.errors import DataError
from hddm_sbi.results.quantities import quantities_of
from hddm_sbi.results.to_arviz import Results, group, group_names
from hddm_sbi.trials.columns import listed

FloatArray = npt.NDArray[np.float64]

CONDITION = "condition"
SAMPLE_DIMS = ("chain", "draw")

# Fewer draws have no shape, and no ends of an interval.
FEWEST_DRAWS = 20
_POINTS = 200
# Share of the draws beyond the ends of a density.
_BEYOND = 0.005


def draws_of(idata: Results, name: str = "posterior") -> xr.Dataset:
    """The draws of a result.

    Raises:
        DataError: there are none, or too few to draw.
    """
    if name not in group_names(idata):
        asked = f"model.sample(..., groups=['{name}'])" if name == "prior" else "model.sample()"
        raise DataError(f"the results have no group '{name}', only {listed(group_names(idata))}; {asked} adds it.")
    found = group(idata, name)
    count = found.sizes["chain"] * found.sizes["draw"]
    if count < FEWEST_DRAWS:
        raise DataError(f"the results have {count} draws, too few to plot; {FEWEST_DRAWS} are the least, sample more.")
    return found


def parameters_of(posterior: xr.Dataset) -> dict[str, str | None]:
    """The parameters that results are about, and the dimension along which participants have values, if any."""
    found = quantities_of(posterior.isel(chain=[0], draw=[0]))
    kinds = dict(zip(found.variables, found.kinds, strict=True))
    names: dict[str, str | None] = {name: None for name, kind in kinds.items() if kind == "typical"}
    for name, kind in kinds.items():
        if kind == "participant":
            dim = next(str(dim) for dim in posterior[name].dims if name.endswith(f"_{dim}"))
            parameter = name.removesuffix(f"_{dim}")
            names[parameter] = names.get(parameter) or dim  # participants come before groups of other factors
    return names


def names_of(parameters: Sequence[str] | str) -> list[str]:
    """The names of parameters that a user gives.

    Raises:
        DataError: it is none.
    """
    names = [parameters] if isinstance(parameters, str) else parameters
    if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) for name in names):
        raise DataError(f"parameters is {parameters!r:.60}; give names, as in ['v', 'a'], or leave it out for all.")
    return list(names)


def variable(posterior: xr.Dataset, name: str) -> xr.DataArray:
    """A variable of the posterior.

    Raises:
        DataError: there is none of that name.
    """
    if name not in posterior:
        known = [*parameters_of(posterior)]
        raise DataError(f"the results have no parameter '{name}'; they have {listed(known)}.")
    return posterior[name]


def participant_values(posterior: xr.Dataset, parameter: str) -> tuple[xr.DataArray, str]:
    """Each participant's value of a parameter, and the dimension of the participants.

    Raises:
        DataError: there is no such parameter, or it does not vary between participants.
    """
    names = parameters_of(posterior)
    if parameter not in names:
        raise DataError(f"the results have no parameter '{parameter}'; they have {listed(names)}.")
    dim = names[parameter]
    if dim is None:
        varying = [name for name, of in names.items() if of is not None]
        raise DataError(
            f"'{parameter}' does not vary by participant in these results; "
            + (f"{listed(varying)} do." if varying else "no parameter does.")
        )
    return posterior[f"{parameter}_{dim}"], dim


def participant_table(posterior: xr.Dataset, parameter: str, interval: float = 0.95) -> pd.DataFrame:
    """Each participant's estimate of a parameter.

    Args:
        posterior: the draws.
        parameter: its name.
        interval: probability of the equal-tailed interval.

    Returns:
        A row for each participant and condition with a value; columns ``participant``, ``condition`` (empty where the
        parameter has none), ``mean``, ``low``, ``high``.

    Raises:
        DataError: there is no such parameter, or it does not vary between participants.
    """
    values, dim = participant_values(posterior, parameter)
    return _summary(values, dim, interval)


def population_table(posterior: xr.Dataset, parameter: str, interval: float = 0.95) -> pd.DataFrame:
    """The typical participant's value of a parameter, in each condition.

    Returns:
        Columns ``condition``, ``mean``, ``low``, ``high``; no row where participants were fitted apart.
    """
    if parameter not in posterior:
        return pd.DataFrame(columns=["condition", "mean", "low", "high"])
    return _summary(posterior[parameter], None, interval)


def _summary(values: xr.DataArray, dim: str | None, interval: float) -> pd.DataFrame:
    """Mean and ends of the draws of each participant and condition."""
    tail = 0.5 * (1.0 - checked_interval(interval))
    if CONDITION not in values.dims:
        values = values.expand_dims({CONDITION: [""]})
    dims = [CONDITION] if dim is None else [dim, CONDITION]
    draws = values.transpose(*SAMPLE_DIMS, *dims).to_numpy()
    draws = draws.reshape(-1, *draws.shape[2:])
    low, high = np.quantile(draws, (tail, 1.0 - tail), axis=0)
    labels = [values[name].to_numpy().tolist() for name in dims]
    index = pd.MultiIndex.from_product(labels, names=["condition"] if dim is None else ["participant", "condition"])
    columns = {"mean": draws.mean(axis=0).ravel(), "low": low.ravel(), "high": high.ravel()}
    return pd.DataFrame(columns, index=index).reset_index().dropna(ignore_index=True)


def cells(values: xr.DataArray) -> list[tuple[str, FloatArray]]:
    """Label and draws, shape (chains * draws,), of each scalar in a variable, without those that have no value."""
    dims = [dim for dim in values.dims if dim not in SAMPLE_DIMS]
    draws = values.transpose(*SAMPLE_DIMS, *dims).to_numpy().astype(np.float64)
    draws = draws.reshape(-1, *draws.shape[2:])
    labels = [values[dim].to_numpy() for dim in dims]
    found = []
    for index in np.ndindex(draws.shape[1:]):
        own = draws[(slice(None), *index)]
        if not np.isnan(own).all():
            found.append((", ".join(str(of[k]) for of, k in zip(labels, index, strict=True)), own))
    return found


def density_curve(draws: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A kernel density of draws, where all but 1 in 200 lie; both arrays are of one element where all draws are equal.

    The bandwidth is Silverman's (1986), which heavy tails, such as those of ratios, do not widen. No density is shown
    beyond the draws, where a parameter may not be possible.
    """
    from scipy.stats import gaussian_kde

    low, lower, upper, high = np.quantile(draws, (0.5 * _BEYOND, 0.25, 0.75, 1.0 - 0.5 * _BEYOND))
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        return np.array([float(low)]), np.array([1.0])
    at = np.linspace(low, high, _POINTS)
    sd = float(draws.std(ddof=1))
    spread = min(sd, (upper - lower) / 1.349) or sd
    return at, np.asarray(gaussian_kde(draws, bw_method=0.9 * spread / sd * len(draws) ** -0.2)(at))


def trade_offs(draws: Sequence[tuple[str, FloatArray]]) -> pd.DataFrame:
    """Correlations of the draws of all pairs, the strongest first.

    Args:
        draws: name and draws of each quantity, shape (draws,).

    Returns:
        Columns ``first``, ``second``, ``correlation``; pairs with a constant are left out.
    """
    varying = [(name, values) for name, values in draws if np.ptp(values) > 0.0]
    pairs = [(one, other) for one, other in combinations(range(len(varying)), 2)]
    matrix = np.atleast_2d(np.corrcoef([values for _, values in varying])) if pairs else np.empty((0, 0))
    rows = [(varying[one][0], varying[other][0], matrix[one, other]) for one, other in pairs]
    table = pd.DataFrame(rows, columns=["first", "second", "correlation"])
    return table.sort_values("correlation", key=np.abs, ascending=False, kind="stable", ignore_index=True)


def checked_interval(interval: float) -> float:
    """The probability of an interval.

    Raises:
        DataError: it is none.
    """
    if isinstance(interval, bool) or not isinstance(interval, int | float) or not 0.0 < interval < 1.0:
        raise DataError(f"interval is {interval!r}; give a probability, such as 0.95.")
    return float(interval)


def interval_words(interval: float) -> str:
    """An interval in the words of a legend: ``95% interval``."""
    return f"{100.0 * interval:g}% interval"
