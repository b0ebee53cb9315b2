"""The design of one parameter: its population terms, and which of them vary by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.design.cells import check_rank_of
from hddm_sbi.design.grouped import Correlated, GroupedTerm, brackets_of, formula_text
from hddm_sbi.design.grouping import Grouping
from hddm_sbi.design.nesting import find_groupings
from hddm_sbi.design.origin import check_origin
from hddm_sbi.design.sides import Side
from hddm_sbi.design.slopes import check_slopes
from hddm_sbi.design.strata import strata_of
from hddm_sbi.design.terms import Term
from hddm_sbi.design.varying import spans_constant, varying_terms
from hddm_sbi.errors import FormulaError, ModelError

FloatArray = npt.NDArray[np.float64]
Pooling = Literal["partial", "none", "complete"]
POOLINGS: tuple[Pooling, ...] = ("partial", "none", "complete")


@dataclass(frozen=True)
class ParameterDesign:
    """The terms of one parameter.

    Args:
        name: the parameter.
        common: population terms.
        group: group terms, automatic ones among them.
        formula: all of it in words, with effects taken as independent where nothing says otherwise.
        offset_terms: terms without a coefficient, each a column.
    """

    name: str
    common: tuple[Term, ...]
    group: tuple[GroupedTerm, ...]
    formula: str
    offset_terms: tuple[Term, ...] = ()

    def in_words(self, correlated: Correlated) -> str:
        """The formula in words, where some group effects are correlated."""
        return formula_text(self.common, self.group, self.offset_terms, correlated)

    @property
    def offset(self) -> FloatArray | None:
        """What is added to the predictor on the link scale, shape (trials,); None without an offset."""
        return sum_of([term.matrix for term in self.offset_terms])

    def offset_on(self, prepared: pd.DataFrame) -> FloatArray | None:
        """The offset on other rows, shape (rows,)."""
        return sum_of([term.evaluate(prepared) for term in self.offset_terms])

    @property
    def terms(self) -> tuple[Term, ...]:
        """All terms, those of the population first."""
        return (*self.common, *(grouped.term for grouped in self.group))

    def matrices(self, prepared: pd.DataFrame) -> tuple[list[FloatArray], list[FloatArray]]:
        """Matrices of the population and of the group terms on other rows, each (rows, columns)."""
        return (
            [term.evaluate(prepared) for term in self.common],
            [grouped.term.evaluate(prepared) for grouped in self.group],
        )


def design_parameter(
    name: str,
    side: Side,
    frame: pd.DataFrame,
    subjects: Grouping | None,
    automatic: Grouping | None,
    pooling: Pooling,
    random_slopes: bool,
) -> ParameterDesign:
    """One parameter's terms; ``automatic`` is the grouping of its automatic group terms, None where it is shared."""
    if side.group and pooling != "partial":
        raise FormulaError(
            f"the formula for '{name}' has group terms, which pooling '{pooling}' has no place for; drop them."
        )
    common = side.common
    check_origin(name, common)
    check_rank_of(name, common)
    if pooling == "none" and automatic is not None:
        group = _apart(name, common, automatic, random_slopes)
        common = ()
    elif side.group:
        group = _users_own(name, side, frame, subjects, automatic)
    elif pooling == "complete" or automatic is None:
        group = ()
    else:
        group = _automatic(common, automatic, random_slopes)
    check_origin(name, [grouped.term for grouped in group])
    if not common and not group:
        raise FormulaError(
            f"the formula for '{name}' has no terms; write '{name} ~ 1' for a single value, or fixed={{\"{name}\": 0}} "
            "for a constant."
        )
    return ParameterDesign(name, common, group, formula_text(common, group, side.offset), side.offset)


def _automatic(common: tuple[Term, ...], subjects: Grouping, random_slopes: bool) -> tuple[GroupedTerm, ...]:
    """(1 + the within-participant terms | subject), or (1 | subject) without slopes."""
    terms = varying_terms(common, subjects.index)
    if not random_slopes:
        terms = tuple(term for term in terms if term.name == "Intercept")
    group = tuple(GroupedTerm(term, subjects, linked=True) for term in terms)
    if spans_constant(common) and not spans_constant(terms):
        group = (GroupedTerm(_intercept(len(subjects.index)), subjects, linked=False), *group)
    return group


def _apart(name: str, common: tuple[Term, ...], subjects: Grouping, random_slopes: bool) -> tuple[GroupedTerm, ...]:
    """All terms as coefficients of each participant, without a population."""
    if not random_slopes and len(common) > 1:
        raise ModelError(
            "pooling 'none' gives each participant coefficients of its own, slopes too; drop random_slopes."
        )
    terms = varying_terms(common, subjects.index)
    between = [term.name for term in common if term not in terms]
    if between:
        listed = ", ".join(f"'{term}'" for term in between)
        raise FormulaError(
            f"pooling 'none' fits participants apart, so the effect of {listed} on '{name}', which does not vary "
            "within participants, cannot be told from their intercepts; drop it or use pooling 'partial'."
        )
    return tuple(GroupedTerm(term, subjects, linked=False) for term in terms)


def _users_own(
    name: str, side: Side, frame: pd.DataFrame, subjects: Grouping | None, automatic: Grouping | None
) -> tuple[GroupedTerm, ...]:
    """The group terms as the user wrote them."""
    group = []
    by_name = {term.name: term for term in side.common}
    groupings = find_groupings(name, [own.bracket for own in side.group], frame, subjects)
    for own in side.group:
        bracket, grouping = own.bracket, groupings[own.bracket.factor]
        if grouping is subjects and automatic is None:
            raise FormulaError(
                f"'{name}' is in shared, but its formula varies by '{grouping.factor}'; drop one of the two."
            )
        match = by_name.get(own.term.name)
        linked = match is not None and np.array_equal(match.matrix, own.term.matrix)
        by = None if bracket.by is None else strata_of(name, frame, grouping, bracket.by)
        group.append(
            GroupedTerm(own.term, grouping, linked, own.number, bracket.block, bracket.independent, by, own=True)
        )
    for members in brackets_of(group):
        check_rank_of(name, [grouped.term for grouped in members])
    check_slopes(name, group)
    return tuple(group)


def sum_of(matrices: Sequence[FloatArray]) -> FloatArray | None:
    """The sum of columns (rows, 1), shape (rows,); None without any."""
    return np.sum([matrix[:, 0] for matrix in matrices], axis=0) if matrices else None


def _intercept(n: int) -> Term:
    """A term of ones, for a formula whose cells take the intercept's place."""
    return replace(_ONES, matrix=np.ones((n, 1)))


class _Ones:
    """Evaluates to ones, as formulae's intercept does."""

    @staticmethod
    def eval_new_data(prepared: pd.DataFrame) -> FloatArray:
        return np.ones(len(prepared))


_ONES = Term("Intercept", "1", None, ("Intercept",), np.ones((0, 1)), (), (), None, _Ones())
