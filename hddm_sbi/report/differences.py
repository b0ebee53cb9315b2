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
COLUMNS = ("parameter", "contrast", "label", "mean", "sd", "2.5%", "97.5%", "direction", "p_direction", "ess", "r_hat")

Cell = tuple[object, ...]


def differences(posterior: xr.Dataset, conditions: pd.DataFrame) -> pd.DataFrame:
    """The differences between the cells of every parameter that differs between them, and between levels.

    The typical participant's values are compared, on the natural scale, the later level less the earlier one. With
    several factors, levels of one are also compared with the cells of the others averaged, all with equal weight.

    Args:
        posterior: the draws.
        conditions: one row for each cell, one column for each factor.

    Returns:
        Columns ``parameter``; ``contrast``, as ``model.contrast`` takes it, and ``label``, in short; ``mean``, ``sd``,
        ``2.5%``, ``97.5%``;
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
    texts = [text for text, *_ in pairs]
    shown = np.stack(
        [
            np.mean([cells[cell] for cell in plus], axis=0) - np.mean([cells[cell] for cell in minus], axis=0)
            for _, _, plus, minus in pairs
        ],
        axis=-1,
    )
    table = summarise_draws(shown, pd.Index(texts, name="contrast"), 0.0, _INTERVAL, None).reset_index()
    table = table.assign(
        parameter=name,
        label=[label for _, label, *_ in pairs],
        ess=table[["ess_bulk", "ess_tail"]].min(axis=1).round().astype("Int64"),
    )
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


# the contrast, its label, and the cells whose means are compared
Pair = tuple[str, str, list[Cell], list[Cell]]


def _levels(name: str, factors: Sequence[str], cells: dict[Cell, FloatArray]) -> Iterator[Pair]:
    """Levels of one factor, the others averaged; none with a single factor, whose cells they are."""
    if len(factors) < 2:
        return
    for at, factor in enumerate(factors):
        by_level: dict[object, list[Cell]] = {}
        for cell in cells:
            by_level.setdefault(cell[at], []).append(cell)
        for one, other in combinations(by_level, 2):
            text, label = f"{name}[{factor}={other}] - {name}[{factor}={one}]", f"{factor}: {other} - {one}, on average"
            yield text, label, by_level[other], by_level[one]


def _pairs(name: str, factors: Sequence[str], cells: Sequence[Cell]) -> Iterator[Pair]:
    for one, other in combinations(cells, 2):
        apart = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        if len(cells) <= MOST_CELLS or len(apart) == 1:
            text = f"{name}[{_at(factors, other)}] - {name}[{_at(factors, one)}]"
            yield text, _label(factors, one, other, apart), [other], [one]


def _label(factors: Sequence[str], one: Cell, other: Cell, apart: Sequence[int]) -> str:
    """The levels that differ, and at which levels of the others."""
    differ = f"{', '.join(str(other[k]) for k in apart)} - {', '.join(str(one[k]) for k in apart)}"
    same = [f"{factors[k]}={one[k]}" for k in range(len(one)) if k not in apart]
    return f"{', '.join(factors[k] for k in apart)}: {differ}" + (f" at {', '.join(same)}" if same else "")


def _at(factors: Sequence[str], cell: Cell) -> str:
    return ", ".join(f"{factor}={level}" for factor, level in zip(factors, cell, strict=True))
