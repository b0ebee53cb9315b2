"""Differences between all cells of the factors, as text that ``model.contrast`` reads and as draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr

from hddm_sbi.plots.estimates import CONDITION, SAMPLE_DIMS, FloatArray
from hddm_sbi.results.contrasts.answer import summarise_draws
from hddm_sbi.results.quantities import quantities_of
from hddm_sbi.trials.columns import plain

# Of more cells only those pairs are compared that differ in a single factor: 66 pairs are the most a reader looks over.
MOST_CELLS = 12
_INTERVAL = 0.95
COLUMNS = ("parameter", "contrast", "mean", "sd", "2.5%", "97.5%", "direction", "p_direction", "ess", "r_hat")

Cell = tuple[object, ...]


def differences(posterior: xr.Dataset, conditions: pd.DataFrame) -> pd.DataFrame:
    """The differences between the cells of every parameter that differs between them, and between levels.

    The typical participant's values are compared, on the natural scale, the later level less the earlier one. With
    several factors, levels of one are also compared with the cells of the others averaged, all with equal weight.

    Args:
        posterior: the draws.
        conditions: one row for each cell, one column for each factor.

    Returns:
        Columns ``parameter``; ``contrast``, as ``model.contrast`` takes it; ``mean``, ``sd``, ``2.5%``, ``97.5%``;
        ``direction``, in words, and ``p_direction``, its probability; ``ess``, ``r_hat``.
    """
    found = quantities_of(posterior.isel(chain=[0], draw=[0]))
    kinds = dict(zip(found.variables, found.kinds, strict=True))
    tables = [
        _of_parameter(name, posterior[name], conditions)
        for name, kind in kinds.items()
        if kind == "typical" and CONDITION in posterior[name].dims
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*COLUMNS])


def _of_parameter(name: str, values: xr.DataArray, conditions: pd.DataFrame) -> pd.DataFrame:
    draws = values.transpose(*SAMPLE_DIMS, CONDITION).to_numpy().astype(np.float64)
    factors, cells = own_cells(draws, conditions)
    pairs = [*_levels(name, factors, cells), *_pairs(name, factors, list(cells))]
    if not pairs:
        return pd.DataFrame(columns=[*COLUMNS])
    texts = [text for text, _, _ in pairs]
    shown = np.stack(
        [
            np.mean([cells[cell] for cell in plus], axis=0) - np.mean([cells[cell] for cell in minus], axis=0)
            for _, plus, minus in pairs
        ],
        axis=-1,
    )
    table = summarise_draws(shown, pd.Index(texts, name="contrast"), 0.0, _INTERVAL, None).reset_index()
    table = table.assign(parameter=name, ess=table[["ess_bulk", "ess_tail"]].min(axis=1))
    return table[[*COLUMNS]]


def own_cells(draws: FloatArray, conditions: pd.DataFrame) -> tuple[list[str], dict[Cell, FloatArray]]:
    """The factors that a parameter differs by, and its draws in each of their cells.

    All parameters have the cells of all factors; where a factor changes nothing in any draw it is none of its own.

    Args:
        draws: shape (chains, draws, conditions).
        conditions: one row for each cell.
    """
    own = [str(name) for name in conditions.columns]
    for factor in list(own):
        rest = [name for name in own if name != factor]
        if all(_equal(draws, places) for places in _places(conditions, rest).values()):
            own = rest
    return own, {cell: draws[..., places[0]] for cell, places in _places(conditions, own).items()}


def _places(conditions: pd.DataFrame, factors: Sequence[str]) -> dict[Cell, list[int]]:
    found: dict[Cell, list[int]] = {}
    for place, levels in enumerate(zip(*(conditions[name].tolist() for name in factors), strict=True)):
        found.setdefault(tuple(map(plain, levels)), []).append(place)
    return found if factors else {(): list(range(len(conditions)))}


def _equal(draws: FloatArray, places: Sequence[int]) -> bool:
    first = draws[..., places[:1]]
    return bool(np.allclose(draws[..., places], first, rtol=1e-9, atol=1e-12, equal_nan=True))


Pair = tuple[str, list[Cell], list[Cell]]


def _levels(name: str, factors: Sequence[str], cells: dict[Cell, FloatArray]) -> Iterator[Pair]:
    """Levels of one factor, the others averaged; none with a single factor, whose cells they are."""
    if len(factors) < 2:
        return
    for at, factor in enumerate(factors):
        by_level: dict[object, list[Cell]] = {}
        for cell in cells:
            by_level.setdefault(cell[at], []).append(cell)
        for one, other in combinations(by_level, 2):
            yield f"{name}[{factor}={other}] - {name}[{factor}={one}]", by_level[other], by_level[one]


def _pairs(name: str, factors: Sequence[str], cells: Sequence[Cell]) -> Iterator[Pair]:
    for one, other in combinations(cells, 2):
        apart = sum(a != b for a, b in zip(one, other, strict=True))
        if len(cells) <= MOST_CELLS or apart == 1:
            yield f"{name}[{_at(factors, other)}] - {name}[{_at(factors, one)}]", [other], [one]


def _at(factors: Sequence[str], cell: Cell) -> str:
    return ", ".join(f"{factor}={level}" for factor, level in zip(factors, cell, strict=True))
