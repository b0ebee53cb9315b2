"""Effects by group that can be told from what else varies by the same group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from formulae.terms.variable import Variable

from hddm_sbi.design.grouped import GroupedTerm, brackets_of
from hddm_sbi.design.grouping import Grouping
from hddm_sbi.design.terms import Term
from hddm_sbi.design.tokens import written
from hddm_sbi.design.varying import FloatArray, varying_terms
from hddm_sbi.errors import FormulaError


def check_slopes(parameter: str, group: Sequence[GroupedTerm]) -> None:
    """Refuse effects by group that no group shows.

    Args:
        parameter: whose group terms these are.
        group: those that the user wrote.

    Raises:
        FormulaError: a term that is the same on all trials of each group, as a covariate of participants is, or that
            within each group is a combination of the terms before it in its bracket.
    """
    for members in brackets_of(group):
        terms, grouping = [grouped.term for grouped in members], members[0].grouping
        shown = varying_terms(terms, grouping.index)
        term = next((term for term in terms if term not in shown), None)
        if term is None:
            continue
        groups = ":".join(map(written, grouping.columns))
        constant = not grouping.differs(term.matrix).any()
        why = (
            f"but '{term.name}' is the same on all trials of each of the {len(grouping.groups)} groups "
            f"({_some(grouping.groups)})"
            if constant
            else f"but within each of its groups '{term.name}' is a combination of the effects before it"
        )
        varying = [_varying(other, grouping) for other in terms if other is not term]
        others = list(dict.fromkeys(name for name in varying if name))
        left = " + ".join(["1" if constant or terms[0].name == "Intercept" else "0", *others])
        apart = (
            f", or (1 | gr({groups}, by={written(term.factors[0])})) where groups of one level vary more than others"
            if constant and len(term.factors) == 1 and term.numeric is None
            else ""
        )
        raise FormulaError(
            f"the formula for '{parameter}' has the effect of '{term.name}' by '{grouping.factor}', {why}; write "
            f"({left} | {groups}){apart}."
        )


def _varying(term: Term, grouping: Grouping) -> str:
    """What of a term varies within groups, as a formula writes it."""
    parts = [part for part in getattr(term.source, "components", ()) if grouping.differs(_columns(part.value)).any()]
    return ":".join(written(part.name) if isinstance(part, Variable) else part.name for part in parts)


def _columns(values: FloatArray) -> FloatArray:
    return np.asarray(values, dtype=np.float64).reshape(len(values), -1)


def _some(groups: Sequence[object]) -> str:
    shown = ", ".join(str(group) for group in groups[:3])
    return shown + (", ..." if len(groups) > 3 else "")
