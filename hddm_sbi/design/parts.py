"""What a term is a product of: factors with their contrasts, and numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from hddm_sbi.design.terms import Term

FloatArray = npt.NDArray[np.float64]

# What rounding leaves of the mean of scale(x), and of its standard deviation less 1.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Part:
    """A component of a term.

    Args:
        name: as the formula has it, without backticks.
        levels: of a factor, in order; None for numbers.
        contrast: of a factor, shape (levels, columns): the columns at each level; None for numbers.
        values: of numbers, on the trials, shape (trials, columns); None for factors.
    """

    name: str
    levels: tuple[object, ...] | None
    contrast: FloatArray | None
    values: FloatArray | None

    @property
    def columns(self) -> int:
        """Their number."""
        array = self.values if self.contrast is None else self.contrast
        assert array is not None
        return int(array.shape[1])

    @property
    def is_factor(self) -> bool:
        """Whether it has levels."""
        return self.contrast is not None

    @property
    def is_full(self) -> bool:
        """Whether it is a factor with a column for each level, so that it can take the place of an intercept."""
        return self.contrast is not None and self.contrast.shape[0] == self.contrast.shape[1]

    @property
    def centre(self) -> FloatArray:
        """Of numbers, where their origin is: their mean over the trials, the middle of two values, shape (columns,)."""
        assert self.values is not None
        return np.array([_middle(column) for column in self.values.T])

    @property
    def scale(self) -> FloatArray:
        """Standard deviations of numbers over the trials, the distance of two values; ones for factors, (columns,)."""
        return np.ones(self.columns) if self.values is None else np.array([spread(column) for column in self.values.T])

    @property
    def is_two_valued(self) -> bool:
        """Whether it is one number that has two values, like the levels of a factor."""
        return self.values is not None and self.columns == 1 and _is_two_valued(self.values[:, 0])


def parts_of(term: Term) -> tuple[Part, ...]:
    """The components of a term, in the order that its columns are a product in; none for an intercept."""
    parts = []
    for component in getattr(term.source, "components", ()):
        if component.kind == "categoric":
            contrast = np.asarray(component.contrast_matrix.matrix, dtype=np.float64)
            parts.append(Part(component.name, tuple(component.levels), contrast, None))
        else:
            values = np.asarray(component.value, dtype=np.float64)
            parts.append(Part(component.name, None, None, values.reshape(len(values), -1)))
    return tuple(parts)


def scales_of(parts: Sequence[Part]) -> FloatArray:
    """The products of their scales, one for each column of the term that they make, shape (columns,)."""
    found: FloatArray = np.ones(1)
    for part in parts:
        found = np.asarray(np.kron(found, part.scale))
    return found


def unit_of(parts: Sequence[Part], centred: Collection[str]) -> float:
    """The spread of the product of a term's numbers, over its columns the mean; 1 without numbers.

    Args:
        parts: of the term.
        centred: names of the numbers that are distances from their centre.
    """
    numbers = [part for part in parts if part.values is not None]
    unit = float(np.prod([part.scale[0] for part in numbers if part.is_two_valued]))
    rest = [
        part.values - part.centre if part.name in centred else part.values
        for part in numbers
        if part.values is not None and not part.is_two_valued
    ]
    return unit * float(np.mean([spread(column) for column in reduce(_rowwise, rest).T])) if rest else unit


def spread(column: FloatArray) -> float:
    """The standard deviation of numbers, of two values their distance; 1 for a constant."""
    found = float(np.ptp(column)) if _is_two_valued(column) else float(column.std())
    return 1.0 if found == 0.0 or abs(found - 1.0) < _ROUNDING else found


def _middle(column: FloatArray) -> float:
    middle = 0.5 * (column.min() + column.max()) if _is_two_valued(column) else column.mean()
    return 0.0 if abs(middle) < _ROUNDING * np.ptp(column) else float(middle)


def _is_two_valued(column: FloatArray) -> bool:
    return len(np.unique(column)) == 2


def _rowwise(left: FloatArray, right: FloatArray) -> FloatArray:
    return (left[:, :, np.newaxis] * right[:, np.newaxis, :]).reshape(len(left), -1)
