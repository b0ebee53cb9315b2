"""Formulas in a peer's names, such as ``"2 * B / noise"``: what they mention, and their value.

They are constants of this package, which documents show as they stand. Names may have a dot, ``ICPoint.x0``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from types import CodeType, SimpleNamespace
from typing import Any

import numpy as np


def _pnorm(x: Any) -> Any:
    from scipy.special import ndtr

    return ndtr(x)


_FUNCTIONS: dict[str, Any] = {
    "arctan": np.arctan,
    "exp": np.exp,
    "minimum": np.minimum,
    "pnorm": _pnorm,
    "sqrt": np.sqrt,
}


@cache
def names_in(formula: str) -> frozenset[str]:
    """The parameters that a formula mentions."""
    found: set[str] = set()
    owners: set[str] = set()
    for node in ast.walk(ast.parse(formula, mode="eval")):
        if isinstance(node, ast.Attribute):
            assert isinstance(node.value, ast.Name)
            owners.add(node.value.id)
            found.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.Name):
            found.add(node.id)
    return frozenset(found - owners - _FUNCTIONS.keys())


@cache
def _compiled(formula: str) -> CodeType:
    return compile(formula, "<formula>", "eval")


def value(formula: str, parameters: Mapping[str, Any]) -> Any:
    """The value of a formula.

    Args:
        formula: one of this package's.
        parameters: numbers, arrays, or columns and arrays with labels, which the value keeps.
    """
    names: dict[str, Any] = dict(_FUNCTIONS)
    for name in names_in(formula):
        owner, dot, attribute = name.partition(".")
        if dot:
            names.setdefault(owner, SimpleNamespace())
            setattr(names[owner], attribute, parameters[name])
        else:
            names[name] = parameters[name]
    with np.errstate(all="ignore"):  # what comes of it is checked
        return eval(_compiled(formula), {"__builtins__": {}}, names)
