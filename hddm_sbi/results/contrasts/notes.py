"""What a contrast averages over, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from hddm_sbi.results.contrasts.asked import Asked
from hddm_sbi.results.contrasts.cells import Cells
from hddm_sbi.results.contrasts.values import between_participants
from hddm_sbi.trials.columns import enumerated


def notes(asked: Asked, cells: Sequence[Cells], by_participant: bool) -> tuple[str, ...]:
    """Sentences on what is averaged over, and on covariates that are not stated or far off.

    Args:
        asked: the model.
        cells: of the quantities.
        by_participant: whether values are participants' own.
    """
    found: list[str] = []
    for one in cells:
        own = between_participants(asked.conditions, one.left) if by_participant else ()
        found += [f"{factor} is each participant's own." for factor in own]
        found += _averaged(one, [factor for factor in one.left if factor not in own])
        found += _numeric(asked, one, by_participant)
    return tuple(dict.fromkeys((*found, *_unequal(cells))))


def _averaged(one: Cells, left: Sequence[str]) -> Iterator[str]:
    """What a parameter is the average of."""
    places = [one.factors.index(factor) for factor in left]
    levels = {
        factor: list(dict.fromkeys(cell[i] for cell in one.levels)) for factor, i in zip(left, places, strict=True)
    }
    several = [factor for factor in left if len(levels[factor]) > 1]
    if not several:
        return
    named = enumerated([f"{factor} ({', '.join(map(str, levels[factor]))})" for factor in several])
    complete = len(one.levels) == math.prod(len(set(cell)) for cell in zip(*one.levels, strict=True))
    what = "levels" if complete else "combinations that occur"
    yield f"{one.quantity.parameter} is averaged over the {what} of {named}, all with equal weight."


def _numeric(asked: Asked, one: Cells, by_participant: bool) -> Iterator[str]:
    """Where numeric columns are."""
    means = asked.conditions.population
    for column in asked.columns(one.quantity.parameter):
        if column in one.factors or column not in means:
            continue
        if column not in one.stated:
            own = asked.conditions.participants is not None and asked.conditions.participants[column].nunique() > 1
            where = "each participant's own" if by_participant and own else f"its mean, {means[column].iloc[0]:.3g}"
            yield f"{column} is at {where}."
            continue
        values = asked.design.frame[column].astype(float)
        if not values.min() <= one.stated[column] <= values.max():
            yield (
                f"{column} = {one.stated[column]:g} lies outside the data ({values.min():.3g} to {values.max():.3g}): "
                "the line is drawn out."
            )


def _unequal(cells: Sequence[Cells]) -> Iterator[str]:
    """Quantities that are compared though they average over different levels of what is left out."""
    for i, one in enumerate(cells):
        for other in cells[:i]:
            same = one.quantity.parameter == other.quantity.parameter and one.left == other.left
            if same and set(one.averaged) != set(other.averaged):
                yield (
                    f"{other.quantity.text} and {one.quantity.text} are averages over different levels of "
                    f"{enumerated(one.left)}, so that their difference is in part one between those; state the levels."
                )
