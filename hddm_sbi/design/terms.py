"""Right-hand sides to terms and their design matrices: the only place that knows the formulae library."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from formulae.environment import Environment
from formulae.matrices import DesignMatrices
from formulae.model_description import model_description
from formulae.terms.call import Call
from formulae.terms.terms import GroupSpecificTerm, Intercept
from formulae.terms.variable import Variable
from formulae.transforms import TRANSFORMS

from hddm_sbi.design.columns import Columns, read_columns
from hddm_sbi.errors import FormulaError, HDDMWarning

FloatArray = npt.NDArray[np.float64]

# What a formula can call besides formulae's own transforms (center, scale, C, I, bs, poly, ...).
FUNCTIONS: dict[str, Any] = {
    "np": np,
    **{name: getattr(np, name) for name in ("log", "log2", "log10", "exp", "sqrt", "abs", "sin", "cos")},
}
# A numeric column read as a factor by mistake; smaller designs that are too rich fail the rank check.
_MANY_COLUMNS = 50
_KNOWN_NAMES = {*TRANSFORMS, *FUNCTIONS, "Treatment", "Sum"}


@dataclass(frozen=True)
class Term:
    """One term of a formula.

    Args:
        name: as formulae writes it: ``Intercept``, ``conf``, ``conf:stim``.
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
    levels: tuple[str, ...] | None
    labels: tuple[str, ...]
    matrix: FloatArray
    variables: tuple[str, ...]
    factors: tuple[str, ...]
    numeric: FloatArray | None
    source: Any

    def evaluate(self, prepared: pd.DataFrame) -> FloatArray:
        """The term's columns on other rows, shape (rows, columns)."""
        return _as_matrix(self.source.eval_new_data(prepared))


@dataclass(frozen=True)
class UserGroupTerm:
    """A term ``(x | g)`` that the user wrote: the term and the columns whose combination is the grouping factor."""

    term: Term
    factor: tuple[str, ...]


@dataclass(frozen=True)
class Side:
    """An evaluated right-hand side: population terms, the user's own group terms, and the columns in them."""

    common: tuple[Term, ...]
    group: tuple[UserGroupTerm, ...]
    columns: Columns


def evaluate_side(parameter: str, rhs: str, frame: pd.DataFrame) -> Side:
    """Terms of the right-hand side ``rhs`` on the rows of ``frame``.

    Raises:
        FormulaError: it does not parse, names a missing column, meets missing values, or cannot be evaluated.
    """
    description = _parse(parameter, rhs)
    names = _column_names(description.terms, frame)
    columns = read_columns(frame, names, parameter)
    prepared = columns.prepare(frame)
    with _explained(f"the formula '{parameter} ~ {rhs}' cannot be evaluated"):
        DesignMatrices(description, prepared, Environment([FUNCTIONS]))
    common = tuple(_term(parameter, term) for term in description.common_terms)
    group = tuple(
        UserGroupTerm(_term(parameter, term.expr), _factor_columns(parameter, term)) for term in description.group_terms
    )
    _warn_of_codes(description.terms, prepared)
    used = {name for term in (*common, *(grouped.term for grouped in group)) for name in term.variables}
    return Side(common, group, Columns({name: columns.levels[name] for name in names if name in used}))


def _parse(parameter: str, rhs: str) -> Any:
    with _explained(f"the formula '{parameter} ~ {rhs}' cannot be read"):
        description = model_description(rhs)
    if description.response is not None:
        raise FormulaError(f"the formula '{parameter} ~ {rhs}' has more than one '~'.")
    # formulae lets the terms of `x / g` share one component, whose coding the last term then overwrites
    description.common_terms = [deepcopy(term) for term in description.common_terms]
    description.group_terms = [deepcopy(term) for term in description.group_terms]
    return description


class _Complaints(logging.Handler):
    """Keeps formulae's log messages: it only logs where it reads a formula otherwise than written."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(" ".join(record.getMessage().split()))


@contextlib.contextmanager
def _explained(what: str) -> Iterator[None]:
    """Turn whatever formulae raises, prints or logs into one FormulaError that starts with ``what``."""
    complaints, logger = _Complaints(), logging.getLogger("formulae")
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(complaints)
    try:
        # what is infinite or undefined is refused by name later
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            yield
    except FormulaError:
        raise
    except KeyError as error:
        raise FormulaError(f"{what}: there is no function or column {error}.") from error
    except Exception as error:
        raise FormulaError(f"{what}: {str(error).rstrip('.') or type(error).__name__}.") from error
    finally:
        logger.removeHandler(complaints)
        logger.propagate = propagate
    if complaints.messages:
        raise FormulaError(f"{what}: {complaints.messages[0]}")


def _components(term: Any) -> list[Any]:
    """Variables and calls of a term, those of the grouping factor included."""
    if isinstance(term, GroupSpecificTerm):
        return _components(term.expr) + _components(term.factor)
    return [] if isinstance(term, Intercept) else list(term.components)


def _column_names(terms: list[Any], frame: pd.DataFrame) -> list[str]:
    names: list[str] = []
    for term in terms:
        for component in _components(term):
            names += _component_columns(component, frame)
    return list(dict.fromkeys(names))


def _component_columns(component: Any, frame: pd.DataFrame | None = None) -> list[str]:
    if isinstance(component, Variable):
        return [component.name]
    # calls also report literals, keywords' values and functions
    return [
        name
        for name in sorted(map(str, component.var_names))
        if (frame is not None and name in frame.columns) or (name.isidentifier() and name not in _KNOWN_NAMES)
    ]


def _term(parameter: str, source: Any) -> Term:
    if isinstance(source, Intercept):
        return Term("Intercept", None, ("Intercept",), _as_matrix(source.data), (), (), None, source)
    if source.kind in ("offset", "proportion"):
        raise FormulaError(f"the formula for '{parameter}' has '{source.name}', but there are no {source.kind}s here.")
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
        levels=None if levels is None else tuple(str(level) for level in levels),
        labels=labels,
        matrix=matrix,
        variables=_unique_columns(source.components),
        factors=_unique_columns(categoric),
        numeric=_numeric_part(source, matrix),
        source=source,
    )


def _unique_columns(components: list[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for component in components for name in _component_columns(component)))


def _numeric_part(source: Any, matrix: FloatArray) -> FloatArray | None:
    parts = [_as_matrix(component.value) for component in source.components if component.kind == "numeric"]
    if not parts:
        return None
    if all(part.shape[1] == 1 for part in parts):
        return reduce(np.multiply, parts)
    return matrix


def _factor_columns(parameter: str, term: GroupSpecificTerm) -> tuple[str, ...]:
    for component in term.factor.components:
        if isinstance(component, Call):
            raise FormulaError(
                f"the formula for '{parameter}' groups by '{component.name}'; group by a column of the data itself."
            )
    return tuple(component.name for component in term.factor.components)


def _as_matrix(values: Any) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    return array[:, np.newaxis] if array.ndim == 1 else array


def _warn_of_codes(terms: list[Any], prepared: pd.DataFrame) -> None:
    """Warn where an integer column of two or three values, often codes of conditions, is used as a number."""
    for term in terms:
        expression = term.expr if isinstance(term, GroupSpecificTerm) else term
        for component in _components(expression):
            if not isinstance(component, Variable) or component.kind != "numeric":
                continue
            values = prepared[component.name].unique()
            if prepared[component.name].dtype.kind == "i" and len(values) in (2, 3):
                listed = ", ".join(str(value) for value in sorted(values.tolist()))
                warnings.warn(
                    f"the column '{component.name}' has only the values {listed} and is used as a number; "
                    f"write C({component.name}) if they are conditions.",
                    HDDMWarning,
                    stacklevel=2,
                )
