"""Terms and their design matrices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from formulae.terms.terms import Intercept
from formulae.terms.terms import Term as FormulaeTerm

from hddm_sbi.design.calls import Component
from hddm_sbi.design.coding import Coding, coded
from hddm_sbi.design.contrasts import Contrasts
from hddm_sbi.design.evaluation import (
    ENVIRONMENT,
    evaluate_new,
    failure,
    formulae_component,
    is_factor,
    quiet,
)
from hddm_sbi.design.products import Product
from hddm_sbi.design.syntax import Source
from hddm_sbi.errors import FormulaError

FloatArray = npt.NDArray[np.float64]

# A numeric column read as a factor by mistake; smaller designs that are too rich fail the rank check.
_MANY_COLUMNS = 50


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


def evaluated(
    source: Source, products: Sequence[Product], prepared: pd.DataFrame, contrasts: Contrasts
) -> tuple[Term, ...]:
    """The terms on the data, their factors coded so that together they have full rank.

    Args:
        source: the formula, for messages.
        products: its population terms, or those of one bracket.
        prepared: the columns that it names.
        contrasts: the coding of factors whose coding the formula does not state.

    Raises:
        FormulaError: a term that cannot be evaluated, that does not vary, or that is infinite or undefined somewhere.
    """
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
