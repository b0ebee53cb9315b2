"""Row filters such as ``phase == 'test' and block > 1``: parsed and compared, never evaluated as Python."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import listed, plain
from hddm_sbi.trials.missing import is_missing

BoolArray = npt.NDArray[np.bool_]

Test = Callable[[pd.DataFrame], BoolArray]

_QUOTED = re.compile(r"`([^`]+)`")
_LONGEST = 2_000
_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
_ALLOWED = (
    "comparisons (==, !=, <, <=, >, >=, in, not in, is None) of columns with text or numbers, joined by and, or, not, "
    "such as where=\"phase == 'test' and block > 1\""
)


@dataclass(frozen=True)
class Where:
    """A filter of rows.

    Args:
        text: as the user wrote it.
        columns: the names in it.
        rows: which rows of a table pass; a missing value passes no comparison but ``!=``, ``not in`` and ``is None``.
    """

    text: str
    columns: frozenset[str]
    rows: Test


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
        parser = _Parser(text, quoted)
        test = parser.test(tree)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise DataError(f"where={_short(repr(text))} cannot be read; it takes {_ALLOWED}.") from error
    return Where(text, frozenset(parser.columns), test)


class _Parser:
    """From Python's syntax tree to tests of rows; any other kind of node is refused."""

    def __init__(self, text: str, quoted: Sequence[str]) -> None:
        self._text = text
        self._quoted = quoted
        self.columns: set[str] = set()

    def test(self, node: ast.expr) -> Test:
        """The test that an expression states."""
        if isinstance(node, ast.BoolOp):
            return _joined([self.test(value) for value in node.values], all_of_them=isinstance(node.op, ast.And))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.test(node.operand)
            return lambda frame: ~inner(frame)
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            pairs = zip(sides, node.ops, node.comparators, strict=False)
            return _joined([self._comparison(*pair) for pair in pairs], all_of_them=True)
        name = self._name(node)
        if name is None:
            raise self._refused()
        return lambda frame: _equal(_column(name, frame), True)  # a column of true and false

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Test:
        name, other = self._name(left), self._name(right)
        if name is None:
            if other is None or isinstance(op, (ast.In, ast.NotIn, ast.Is, ast.IsNot)):
                raise self._refused()
            return self._comparison(right, _MIRRORED.get(type(op), type(op))(), left)
        if isinstance(op, (ast.Is, ast.IsNot)):
            if not (isinstance(right, ast.Constant) and right.value is None):
                raise self._refused()
            return _unless(isinstance(op, ast.IsNot), lambda frame: is_missing(_column(name, frame)))
        if isinstance(op, (ast.In, ast.NotIn)):
            if not isinstance(right, (ast.List, ast.Tuple, ast.Set)):
                raise self._refused()
            entries = [self._constant(entry) for entry in right.elts]
            return _unless(isinstance(op, ast.NotIn), lambda frame: _among(_column(name, frame), entries))
        if other is not None:
            return _of_columns(name, op, other)
        value = self._constant(right)
        if isinstance(op, (ast.Eq, ast.NotEq)):
            return _unless(isinstance(op, ast.NotEq), lambda frame: _equal(_column(name, frame), value))
        if isinstance(value, str):
            raise DataError(f"where compares column '{name}' with {value!r} by order; that takes a number.")
        compare = _ORDER[type(op)]
        return lambda frame: _bools(compare(_numeric(_column(name, frame)), value))

    def _name(self, node: ast.expr) -> str | None:
        """The column that a node names, with dots as Python takes for attributes; None if it is no name."""
        found = self._spelled(node)
        if found is not None:
            self.columns.add(found)
        return found

    def _spelled(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Attribute):
            owner = self._spelled(node.value)
            return None if owner is None else f"{owner}.{node.attr}"
        if not isinstance(node, ast.Name):
            return None
        place = re.fullmatch(r"quoted_name_(\d+)_", node.id)
        return self._quoted[int(place[1])] if place and int(place[1]) < len(self._quoted) else node.id

    def _constant(self, node: ast.expr) -> float | str | bool:
        sign = 1
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            sign, node = -1, node.operand
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, (int, float)) and not (isinstance(value, bool) and sign < 0):
            return value if sign > 0 else -value
        if isinstance(value, str) and sign > 0:
            return value
        raise self._refused()

    def _refused(self) -> DataError:
        return DataError(f"where={_short(repr(self._text))} does more than compare columns; it takes {_ALLOWED}.")


def _joined(tests: Sequence[Test], *, all_of_them: bool) -> Test:
    join = np.logical_and if all_of_them else np.logical_or
    return lambda frame: join.reduce([test(frame) for test in tests])


def _unless(negated: bool, test: Test) -> Test:
    return (lambda frame: ~test(frame)) if negated else test


def _of_columns(name: str, op: ast.cmpop, other: str) -> Test:
    def test(frame: pd.DataFrame) -> BoolArray:
        one, two = _column(name, frame), _column(other, frame)
        if type(op) in _ORDER:
            return _bools(_ORDER[type(op)](_numeric(one), _numeric(two)))
        return _bools(_text(one) == _text(two))

    return _unless(isinstance(op, ast.NotEq), test)


def _column(name: str, frame: pd.DataFrame) -> pd.Series:
    if name not in frame.columns:
        raise DataError(
            f"where names '{name}', which is no column of the file; its columns are {listed(frame.columns)}."
        )
    return frame[name]


def _among(column: pd.Series, entries: Sequence[object]) -> BoolArray:
    found = np.zeros(len(column), dtype=np.bool_)
    for entry in entries:
        found |= _equal(column, entry)
    return found


def _equal(column: pd.Series, value: object) -> BoolArray:
    """Rows that equal a value; text that reads as the number or the truth value equals it."""
    if isinstance(value, bool):
        return _bools(_text(column).str.lower().isin(["true", "1"] if value else ["false", "0"]))
    if isinstance(value, str):
        return _bools(_text(column) == value)
    return _bools(_numeric(column) == value)


def _text(column: pd.Series) -> pd.Series:
    """Cells as people write them, 1 for 1.0."""
    if pd.api.types.is_float_dtype(column.dtype):
        return pd.Series([str(plain(cell)) for cell in column], index=column.index, dtype=object)
    return column.astype(str).str.strip()


def _numeric(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column.astype(object), errors="coerce").astype(float)


def _bools(values: object) -> BoolArray:
    return np.asarray(values, dtype=np.bool_)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:80] + " ..."
