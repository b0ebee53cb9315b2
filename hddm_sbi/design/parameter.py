"""The design of one parameter: its population terms, and which of them vary by group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.design.grouping import Grouping, column_grouping
from hddm_sbi.design.rank import check_rank
from hddm_sbi.design.terms import Side, Term
from hddm_sbi.design.tokens import written
from hddm_sbi.design.varying import spans_constant, varying_terms
from hddm_sbi.errors import FormulaError, ModelError

FloatArray = npt.NDArray[np.float64]
Pooling = Literal["partial", "none", "complete"]
POOLINGS: tuple[Pooling, ...] = ("partial", "none", "complete")


@dataclass(frozen=True)
class GroupedTerm:
    """A term whose coefficients vary by group; ``linked`` where a population term has the same columns."""

    term: Term
    grouping: Grouping
    linked: bool


@dataclass(frozen=True)
class ParameterDesign:
    """The terms of one parameter, and the formula in words with its automatic group terms."""

    name: str
    common: tuple[Term, ...]
    group: tuple[GroupedTerm, ...]
    formula: str

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
    if common:
        labels = [label for term in common for label in term.labels]
        check_rank(name, np.hstack([term.matrix for term in common]), labels)
    if pooling == "none" and automatic is not None:
        group = _apart(name, common, automatic, random_slopes)
        common = ()
    elif side.group:
        group = _users_own(name, side, frame, subjects, automatic)
    elif pooling == "complete" or automatic is None:
        group = ()
    else:
        group = _automatic(common, automatic, random_slopes)
    if not common and not group:
        raise FormulaError(
            f"the formula for '{name}' has no terms; write '{name} ~ 1' for a single value, or fixed={{\"{name}\": 0}} "
            "for a constant."
        )
    return ParameterDesign(name, common, group, formula_text(common, group))


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
    for own in side.group:
        if subjects is not None and own.factor == subjects.columns:
            if automatic is None:
                raise FormulaError(
                    f"'{name}' is in shared, but its formula varies by '{subjects.factor}'; drop one of the two."
                )
            grouping = subjects
        else:
            grouping = column_grouping(frame, own.factor)
        match = by_name.get(own.term.name)
        linked = match is not None and np.array_equal(match.matrix, own.term.matrix)
        group.append(GroupedTerm(own.term, grouping, linked))
    return tuple(group)


def _intercept(n: int) -> Term:
    """A term of ones, for a formula whose cells take the intercept's place."""
    return replace(_ONES, matrix=np.ones((n, 1)))


class _Ones:
    """Evaluates to ones, as formulae's intercept does."""

    @staticmethod
    def eval_new_data(prepared: pd.DataFrame) -> FloatArray:
        return np.ones(len(prepared))


_ONES = Term("Intercept", "1", None, ("Intercept",), np.ones((0, 1)), (), (), None, _Ones())


def formula_text(common: tuple[Term, ...], group: tuple[GroupedTerm, ...]) -> str:
    """The right-hand side in words: ``1 + conf + (1 + conf | subject)``."""
    parts = [_sum(common)] if common else []
    for columns in dict.fromkeys(grouped.grouping.columns for grouped in group):
        terms = tuple(grouped.term for grouped in group if grouped.grouping.columns == columns)
        parts.append(f"({_sum(terms)} | {':'.join(map(written, columns))})")
    return " + ".join(parts)


def _sum(terms: tuple[Term, ...]) -> str:
    names = [term.written for term in terms]
    return " + ".join(names if "1" in names else ["0", *names])
