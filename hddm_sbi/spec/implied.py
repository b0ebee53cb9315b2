"""Priors of what is not sampled itself: reported coefficients, cells and differences between them, in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch.distributions as td

from hddm_sbi.design.conditions import Conditions
from hddm_sbi.spec.distributions import half_normal, in_words, normal
from hddm_sbi.spec.model_spec import CommonTerm, GroupTerm, ModelSpec, ParameterSpec

FloatArray = npt.NDArray[np.float64]

# More cells than this have no table of their differences.
_MANY_CELLS = 12
# Of a root of a sum of squares a part this much smaller than the largest changes no digit that is shown.
_NO_MATTER = 0.005


def coefficient_prior(term: CommonTerm | GroupTerm, beside: Sequence[CommonTerm | GroupTerm]) -> str:
    """The prior of a term's reported coefficients, or of groups' whole coefficients where they are not pooled.

    Args:
        term: the term.
        beside: all terms that it may come from.
    """
    priors = {other.site: other.prior for other in beside}
    return _by_level(term, [_weighted(row, priors) for row in _rows(term)])


def sd_prior(term: GroupTerm, beside: Sequence[GroupTerm]) -> str:
    """The prior of the standard deviations of a term's reported effects, as far as effects are independent."""
    found = {other.site: other for other in beside}
    return _by_level(term, [_root(row, found) for row in _rows(term)])


def _rows(term: CommonTerm | GroupTerm) -> list[list[tuple[str, int, float]]]:
    """Of each reported coefficient the sampled ones that it is a sum of: site, column and weight."""
    parts = term.reported.parts
    return [
        [(site, column, float(w)) for site, block in parts.items() for column, w in enumerate(block[row]) if w != 0.0]
        for row in range(next(iter(parts.values())).shape[0])
    ]


def _by_level(term: CommonTerm | GroupTerm, texts: Sequence[str]) -> str:
    """One text where it serves all levels, else one for each."""
    levels = term.reported.levels
    if levels is None or len(set(texts)) == 1:
        return texts[0]
    return "; ".join(f"{level}: {text}" for level, text in zip(levels, texts, strict=True))


def _weighted(row: Iterable[tuple[str, int, float]], priors: Mapping[str, td.Distribution | None]) -> str:
    """The distribution of a weighted sum of independent coefficients."""
    found = [(weight, prior) for site, _, weight in row if (prior := priors[site]) is not None]
    if len(found) == 1:
        return _scaled(*found[0])
    mean, variance = _moments(found)
    if all(type(prior).__name__ == "Normal" for _, prior in found):
        return in_words(normal(mean, math.sqrt(variance)))
    return f"mean {mean:.4g}, sd {math.sqrt(variance):.4g}" if math.isfinite(variance) else _sum(found)


def _scaled(weight: float, prior: td.Distribution) -> str:
    if weight == 1.0:
        return in_words(prior)
    if type(prior).__name__ == "Normal":
        return in_words(normal(weight * float(prior.mean) + 0.0, abs(weight) * float(prior.stddev)))
    if type(prior).__name__ == "HalfNormal" and weight > 0.0:
        return in_words(half_normal(weight * float(prior.variance / (1.0 - 2.0 / math.pi)) ** 0.5))
    return f"{weight:.4g} {in_words(prior)}"


def _sum(found: Sequence[tuple[float, td.Distribution]]) -> str:
    return " + ".join(_scaled(weight, prior) for weight, prior in found)


def _moments(found: Iterable[tuple[float, td.Distribution]]) -> tuple[float, float]:
    pairs = list(found)
    mean = sum(weight * float(prior.mean) for weight, prior in pairs)
    return mean, sum(weight**2 * float(prior.variance) for weight, prior in pairs)


def _root(row: Iterable[tuple[str, int, float]], terms: Mapping[str, GroupTerm]) -> str:
    """The distribution of the root of a sum of squares of standard deviations."""
    squares: dict[tuple[str, int], float] = {}
    for site, column, weight in row:
        key = site, int(terms[site].sd_columns[column])
        squares[key] = squares.get(key, 0.0) + weight**2
    found: list[tuple[float, td.Distribution]] = []
    for (site, _), square in squares.items():
        prior, weight = terms[site].sd_prior, math.sqrt(square)
        assert prior is not None
        found.append((1.0 if math.isclose(weight, 1.0, rel_tol=1e-9) else weight, prior))
    sizes = [weight * float(prior.mean) for weight, prior in found]
    if len(found) > 1 and np.isfinite(sizes).all():
        found = [one for one, size in zip(found, sizes, strict=True) if size > _NO_MATTER * max(sizes)]
    words = [_scaled(weight, prior) for weight, prior in found]
    return words[0] if len(words) == 1 else f"sqrt({' + '.join(f'{text}^2' for text in words)})"


def cell_priors(spec: ModelSpec, conditions: Conditions) -> pd.DataFrame:
    """The priors of cells and of differences between cells, on the link scale, covariates at their means.

    Args:
        spec: the model on the conditions' population, see ``ConditionSpecs``.
        conditions: the cells.

    Returns:
        Columns ``parameter``, ``of`` (``v[conf=HC]``, ``v[conf=LC] - v[conf=HC]``), ``mean``, ``sd``, ``cells`` (1, or
        2 of a difference) and ``factor``, of a difference the factor whose levels differ. Differences are those of
        cells that differ in one factor. Parameters without a factor of their own have no rows.
    """
    rows: list[list[object]] = []
    for parameter in spec.parameters:
        factors = conditions.factors.get(parameter.name, ())
        if factors and parameter.common:
            rows += _of_cells(parameter, conditions.table[list(factors)])
    return pd.DataFrame(rows, columns=["parameter", "of", "mean", "sd", "cells", "factor"])


def _of_cells(parameter: ParameterSpec, table: pd.DataFrame) -> list[list[object]]:
    own = table.reset_index(drop=True).drop_duplicates()
    at = own.index.to_numpy()
    matrix = np.hstack([term.matrix[at] for term in parameter.common])
    moments = [
        (float(term.prior.mean), float(term.prior.variance))
        for term in parameter.common
        for _ in range(term.matrix.shape[1])
    ]
    means, variances = (np.array(column) for column in zip(*moments, strict=True))
    names = [
        f"{parameter.name}[{', '.join(f'{name}={row[name]}' for name in own.columns)}]" for _, row in own.iterrows()
    ]

    def written(of: str, row: FloatArray, cells: int, factor: str) -> list[object]:
        return [parameter.name, of, float(row @ means) + 0.0, float(np.sqrt(row**2 @ variances)), cells, factor]

    rows = [written(name, row, 1, "") for name, row in zip(names, matrix, strict=True)]
    if len(names) > _MANY_CELLS:
        return rows
    values = own.to_numpy()
    for first in range(len(names)):
        for second in range(first + 1, len(names)):
            differ = np.flatnonzero(values[first] != values[second])
            difference = matrix[second] - matrix[first]
            if len(differ) == 1 and difference.any():  # the factor of a group term alone makes none
                factor = str(own.columns[differ[0]])
                name = f"{names[second]} - {names[first]}"
                rows.append(written(name, difference, 2, factor))
    return rows


def cells_in_words(priors: pd.DataFrame) -> list[tuple[str, str]]:
    """What the table of ``cell_priors`` says, in as few lines as it takes: pairs of what and its prior."""
    lines = []
    for (parameter, cells, factor), of in priors.groupby(["parameter", "cells", "factor"], sort=False):
        texts = [moments_in_words(row.mean, row.sd) for row in of.itertuples()]
        if len(of) > 1 and len(set(texts)) == 1:
            what = (
                f"{parameter}, each cell" if cells == 1 else f"{parameter}, each difference of two levels of {factor}"
            )
            lines.append((what, texts[0]))
        else:
            lines += list(zip(of["of"], texts, strict=True))
    return lines


def moments_in_words(mean: float, sd: float) -> str:
    """``mean 0.4055, sd 0.5``."""
    return f"mean {mean:.4g}, sd {sd:.4g}"
