"""The grouping factors that brackets name, and which of them is the participant; what repeats is asked about."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from hddm_sbi.design.brackets import Bracket
from hddm_sbi.design.grouping import Grouping, column_grouping
from hddm_sbi.design.tokens import written
from hddm_sbi.errors import FormulaError, warn


def find_groupings(
    parameter: str, brackets: Sequence[Bracket], frame: pd.DataFrame, subjects: Grouping | None
) -> dict[tuple[str, ...], Grouping]:
    """The grouping factor of each bracket, by its columns.

    Columns that together tell participants apart, and no more, are the participants: ``site:subject`` where no two
    sites share a subject's label.

    Raises:
        FormulaError: a factor with one group, a group for each trial, or participants whose labels repeat in the levels
            of what they are nested in.

    Warns:
        HDDMWarning: labels repeat in another nested factor.
    """
    found: dict[tuple[str, ...], Grouping] = {}
    for bracket in brackets:
        if bracket.factor not in found:
            found[bracket.factor] = _grouping(parameter, bracket.factor, frame, subjects)
    for bracket in brackets:
        if found[bracket.factor] is not subjects:
            _check_repeats(parameter, bracket, found, frame, subjects)
    return found


def _grouping(parameter: str, factor: tuple[str, ...], frame: pd.DataFrame, subjects: Grouping | None) -> Grouping:
    if subjects is not None and set(factor) == set(subjects.columns):
        return subjects
    grouping = column_grouping(frame, factor)
    if subjects is not None and len(grouping.groups) == len(subjects.groups):
        # no finer than the participants, whom it tells apart; or the part of their names that does
        finer, inner = set(subjects.columns) < set(factor), factor == subjects.columns[-1:]
        if finer or inner:
            return subjects
    bracket = f"the formula for '{parameter}' groups by '{grouping.factor}'"
    if len(grouping.groups) == 1:
        raise FormulaError(f"{bracket}, which is {grouping.groups[0]!r} on all trials; drop (... | {grouping.factor}).")
    if len(grouping.groups) == len(frame):
        raise FormulaError(
            f"{bracket}, of which every trial has its own, so that groups cannot be told from noise; group by what "
            "several trials share."
        )
    return grouping


def _check_repeats(
    parameter: str,
    bracket: Bracket,
    found: dict[tuple[str, ...], Grouping],
    frame: pd.DataFrame,
    subjects: Grouping | None,
) -> None:
    """Ask where a nested factor has labels that repeat: they may be different ones, or the same ones again."""
    grouping = found[bracket.factor]
    if subjects is not None and set(subjects.columns) < set(bracket.factor):
        if set(bracket.factor[-len(subjects.columns) :]) != set(subjects.columns):
            return  # subject:item is no nesting of people in items, which would be written item:subject or item/subject
        # with a bracket for the participants themselves, the user knows that they recur
        if subjects.stated or any(other is subjects for other in found.values()):
            return
        outer = tuple(name for name in bracket.factor if name not in subjects.columns)
        label = _repeated(grouping, subjects)
        raise FormulaError(
            f"the formula for '{parameter}' groups by '{grouping.factor}', and {label!r} of '{subjects.factor}' occurs "
            f"in several levels of '{':'.join(outer)}'; if these are different people, say "
            f"groupby={[*outer, *subjects.columns]!r}; if they are the same people, write "
            f"(1 | {_columns(subjects.columns)}) + (1 | {_columns(bracket.factor)})."
        )
    if subjects is not None and bracket.factor == subjects.columns[-1:]:
        if not any(other is subjects for other in found.values()):
            people = _columns(subjects.columns)
            warn(
                f"the formula for '{parameter}' groups by '{grouping.factor}', whose label "
                f"{_repeated(subjects, grouping)!r} several of the participants ({people}) share, so that they share "
                f"their effects; write (1 | {people}) for effects of each participant."
            )
        return
    if not bracket.nested or len(bracket.factor) < 2:
        return
    outer, inner = bracket.factor[:-1], bracket.factor[-1:]
    alone = column_grouping(frame, inner)
    if len(alone.groups) == len(grouping.groups):
        return
    warn(
        f"the formula for '{parameter}' nests '{inner[0]}' in '{':'.join(outer)}', and {_repeated(grouping, alone)!r} "
        f"of '{inner[0]}' occurs in several of its levels: these are read as different ones with the same "
        f"label; if they are the same, write (1 | {_columns(outer)}) + (1 | {_columns(inner)})."
    )


def _repeated(fine: Grouping, coarse: Grouping) -> object:
    """A group of ``coarse`` that has several of ``fine``."""
    pairs = pd.DataFrame({"coarse": coarse.index, "fine": fine.index}).drop_duplicates()
    counts = pairs["coarse"].value_counts().sort_index()
    return coarse.groups[int(counts[counts > 1].index[0])]


def _columns(names: Sequence[str]) -> str:
    return ":".join(map(written, names))
