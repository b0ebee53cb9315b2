"""Contrast codings: what the coefficients of a factor are differences between.

A factor of L levels beside an intercept has L - 1 coefficients. With a contrast matrix C, shape (levels, L - 1), the
value at level k is intercept + C[k] @ coefficients. There are four:

- ``treatment``: each level's difference from the reference, by default the first level; the intercept is the reference;
- ``sum``: each level's difference from the mean of all levels, the last level (or the one that is named) left out: its
  difference is minus the sum of the others; the intercept is the mean of the levels;
- ``helmert``: each level's difference from the mean of the levels before it; the intercept is the mean of the levels.
  R's ``contr.helmert`` has the same columns in other units: its k-th coefficient is this one divided by k + 1;
- ``orthonormal``: columns of length 1 at right angles, Helmert's in other units; no coefficient has a unit of its own,
  but all levels, and all differences between two levels, are alike (Rouder, Morey, Speckman & Province 2012, Journal of
  Mathematical Psychology 56, 356-374). The intercept is the mean of the levels.

The coding says what is reported. What is sampled, and what priors are about, is the same whatever it is; see
``design.sampled``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hddm_sbi.design.columns import suggestion
from hddm_sbi.errors import ModelError

FloatArray = npt.NDArray[np.float64]

TREATMENT, SUM, HELMERT, ORTHONORMAL = "treatment", "sum", "helmert", "orthonormal"
CODINGS = (TREATMENT, SUM, HELMERT, ORTHONORMAL)
MEAN = "mean of all levels"


@dataclass(frozen=True)
class Contrast:
    """One coding of one factor.

    Args:
        word: one of ``CODINGS``.
        level: of treatment coding the reference, of sum coding the level left out; None for the first and the last.
    """

    word: str = TREATMENT
    level: object = None

    def position(self, levels: Sequence[object]) -> int | None:
        """Where the reference or the level left out stands; None for codings without, or where there is no such level.

        Args:
            levels: of the factor, in order.
        """
        if self.word not in (TREATMENT, SUM):
            return None
        if self.level is None:
            return 0 if self.word == TREATMENT else len(levels) - 1
        return next((at for at, level in enumerate(levels) if level == self.level), None)

    def matrix(self, levels: Sequence[object]) -> FloatArray:
        """The contrast matrix, shape (levels, levels - 1); ``levels`` has the level that the coding names."""
        n, at = len(levels), self.position(levels)
        if self.word == HELMERT:
            return _helmert(n)
        if self.word == ORTHONORMAL:
            return orthonormal(n)
        assert at is not None
        columns = np.delete(np.eye(n), at, axis=1)
        if self.word == SUM:
            columns[at] = -1.0
        return columns

    def labels(self, levels: Sequence[object]) -> list[str]:
        """Labels of the columns: the level that a difference is that of, or numbers from 1."""
        names, at = [str(level) for level in levels], self.position(levels)
        if self.word == ORTHONORMAL:
            return [str(column + 1) for column in range(len(names) - 1)]
        return names[1:] if at is None else names[:at] + names[at + 1 :]


def meanings(matrix: FloatArray, levels: Sequence[object]) -> list[str]:
    """What each coefficient of a contrast matrix is of the levels' values: ``LC - HC``, ``LC - mean of all levels``.

    Args:
        matrix: shape (levels, columns), with a column for each level or one less.
        levels: their labels, in order.
    """
    names, (n, columns) = [str(level) for level in levels], matrix.shape
    whole = matrix if columns == n else np.hstack([np.ones((n, 1)), matrix])
    weights = np.linalg.inv(whole)[n - columns :]
    return [_weighted(row, names) for row in weights]


def origin(matrix: FloatArray, levels: Sequence[object]) -> str | None:
    """The level that is the intercept beside a contrast matrix; None where it is the mean of all levels."""
    weights = np.linalg.inv(np.hstack([np.ones((len(matrix), 1)), matrix]))[0]
    return str(levels[int(np.argmax(weights))]) if np.isclose(weights.max(), 1.0) else None


def _weighted(weights: FloatArray, names: Sequence[str]) -> str:
    """A weighted sum of levels in words, where it is a level or its difference from others' mean."""
    n, at = len(names), int(np.argmax(weights))
    rest = np.delete(weights, at)
    others = [name for name, weight in zip(names, weights, strict=True) if weight < -1e-9]
    if np.allclose(rest, 0.0) and np.isclose(weights[at], 1.0):
        return names[at]
    if np.allclose(weights, 1.0 / n):
        return MEAN
    if np.allclose(rest, -1.0 / n) and np.isclose(weights[at], 1.0 - 1.0 / n):
        return f"{names[at]} - {MEAN}"
    alike = np.allclose(rest[rest < -1e-9], -1.0 / max(len(others), 1)) and np.isclose(weights[at], 1.0)
    if others and alike and np.allclose(rest[rest > -1e-9], 0.0):
        return f"{names[at]} - {_mean_of(others)}"
    return "a contrast without a unit of its own"


def _mean_of(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"mean of {', '.join(names)}" if len(names) <= 3 else f"mean of the {len(names)} levels before"


def _helmert(n: int) -> FloatArray:
    """Column k: level k + 1 less the mean of the levels before; columns sum to 0 and are orthogonal."""
    matrix = np.zeros((n, n - 1))
    for k in range(1, n):
        matrix[:k, k - 1] = -1.0 / (k + 1)
        matrix[k, k - 1] = k / (k + 1)
    return matrix


def orthonormal(n: int) -> FloatArray:
    """Orthonormal directions that sum to zero, shape (n, n - 1): Q'Q = I, QQ' = I - 11'/n."""
    matrix = _helmert(n)
    return matrix / np.linalg.norm(matrix, axis=0)


@dataclass(frozen=True)
class Contrasts:
    """The coding of every factor.

    Args:
        every: that of the factors that are not named.
        by_column: those of single columns.
    """

    every: Contrast = Contrast()
    by_column: Mapping[str, Contrast] = field(default_factory=dict)

    def of(self, column: str) -> Contrast:
        """The coding of a column."""
        return self.by_column.get(column, self.every)

    def check(self, factors: Mapping[str, Sequence[object]]) -> None:
        """Refuse codings of what is no factor, or with a level that the factor does not have.

        Args:
            factors: for each column that is a factor in a formula without a contrast of its own there, its levels.

        Raises:
            ModelError: names the column, or the level and those that there are.
        """
        for column, contrast in self.by_column.items():
            if column not in factors:
                known = suggestion(column, list(factors)) if factors else "no formula has one."
                raise ModelError(
                    f"contrasts names '{column}', which is no factor in any formula (a number is one in C({column}), "
                    f"and C(x, Sum) in a formula has a coding of its own); {known}"
                )
            levels = factors[column]
            if contrast.level is not None and contrast.position(levels) is None:
                listed = ", ".join(repr(level) for level in levels[:10]) + (", ..." if len(levels) > 10 else "")
                raise ModelError(
                    f"contrasts names {contrast.level!r}, which is no level of '{column}'; there are {listed}."
                )


# Treatment coding of every factor: formulae's own.
AS_FORMULAE = Contrasts()


def read_contrasts(option: object) -> Contrasts:
    """The user's ``contrasts``: a word for all factors, or a dictionary by column.

    Args:
        option: ``"sum"``, ``{"cond": "sum"}``, or, to choose the reference (of sum coding the level left out),
            ``{"cond": ("treatment", "b")}``. Factors that are not named have treatment coding.

    Raises:
        ModelError: an unknown coding, or none of these forms.
    """
    if isinstance(option, Mapping):
        return Contrasts(by_column={str(column): _contrast(value, str(column)) for column, value in option.items()})
    if isinstance(option, str):
        return Contrasts(every=_contrast(option, None))
    raise ModelError(f"contrasts must be one of {', '.join(CODINGS)}, or a dictionary by column, not {option!r}.")


def _contrast(value: object, column: str | None) -> Contrast:
    of = "" if column is None else f" of '{column}'"
    word, *rest = value if isinstance(value, tuple | list) and value else (value,)
    if not isinstance(word, str) or word not in CODINGS:
        hint = suggestion(word, CODINGS) if isinstance(word, str) else f"there are {', '.join(CODINGS)}."
        if isinstance(word, str) and word.casefold().startswith(TREATMENT) and column is not None:
            hint = f'a reference is written contrasts={{{column!r}: ("treatment", "level")}}.'
        raise ModelError(f"contrasts{of} is {value!r}, which is no coding; {hint}")
    if not rest:
        return Contrast(word)
    if len(rest) > 1 or word not in (TREATMENT, SUM):
        raise ModelError(
            f'contrasts{of} is {value!r}; write a coding alone, or ("treatment", reference) or ("sum", level left out).'
        )
    return Contrast(word, rest[0])
