"""Which cells of the design a quantity is the average of, by the rule of the posterior's ``condition``.

A factor that is left out is averaged over: all cells of the parameter's own factors that occur count the same. A
numeric column that is left out is at its mean over trials. A factor that is a number may have any other value as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hddm_sbi.design.columns import suggestion
from hddm_sbi.errors import FormulaError
from hddm_sbi.results.contrasts.asked import Asked
from hddm_sbi.results.contrasts.expression import Quantity
from hddm_sbi.trials.columns import listed, plain

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """The cells of one quantity.

    Args:
        quantity: itself.
        factors: the parameter's own factors.
        levels: their levels in each cell.
        conditions: of each cell, the conditions of the model that make it up; they differ in other parameters' factors.
        stated: values of numeric columns.
        left: factors that are left out.
    """

    quantity: Quantity
    factors: tuple[str, ...]
    levels: tuple[tuple[object, ...], ...]
    conditions: tuple[IntArray, ...]
    stated: dict[str, float]
    left: tuple[str, ...]

    @property
    def averaged(self) -> tuple[tuple[object, ...], ...]:
        """The levels of the factors that are left out, in each cell."""
        at = [self.factors.index(factor) for factor in self.left]
        return tuple(tuple(levels[i] for i in at) for levels in self.levels)


def find_cells(asked: Asked, quantity: Quantity) -> Cells:
    """The cells of a quantity.

    Raises:
        FormulaError: an unknown parameter, a column that the parameter does not depend on, an unknown level, or cells
            that do not occur.
    """
    name = quantity.parameter
    if name not in asked.names:
        raise FormulaError(_unknown_parameter(asked, name))
    between, table = _between_levels(asked, quantity), asked.conditions.table
    factors = tuple(factor for factor in asked.factors(name) if factor not in between)
    places: dict[tuple[object, ...], list[int]] = {}
    for i, levels in enumerate(zip(*(table[factor].tolist() for factor in factors), strict=True)):
        places.setdefault(tuple(map(plain, levels)), []).append(i)
    if not factors:
        places = {(): list(range(len(table)))}
    wanted, stated = _read(asked, quantity, factors, places)
    kept = {
        levels: where
        for levels, where in places.items()
        if all(levels[factors.index(factor)] == level for factor, level in wanted.items())
    }
    if not kept:
        cells = [", ".join(f"{f}={level}" for f, level in zip(factors, levels, strict=True)) for levels in places]
        raise FormulaError(
            f"no trial has the conditions of '{quantity.text}', so there is nothing to report; the cells of "
            f"'{name}' are {'; '.join(cells)}."
        )
    left = tuple(factor for factor in factors if factor not in wanted)
    conditions = tuple(np.array(where) for where in kept.values())
    return Cells(quantity, factors, tuple(kept), conditions, stated, left)


def _read(
    asked: Asked, quantity: Quantity, factors: tuple[str, ...], places: dict[tuple[object, ...], list[int]]
) -> tuple[dict[str, object], dict[str, float]]:
    """The stated levels of factors, and values of numeric columns."""
    wanted: dict[str, object] = {}
    stated: dict[str, float] = {}
    for column, text in quantity.at:
        check_column(asked, quantity, column)
        if column in wanted or column in stated:
            raise FormulaError(f"'{quantity.text}' states '{column}' twice; leave one of the two out.")
        if column not in factors:
            stated[column] = _number(quantity, column, text)
            continue
        levels = list(dict.fromkeys(cell[factors.index(column)] for cell in places))
        found = [level for level in levels if _is_level(level, text)]
        if not found:
            raise FormulaError(
                f"'{quantity.text}' names the level '{text}' of '{column}', which does not occur; its levels are "
                f"{listed(levels)}."
            )
        wanted[column] = found[0]
    return wanted, stated


def check_column(asked: Asked, quantity: Quantity, column: str) -> None:
    """Refuse a column that the parameter does not depend on.

    Raises:
        FormulaError: says what to write instead.
    """
    name = quantity.parameter
    own = asked.columns(name)
    if column in own:
        return
    known = [str(one) for one in asked.design.frame.columns]
    if column not in known:
        raise FormulaError(
            f"'{quantity.text}' names the column '{column}', which the data does not have; {suggestion(column, known)}"
        )
    parameter = asked.spec.reported.parameter(name)
    if parameter.fixed is not None:
        raise FormulaError(
            f"'{name}' is fixed at {parameter.fixed:g}, so it has no '{column}' to differ by; write '{name}' alone."
        )
    if name not in asked.design.parameters:
        raise FormulaError(f"'{name}' has one value for all trials; write '{name}' alone, without '{column}'.")
    raise FormulaError(
        f"'{name}' does not depend on '{column}' in this model, '{name} ~ {parameter.formula}'; fit it with "
        f"formula '{name} ~ {column}' to ask for its effect, or write '{name}' without '{column}'."
    )


def _between_levels(asked: Asked, quantity: Quantity) -> tuple[str, ...]:
    """The numbers among the factors that are to have another value than those that make conditions."""
    numeric, table = asked.conditions.numeric, asked.conditions.table
    return tuple(
        column
        for column, text in quantity.at
        if column in numeric and not any(_is_level(plain(level), text) for level in table[column].tolist())
    )


def _number(quantity: Quantity, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise FormulaError(
            f"'{quantity.text}' has {column}={text}, but '{column}' is numeric; write a number, such as {column}=1."
        )
    return value


def _is_level(level: object, text: str) -> bool:
    if str(level) == text:
        return True
    try:
        return not isinstance(level, str) and float(str(level)) == float(text)
    except ValueError:
        return False


def _unknown_parameter(asked: Asked, name: str) -> str:
    """What to write for a name that is no parameter: perhaps it is a coefficient."""
    for parameter in asked.spec.reported.parameters:
        for term in parameter.common:
            if term.reported.variable == name and name != parameter.name:
                instead = _meaning(asked, parameter.name, term.name)
                return f"'{name}' is a coefficient, and contrasts are of parameters; write {instead}."
        if name == f"{parameter.name}_mean":
            return f"'{name}' is no parameter; write '{parameter.name}', with of='mean'."
        if asked.groupby is not None and name == f"{parameter.name}_{asked.groupby}":
            return f"'{name}' is no parameter; write '{parameter.name}', with of='participants'."
    known = list(asked.names)
    return f"the model has no parameter '{name}'; {suggestion(name, known)}"


def _meaning(asked: Asked, parameter: str, term: str) -> str:
    """The contrast that a coefficient is about, for terms of one column; else its parameter."""
    if term in asked.factors(parameter) and term not in asked.conditions.numeric:
        levels = list(dict.fromkeys(asked.conditions.table[term].tolist()))
        last, first = (f"{parameter}[{term}={plain(level)}]" for level in (levels[-1], levels[0]))
        return f"'{last} - {first}'"
    if term in asked.columns(parameter):
        return f"'slope({parameter}, {term})'"
    return f"differences of '{parameter}' between conditions, such as '{parameter}[x=a] - {parameter}[x=b]'"
