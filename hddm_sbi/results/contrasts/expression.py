"""A contrast as a tree: quantities of the model, numbers, and arithmetic between them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Number:
    """A number that is written out."""

    value: float


@dataclass(frozen=True)
class Quantity:
    """A parameter where some columns have stated values: ``v[conf=LC, theta=1]``.

    Args:
        parameter: its name.
        at: columns and their values, as text, in the order in which they are written.
        text: the quantity as it is written.
    """

    parameter: str
    at: tuple[tuple[str, str], ...]
    text: str


@dataclass(frozen=True)
class Slope:
    """By how much a quantity changes per unit of a numeric column: ``slope(v[conf=LC], theta)``."""

    of: Quantity
    column: str
    text: str


@dataclass(frozen=True)
class Operation:
    """Two expressions with one of ``+ - * /`` between them."""

    sign: str
    left: Expression
    right: Expression


Leaf: TypeAlias = Quantity | Slope
Expression: TypeAlias = Number | Quantity | Slope | Operation

_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def evaluate(expression: Expression, value_of: Callable[[Leaf], Any]) -> Any:
    """The value of an expression from those of its leaves: arrays, numbers, or whatever has arithmetic."""
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Operation):
        left, right = (evaluate(side, value_of) for side in (expression.left, expression.right))
        return _OPERATIONS[expression.sign](left, right)
    return value_of(expression)


def leaves(expression: Expression) -> Iterator[Leaf]:
    """Quantities and slopes, in the order in which they are written."""
    if isinstance(expression, Operation):
        yield from leaves(expression.left)
        yield from leaves(expression.right)
    elif not isinstance(expression, Number):
        yield expression


def quantities_in(expression: Expression) -> tuple[Quantity, ...]:
    """The quantities, those that slopes are of among them."""
    return tuple(leaf.of if isinstance(leaf, Slope) else leaf for leaf in leaves(expression))


def parameters_in(expression: Expression) -> tuple[str, ...]:
    """Names of the parameters, each once."""
    return tuple(dict.fromkeys(quantity.parameter for quantity in quantities_in(expression)))


def moved(quantity: Quantity, column: str, value: float) -> Quantity:
    """The quantity where a numeric column has another value."""
    others = tuple((name, text) for name, text in quantity.at if name != column)
    return replace(quantity, at=(*others, (column, repr(float(value)))))


def is_share_of_itself(expression: Expression) -> bool:
    """Whether an expression is a ratio that is 1 where no condition makes a difference: ``a[cond=x] / a[cond=y]``."""
    if not isinstance(expression, Operation) or expression.sign != "/":
        return False
    names = parameters_in(expression)
    if len(names) != 1:
        return False
    values = [_without_effects(expression, level) for level in (1.7, 2.9)]
    return all(value is not None and abs(value - 1.0) < 1e-12 for value in values)


def _without_effects(expression: Expression, level: float) -> float | None:
    """Its value where the parameter has the same value in all conditions; None where that divides by zero."""
    try:
        return float(evaluate(expression, lambda leaf: 0.0 if isinstance(leaf, Slope) else level))
    except ZeroDivisionError:
        return None
