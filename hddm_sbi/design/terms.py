"""Right-hand sides to terms and their design matrices."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from formulae.terms.terms import Intercept
from formulae.terms.terms import Term as FormulaeTerm

from hddm_sbi.design.calls import Component, callees
from hddm_sbi.design.coded import coded_column
from hddm_sbi.design.coding import Coding, coded
from hddm_sbi.design.columns import Columns, is_sign, read_columns
from hddm_sbi.design.contrasts import Contrasts
from hddm_sbi.design.evaluation import (
    ENVIRONMENT,
    check_levels,
    evaluate_new,
    failure,
    formulae_component,
    is_factor,
    lacking_backticks,
    quiet,
)
from hddm_sbi.design.expansion import Product, read
from hddm_sbi.design.functions import BY_PARTICIPANT
from hddm_sbi.design.syntax import Source
from hddm_sbi.errors import FormulaError, HDDMWarning

FloatArray = npt.NDArray[np.float64]

# A numeric column read as a factor by mistake; smaller designs that are too rich fail the rank check.
_MANY_COLUMNS = 50
_TREATMENT = Contrasts()


@dataclass(frozen=True)
class Term:
    """One term of a formula.

    Args:
        name: ``Intercept``, ``conf``, ``conf:stim``.
        written: as a formula has it: ``1``, ``conf``, ``conf:`my stim```.
        levels: labels of the columns where the term has a factor (or several columns), else None.
        labels: full names of the columns, for messages: ``conf[LC]``.
        matrix: values on the trials, shape (trials, columns).
        variables: columns of the data that the term uses.
        factors: those of them that are factors.
        numeric: product of the term's numeric components on the trials, shape (trials, 1) or (trials, columns);
            None where there are none.
        source: the evaluated formulae term, which remembers what its transforms learnt from the data.
    """

    name: str
    written: str
    levels: tuple[str, ...] | None
    labels: tuple[str, ...]
    matrix: FloatArray
    variables: tuple[str, ...]
    factors: tuple[str, ...]
    numeric: FloatArray | None
    source: Any

    def evaluate(self, prepared: pd.DataFrame) -> FloatArray:
        """The term's columns on other rows, shape (rows, columns).

        Raises:
            DataError: a level that was not in the data, or values of another kind.
        """
        return _as_matrix(evaluate_new(self.source, prepared))


@dataclass(frozen=True)
class UserGroupTerm:
    """A term ``(x | g)`` that the user wrote: the term and the columns whose combination is the grouping factor."""

    term: Term
    factor: tuple[str, ...]


@dataclass(frozen=True)
class Side:
    """An evaluated right-hand side: population terms, the user's own group terms, and the columns in them.

    ``factors`` are the levels of the columns that are factors without a coding of their own in the formula.
    """

    common: tuple[Term, ...]
    group: tuple[UserGroupTerm, ...]
    columns: Columns
    factors: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


def evaluate_side(
    parameter: str,
    rhs: str,
    frame: pd.DataFrame,
    contrasts: Contrasts = _TREATMENT,
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
    by_factor: dict[tuple[str, ...], list[Product]] = {}
    for term in products:
        by_factor.setdefault(term.factor, []).append(term)
    common = _evaluated(source, by_factor.pop((), []), prepared, contrasts)
    group = tuple(
        UserGroupTerm(term, factor)
        for factor, terms in by_factor.items()
        for term in _evaluated(source, terms, prepared, contrasts)
    )
    _warn_of_codes(parts, prepared)
    used = {name for term in (*common, *(grouped.term for grouped in group)) for name in term.variables}
    kept = Columns({name: columns.levels[name] for name in names if name in used}, columns.participant)
    return Side(common, group, kept, _factors(parts, (*common, *(grouped.term for grouped in group))))


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


def _evaluated(
    source: Source, products: Sequence[Product], prepared: pd.DataFrame, contrasts: Contrasts
) -> tuple[Term, ...]:
    """The terms on the data, their factors coded so that together they have full rank."""
    parts = {part.name: part for product in products for part in product.components}
    try:
        with quiet():
            categoric = {part: is_factor(part, prepared) for part in parts.values()}
            terms = [_on_data(product, coding, prepared, contrasts) for product, coding in coded(products, categoric)]
    except Exception as error:
        raise failure(source, parts.values(), prepared) from error
    return tuple(_term(source.parameter, term, parts) for term in terms)


def _on_data(product: Product, coding: Coding, prepared: pd.DataFrame, contrasts: Contrasts) -> Any:
    """A new formulae term: terms that share components would overwrite each other's coding."""
    parts = (formulae_component(part, contrasts) for part in product.components)
    term = FormulaeTerm(*parts) if product.components else Intercept()
    term.set_type(prepared, ENVIRONMENT)
    term.set_data(coding)
    return term


def _term(parameter: str, source: Any, parts: Mapping[str, Component]) -> Term:
    if isinstance(source, Intercept):
        return Term("Intercept", "1", None, ("Intercept",), _as_matrix(source.data), (), (), None, source)
    matrix = _as_matrix(source.data)
    if not matrix.shape[1]:
        raise FormulaError(
            f"the term '{source.name}' of '{parameter}' has the same level on all trials, so it has no effect to "
            "estimate; drop it."
        )
    if matrix.shape[1] > max(_MANY_COLUMNS, len(matrix) / 2):
        raise FormulaError(
            f"the term '{source.name}' of '{parameter}' has {matrix.shape[1]} levels on {len(matrix)} trials, too "
            "many to tell apart; is it a number?"
        )
    if not np.isfinite(matrix).all():
        raise FormulaError(
            f"the term '{source.name}' of '{parameter}' is infinite or undefined on some rows; correct them."
        )
    labels = tuple(str(label) for label in source.labels)
    levels = source.levels
    if levels is None and matrix.shape[1] > 1:
        levels = range(matrix.shape[1])
    categoric = [component for component in source.components if component.kind == "categoric"]
    return Term(
        name=source.name,
        written=":".join(parts[component.name].written for component in source.components),
        levels=None if levels is None else tuple(str(level) for level in levels),
        labels=labels,
        matrix=matrix,
        variables=_columns(parts[component.name] for component in source.components),
        factors=_columns(parts[component.name] for component in categoric),
        numeric=_numeric_part(source, matrix),
        source=source,
    )


def _columns(parts: Iterable[Component]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part.columns))


def _numeric_part(source: Any, matrix: FloatArray) -> FloatArray | None:
    parts = [_as_matrix(component.value) for component in source.components if component.kind == "numeric"]
    if not parts:
        return None
    if all(part.shape[1] == 1 for part in parts):
        return reduce(np.multiply, parts)
    return matrix


def _as_matrix(values: Any) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    return array[:, np.newaxis] if array.ndim == 1 else array


def _warn_of_codes(parts: Iterable[Component], prepared: pd.DataFrame) -> None:
    """Warn where an integer column of two or three values, often codes of conditions, is used as a number.

    A sign is meant as one.
    """
    for part in parts:
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
