"""The correlation between a parameter and an outside measure (age, a questionnaire) across participants.

The measure x is a predictor in the parameter's formula. Person i's value, on the link scale, is f(x_i) + u_i with
u_i ~ N(0, sd^2), and each posterior draw of f and sd gives a correlation across persons,

    rho = cov(x, f(x)) / (sd_x sqrt(var f(x) + sd^2)),

for a straight line simply b / sqrt(b^2 + sd^2), where b is the change per standard deviation of the measure. Covariates
of parameters are put into the model as Boehm, Steingroever & Wagenmakers (2018, Behavior Research Methods 50,
1248-1269) do. Covariance and variances are across persons, each counted once, however many trials there are of each.
With further predictors that differ between persons rho is the partial correlation: x and f(x) are then what these
leave of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from hddm_sbi.design.conditions import Conditions
from hddm_sbi.design.design import Design
from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.measure import Measure, find_measure
from hddm_sbi.spec.linear import common_predictor, group_variance
from hddm_sbi.spec.model_spec import ModelSpec, ParameterSpec
from hddm_sbi.spec.newdata import respec, rows_of
from hddm_sbi.trials.columns import enumerated
from hddm_sbi.trials.trials import Trials

FloatArray = npt.NDArray[np.float64]
Coefficients = Mapping[str, FloatArray]


@dataclass(frozen=True)
class Correlation:
    """A correlation across participants, with its posterior.

    Args:
        draws: dims (chain, draw), and ``condition`` where the correlation differs between conditions.
        table: one row for each of these: ``mean``, ``sd``, ``2.5%`` and ``97.5%`` (ends of the equal-tailed interval),
            ``P(> 0)`` (never finer than the draws tell) and ``ess_bulk``.
        sentences: what it is, in words; ``print`` shows them.
    """

    draws: xr.DataArray
    table: pd.DataFrame
    sentences: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def correlation(
    spec: ModelSpec,
    design: Design,
    conditions: Conditions,
    trials: Trials,
    coefficients: Coefficients,
    name: str,
    column: str,
) -> Correlation:
    """The correlation of a parameter with a measure across participants, or groups of another factor.

    Args:
        spec: the model.
        design: its design on the trials.
        conditions: the cells of its factors.
        trials: the experiment.
        coefficients: draws by site, each of shape (chains, draws, *site shape).
        name: of the parameter, as reported.
        column: of the measure.

    Raises:
        HDDMError: the parameter's formula does not have the measure, or it has no single value of each participant; see
            ``find_measure``.
    """
    spec = spec.reported
    measure = find_measure(spec, design, trials, name, column)
    cells = conditions.population if name in conditions.by_condition else conditions.population.iloc[:1]
    rho = np.stack([_rho(spec, design, measure, name, cells.iloc[[k]], coefficients) for k in range(len(cells))], -1)
    differ = len(cells) > 1 and not np.allclose(rho, rho[..., :1])
    labels = conditions.labels if differ else ()
    draws = xr.DataArray(rho if differ else rho[..., 0], dims=("chain", "draw", "condition")[: 3 if differ else 2])
    draws = draws.assign_coords(condition=list(labels)) if differ else draws
    table = _table(rho if differ else rho[..., :1], labels or (f"{name}, {column}",))
    return Correlation(draws.rename("rho"), table, _sentences(table, spec.parameter(name), measure, labels))


def _rho(
    spec: ModelSpec, design: Design, measure: Measure, name: str, cell: pd.DataFrame, coefficients: Coefficients
) -> FloatArray:
    """The correlation in one cell of the factors, for every draw, shape (chains, draws)."""
    n = len(measure.values)
    rows = cell.iloc[np.zeros(n, dtype=np.int64)].reset_index(drop=True)
    rows[measure.column] = measure.values
    parameter = respec(spec, rows_of(design, rows)).parameter(name)
    of_groups = tuple(term for term in parameter.group if term.factor == measure.grouping.factor)
    between = group_variance(replace(parameter, group=of_groups), coefficients, n).mean(axis=-1)
    f, x = measure.left(common_predictor(parameter, coefficients, n)), measure.left(measure.values)
    covariance, explained = f @ x / measure.freedom, (f**2).sum(axis=-1) / measure.freedom
    return np.asarray(covariance / np.sqrt(x @ x / measure.freedom * (explained + between)))


def _table(rho: FloatArray, labels: tuple[str, ...]) -> pd.DataFrame:
    flat, ess = rho.reshape(-1, rho.shape[-1]), diagnostics(rho)[0]
    low, high = np.quantile(flat, (0.025, 0.975), axis=0)
    # as many draws as are independent do not tell a probability from one nearer to 0 or 1 than this
    finest = 1.0 / (np.where(np.isnan(ess), len(flat), ess) + 2.0)
    above = np.clip((flat > 0.0).mean(axis=0), finest, 1.0 - finest)
    columns = {"mean": flat.mean(axis=0), "sd": flat.std(axis=0, ddof=1), "2.5%": low, "97.5%": high, "P(> 0)": above}
    return pd.DataFrame(
        columns | {"ess_bulk": ess}, index=pd.Index(labels, name="condition" if len(labels) > 1 else "")
    )


def _sentences(
    table: pd.DataFrame, parameter: ParameterSpec, measure: Measure, labels: tuple[str, ...]
) -> tuple[str, ...]:
    value = parameter.name if parameter.link == "identity" else f"{parameter.link}({parameter.name})"
    across = f"across {len(measure.values)} groups of {measure.grouping.factor}"
    kind = "partial correlation" if measure.further else "correlation"
    told = []
    for label, row in table.iterrows():
        where = f" where {label}" if labels else ""
        sign, sure = ("positive", row["P(> 0)"]) if row["P(> 0)"] >= 0.5 else ("negative", 1.0 - row["P(> 0)"])
        told.append(
            f"{kind.capitalize()} of {value} with {measure.column}{where}, {across}: {row['mean']:.2f}, 95% interval "
            f"{row['2.5%']:.2f} to {row['97.5%']:.2f}; {sign} with probability {_rounded_down(float(sure))}."
        )
    if measure.further:
        told.append(f"It is that of what is left of both given {enumerated(measure.further)}.")
    return tuple(told)


def _rounded_down(probability: float) -> str:
    """Two digits, or three above 0.99, never rounded up to more than there is."""
    step = 1000 if probability > 0.99 else 100
    return f"{np.floor(probability * step) / step:g}"
