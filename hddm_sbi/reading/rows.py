"""Row filters such as ``phase == 'test' and block > 1``: parsed and compared, never evaluated as Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import listed
from hddm_sbi.trials.missing import is_missing

BoolArray = npt.NDArray[np.bool_]

_QUOTED = re.compile(r"`([^`]+)`")
_LONGEST = 2_000
_ORDER: dict[type[ast.cmpop], Callable[[pd.Series, float], pd.Series]] = {
    ast.Lt: pd.Series.lt,
    ast.LtE: pd.Series.le,
    ast.Gt: pd.Series.gt,
    ast.GtE: pd.Series.ge,
}
_ALLOWED = (
    "comparisons (==, !=, <, <=, >, >=, in, not in, is None) of columns with text or numbers, joined by and, or, not, "
    "such as where=\"phase == 'test' and block > 1\""
)


@dataclass(frozen=True)
class Where:
    """A filter of rows.

    Args:
        text: as the user wrote it.
        tree: parsed, of allowed nodes only.
        columns: the names in it.
    """

    text: str
    tree: ast.expr
    columns: frozenset[str]

    def rows(self, frame: pd.DataFrame) -> BoolArray:
        """Which rows of a table pass; a missing value passes no comparison but ``!=``, ``not in`` and ``is None``."""
        return _rows(self.tree, frame)


def parse_where(text: str) -> Where:
    """A filter, checked before it meets any data; names with dots stand as they are, others in backticks.

    Raises:
        DataError: it is more than a filter may be, or does not parse.
    """
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
        raise DataError(f"where is {_short(repr(text))}; it takes {_ALLOWED}.")
    quoted: list[str] = []

    def hidden(match: re.Match[str]) -> str:
        quoted.append(match[1])
        return f"quoted_name_{len(quoted) - 1}_"

    try:
        tree = ast.parse(_QUOTED.sub(hidden, text.strip()), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise DataError(f"where={text!r} cannot be read; it takes {_ALLOWED}, odd names in backticks.") from error
    tree = _Names(quoted).visit(tree)
    columns: set[str] = set()
    _check(tree, text, columns)
    return Where(text, tree, frozenset(columns))


class _Names(ast.NodeTransformer):
    """Columns by their names: what was in backticks, and names with dots, which Python takes for attributes."""

    def __init__(self, quoted: list[str]) -> None:
        self._quoted = quoted

    def visit_Name(self, node: ast.Name) -> ast.AST:
        place = re.fullmatch(r"quoted_name_(\d+)_", node.id)
        known = place and int(place[1]) < len(self._quoted)
        return ast.Name(self._quoted[int(place[1])] if place and known else node.id, node.ctx)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        owner = self.visit(node.value)
        return ast.Name(f"{owner.id}.{node.attr}", node.ctx) if isinstance(owner, ast.Name) else node


def _check(node: ast.expr, text: str, columns: set[str]) -> None:
    if isinstance(node, ast.BoolOp):
        for value in node.values:
            _check(value, text, columns)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        _check(node.operand, text, columns)
    elif isinstance(node, ast.Name):
        columns.add(node.id)
    elif isinstance(node, ast.Compare):
        for left, op, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            _check_comparison(left, op, right, text)
        columns |= {side.id for side in (node.left, *node.comparators) if isinstance(side, ast.Name)}
    else:
        raise _refused(text)


def _check_comparison(left: ast.expr, op: ast.cmpop, right: ast.expr, text: str) -> None:
    if isinstance(op, (ast.In, ast.NotIn)):
        fine = isinstance(left, ast.Name) and isinstance(right, (ast.List, ast.Tuple, ast.Set))
        fine = fine and all(_is_constant(entry) for entry in getattr(right, "elts", ()))
    elif isinstance(op, (ast.Is, ast.IsNot)):
        fine = isinstance(left, ast.Name) and isinstance(right, ast.Constant) and right.value is None
    else:
        fine = isinstance(op, (ast.Eq, ast.NotEq, *_ORDER)) and all(
            isinstance(side, ast.Name) or _is_constant(side) for side in (left, right)
        )
        fine = fine and (isinstance(left, ast.Name) or isinstance(right, ast.Name))
    if not fine:
        raise _refused(text)


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return isinstance(node.operand, ast.Constant) and type(node.operand.value) in (int, float)
    return isinstance(node, ast.Constant) and type(node.value) in (int, float, str, bool)


def _refused(text: str) -> DataError:
    return DataError(f"where={_short(repr(text))} does more than compare columns; it takes {_ALLOWED}.")


def _rows(node: ast.expr, frame: pd.DataFrame) -> BoolArray:
    if isinstance(node, ast.BoolOp):
        parts = [_rows(value, frame) for value in node.values]
        return np.logical_and.reduce(parts) if isinstance(node.op, ast.And) else np.logical_or.reduce(parts)
    if isinstance(node, ast.UnaryOp):
        return ~_rows(node.operand, frame)
    if isinstance(node, ast.Name):  # a column of true and false
        return _equal(_column(node.id, frame), True)
    assert isinstance(node, ast.Compare)
    sides = [node.left, *node.comparators]
    parts = [
        _compared(left, op, right, frame) for left, op, right in zip(sides, node.ops, node.comparators, strict=False)
    ]
    return np.logical_and.reduce(parts)


def _compared(left: ast.expr, op: ast.cmpop, right: ast.expr, frame: pd.DataFrame) -> BoolArray:
    if not isinstance(left, ast.Name):
        left, right, op = right, left, _MIRRORED.get(type(op), type(op))()
    column = _column(left.id, frame)  # type: ignore[attr-defined]  # _check_comparison has seen to it
    if isinstance(op, (ast.Is, ast.IsNot)):
        missing = is_missing(column)
        return missing if isinstance(op, ast.Is) else ~missing
    if isinstance(op, (ast.In, ast.NotIn)):
        entries = [_value(entry) for entry in right.elts]  # type: ignore[attr-defined]
        inside = np.logical_or.reduce(
            [np.zeros(len(column), dtype=bool), *(_equal(column, entry) for entry in entries)]
        )
        return inside if isinstance(op, ast.In) else ~inside
    if isinstance(right, ast.Name):
        return _columns_compared(column, op, _column(right.id, frame))
    value = _value(right)
    if isinstance(op, (ast.Eq, ast.NotEq)):
        equal = _equal(column, value)
        return equal if isinstance(op, ast.Eq) else ~equal
    return np.asarray(_ORDER[type(op)](_numeric(column), _number(value, left.id)), dtype=bool)  # type: ignore[attr-defined]


_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}


def _columns_compared(one: pd.Series, op: ast.cmpop, other: pd.Series) -> BoolArray:
    if type(op) in _ORDER:
        return np.asarray(_ORDER[type(op)](_numeric(one), _numeric(other)), dtype=bool)  # type: ignore[arg-type]
    equal = np.asarray(one.astype(str) == other.astype(str), dtype=bool)
    return equal if isinstance(op, ast.Eq) else ~equal


def _column(name: str, frame: pd.DataFrame) -> pd.Series:
    if name not in frame.columns:
        raise DataError(
            f"where names '{name}', which is no column of the file; its columns are {listed(frame.columns)}."
        )
    return frame[name]


def _equal(column: pd.Series, value: object) -> BoolArray:
    """Rows that equal a value; text that reads as the number or the truth value equals it."""
    text = column.astype(str).str.strip()
    if isinstance(value, bool):
        return np.asarray(text.str.lower().isin(["true", "1", "1.0"] if value else ["false", "0", "0.0"]), dtype=bool)
    if isinstance(value, str):
        return np.asarray(text == value, dtype=bool)
    return np.asarray(_numeric(column) == value, dtype=bool)


def _numeric(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column.astype(object), errors="coerce").astype(float)


def _number(value: object, name: str) -> float:
    if isinstance(value, (int, float)):
        return float(value)
    raise DataError(f"where compares column '{name}' with {value!r} by order; that takes a number.")


def _value(node: ast.expr) -> object:
    return ast.literal_eval(node)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:80] + " ..."
