"""Right-hand sides on the data: population terms, group terms in their brackets, and offsets."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from hddm_sbi.design.brackets import Bracket
from hddm_sbi.design.calls import Component, callees
from hddm_sbi.design.coded import coded_column
from hddm_sbi.design.columns import Columns, is_sign, read_columns
from hddm_sbi.design.contrasts import AS_FORMULAE, Contrasts
from hddm_sbi.design.evaluation import check_levels, lacking_backticks
from hddm_sbi.design.expansion import read
from hddm_sbi.design.functions import BY_PARTICIPANT
from hddm_sbi.design.offsets import offset_term
from hddm_sbi.design.products import Product
from hddm_sbi.design.syntax import Source
from hddm_sbi.design.terms import Term, evaluated
from hddm_sbi.errors import FormulaError, HDDMWarning


@dataclass(frozen=True)
class UserGroupTerm:
    """A term ``(x | g)`` that the user wrote, and the bracket that it stands in.

    Args:
        term: the effect.
        bracket: what its bracket says.
        number: which of the brackets of its grouping factor this is, in order, from 0.
    """

    term: Term
    bracket: Bracket
    number: int

    @property
    def factor(self) -> tuple[str, ...]:
        """The columns whose combination is the grouping factor."""
        return self.bracket.factor


@dataclass(frozen=True)
class Side:
    """An evaluated right-hand side.

    Args:
        common: population terms.
        group: the user's own group terms, bracket by bracket.
        columns: the columns of the data in them and in the offsets.
        offset: terms without a coefficient, each a column.
        factors: levels of the columns that are factors without a coding of their own in the formula.
    """

    common: tuple[Term, ...]
    group: tuple[UserGroupTerm, ...]
    columns: Columns
    offset: tuple[Term, ...] = ()
    factors: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


def evaluate_side(
    parameter: str,
    rhs: str,
    frame: pd.DataFrame,
    contrasts: Contrasts = AS_FORMULAE,
    participant: tuple[str, ...] = (),
) -> Side:
    """Terms of the right-hand side ``rhs`` on the rows of ``frame``, factors coded as ``contrasts`` says.

    ``participant`` are the columns whose combination is the participant, for ``within(x)`` and ``between(x)``.

    Raises:
        FormulaError: it does not parse, names a missing column, meets missing values, or cannot be evaluated.
    """
    source = Source(parameter, rhs)
    try:
        products = read(source)
        names = list(dict.fromkeys(name for term in products for name in term.columns))
        columns = replace(
            read_columns(frame, names, parameter), participant=_participant(source, products, participant)
        )
    except FormulaError as error:
        raise lacking_backticks(source, frame.columns) or error from None
    prepared = columns.prepare(frame)
    parts = tuple(dict.fromkeys(part for term in products for part in term.components))
    for part in parts:
        check_levels(source, part, columns, prepared)
    population = [term for term in products if not term.factor and not term.is_offset]
    common = evaluated(source, population, prepared, contrasts)
    group = _in_brackets(source, [term for term in products if term.factor], prepared, contrasts)
    offset = tuple(offset_term(source, term.components[0], prepared) for term in products if term.is_offset)
    _warn_of_codes((part for term in products if not term.is_offset for part in term.components), prepared)
    terms = (*common, *(grouped.term for grouped in group), *offset)
    used = {name for term in terms for name in term.variables}
    kept = Columns({name: columns.levels[name] for name in names if name in used}, columns.participant)
    factors = _factors(parts, (*common, *(grouped.term for grouped in group)))
    return Side(common, group, kept, offset, factors)


def _participant(source: Source, products: Sequence[Product], columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of the participant where a term needs them, else none."""
    calls = (part for term in products for part in term.components if part.call is not None)
    callee = next((name for part in calls for name in callees(part.call) if name in BY_PARTICIPANT), None)
    if callee is None:
        return ()
    if not columns:
        raise source.error(f"has {callee}(), which needs to know whose trial is which; give groupby")
    return columns


def _factors(parts: Iterable[Component], terms: Sequence[Term]) -> dict[str, tuple[Any, ...]]:
    """Levels of the columns that are factors by themselves or by ``C(column)``."""
    columns = {part.name: coded_column(part) for part in parts}
    found = {}
    for term in terms:
        for component in getattr(term.source, "components", ()):
            name = columns.get(component.name)
            if name is not None and component.kind == "categoric":
                found[name] = tuple(component.levels)
    return found


def _in_brackets(
    source: Source, products: Sequence[Product], prepared: pd.DataFrame, contrasts: Contrasts
) -> tuple[UserGroupTerm, ...]:
    """The group terms, each bracket coded on its own, as in lme4: (0 + a | g) has a column for every level."""
    brackets: dict[object, list[Product]] = {}
    for term in products:
        assert term.bracket is not None
        brackets.setdefault(term.bracket.key, []).append(term)
    found: list[list[UserGroupTerm]] = []
    for members in brackets.values():
        bracket = members[0].bracket
        assert bracket is not None
        terms = evaluated(source, members, prepared, contrasts)
        found.append([UserGroupTerm(term, bracket, 0) for term in terms])
    once = _each_once(source, found)
    numbers: dict[frozenset[str], int] = {}
    result: list[UserGroupTerm] = []
    for terms_of_one in once:
        factor = frozenset(terms_of_one[0].factor)
        number = numbers[factor] = numbers.get(factor, -1) + 1
        result += [replace(grouped, number=number) for grouped in terms_of_one]
    return tuple(result)


def _each_once(source: Source, brackets: list[list[UserGroupTerm]]) -> list[list[UserGroupTerm]]:
    """An effect that several brackets of one factor have is kept in the one with the most effects.

    (1 | g) + (x | g) means (x | g): a second variance of the same intercept could not be told from the first.

    Raises:
        FormulaError: the brackets say different things about it.
    """
    kept: dict[tuple[str, frozenset[str]], UserGroupTerm] = {}
    order = sorted(range(len(brackets)), key=lambda position: -len(brackets[position]))
    for position in order:
        for grouped in brackets[position]:
            other = kept.setdefault((grouped.term.name, frozenset(grouped.factor)), grouped)
            same = grouped.term.labels == other.term.labels and grouped.bracket.covariance == other.bracket.covariance
            if not same:
                effect = "intercept" if grouped.term.name == "Intercept" else f"effect of '{grouped.term.name}'"
                raise source.error(
                    f"has the {effect} by '{':'.join(grouped.factor)}' in two brackets that say different things about "
                    "it; write it in one of them"
                )
    chosen = {id(grouped) for grouped in kept.values()}
    left = [[grouped for grouped in members if id(grouped) in chosen] for members in brackets]
    return [members for members in left if members]


def _warn_of_codes(parts: Iterable[Component], prepared: pd.DataFrame) -> None:
    """Warn where an integer column of two or three values, often codes of conditions, is used as a number.

    A sign is meant as one.
    """
    for part in dict.fromkeys(parts):
        if part.call is not None or prepared[part.name].dtype.kind != "i" or is_sign(prepared[part.name]):
            continue
        values = prepared[part.name].unique().tolist()
        if len(values) in (2, 3):
            listed = ", ".join(str(value) for value in sorted(values))
            warnings.warn(
                f"the column '{part.name}' has only the values {listed} and is used as a number; "
                f"write C({part.name}) if they are conditions.",
                HDDMWarning,
                stacklevel=2,
            )
