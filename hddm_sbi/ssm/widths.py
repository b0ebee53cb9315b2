"""Widths of ranges of starting points, which must fit around their starting point z: the one owner of that rule.

A width w (``sz``) lies below its room, twice the distance from z to the nearer boundary, which may differ by
participant and condition. Supports, boxes, links and priors are therefore those of the proportion w / room. Two vectors
thus describe a row: ``proportions``, and ``theta``, with widths, which the process takes; they differ in nothing else.
A width that does not fit is impossible: a constant one around a z that reaches too far, or one whose proportion another
link than the logit leaves unbounded.

The rule is stated for arrays and tensors (``room``, ``fits``) and for compiled code (``room_at``, ``fits_at``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.compiling import internal

FloatArray = npt.NDArray[np.float64]


class Width(NamedTuple):
    """A width of a range of starting points, and the starting point, by their places among the parameters.

    Args:
        at: of the width.
        start: of the starting point.
    """

    at: int
    start: int


def room(z: Any, minimum: Callable[[Any, Any], Any] = np.minimum) -> Any:
    """The room around z, which a width lies below: 2 min(z, 1 - z).

    Args:
        z: relative starting points, an array; or a tensor, with ``torch.minimum``.
        minimum: the lesser of two, by element.
    """
    return 2.0 * minimum(z, 1.0 - z)


def fits(width: Any, largest: Any) -> Any:
    """Whether widths lie in their room, numbers, arrays or tensors; a width of zero does around any z."""
    return (width == 0.0) | ((width > 0.0) & (width < largest))


fits_at = internal(fits)


@internal
def room_at(z: float) -> tuple[float, float]:
    """``room`` for compiled code, and its derivative: in the middle the mean of both sides, as torch has it."""
    return (2.0 * z, 2.0) if z < 0.5 else (2.0 * (1.0 - z), -2.0 if z > 0.5 else 0.0)


def in_words(z: str) -> str:
    """The room around the starting point of this name, in an equation."""
    return f"2 min({z}, 1 - {z})"


def to_theta(proportions: FloatArray, widths: Sequence[Width], nearer: FloatArray | None = None) -> FloatArray:
    """Theta from proportions, both (..., parameters).

    Args:
        proportions: parameter vectors.
        widths: the parameters that are proportions of their room.
        nearer: vectors of the same shape whose starting points say which boundary is the nearer one, so that there is
            no kink between a z and points beside it.
    """
    theta = proportions.copy()
    for at, start in widths:
        z = proportions[..., start]
        theta[..., at] *= room(z) if nearer is None else _beside(z, nearer[..., start])[0]
    return theta


def to_proportions(theta: FloatArray, widths: Sequence[Width]) -> FloatArray:
    """Proportions from theta, both (..., parameters): the inverse of ``to_theta``."""
    proportions = np.array(theta, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        for at, start in widths:
            proportions[..., at] /= room(proportions[..., start])
    return proportions


def by_proportions(
    proportions: FloatArray, by_theta: FloatArray, widths: Sequence[Width], nearer: FloatArray
) -> FloatArray:
    """Derivatives by proportions from those by theta, all (..., parameters); see ``to_theta`` for ``nearer``."""
    result = by_theta.copy()
    for at, start in widths:
        largest, slope = _beside(proportions[..., start], nearer[..., start])
        result[..., start] += by_theta[..., at] * proportions[..., at] * slope
        result[..., at] = by_theta[..., at] * largest
    return result


def _beside(z: FloatArray, nearer: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Twice the distance from z to the boundary that is the nearer one at ``nearer``, and its derivative."""
    below = nearer < 0.5
    return np.where(below, 2.0 * z, 2.0 * (1.0 - z)), np.where(below, 2.0, -2.0)
