"""Widths of ranges of starting points, which must fit around their starting point z.

A width w (``sz``) lies below its room 2 min(z, 1 - z), which may differ by participant and condition. What is
estimated, with link and prior, is therefore the proportion w / (2 min(z, 1 - z)) of it. Two vectors thus describe a
design row: ``values``, with proportions, on the natural scales of the links, and ``theta``, with widths, which the
process takes. A width that does not fit is impossible: a constant one around a z that reaches too far, or one whose
proportion another link than the logit leaves unbounded.
"""

from __future__ import annotations

import numpy as np

from hddm_sbi.spec.model_spec import FloatArray, ModelSpec


def to_theta(spec: ModelSpec, values: FloatArray, nearer: FloatArray | None = None) -> FloatArray:
    """Theta from values, both (..., parameters); see ``_room`` for ``nearer``, which has the same shape."""
    theta = values.copy()
    for at, start, relative in spec.widths:
        if relative:
            theta[..., at] *= _room(values[..., start], None if nearer is None else nearer[..., start])[0]
    return theta


def to_values(spec: ModelSpec, theta: FloatArray) -> FloatArray:
    """Values from theta, both (..., parameters)."""
    values = theta.copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        for at, start, relative in spec.widths:
            if relative:
                values[..., at] /= _room(theta[..., start])[0]
    return values


def by_values(
    spec: ModelSpec, values: FloatArray, by_theta: FloatArray, nearer: FloatArray | None = None
) -> FloatArray:
    """Derivatives by values from those by theta, all (..., parameters)."""
    result = by_theta.copy()
    for at, start, relative in spec.widths:
        if relative:
            room, slope = _room(values[..., start], None if nearer is None else nearer[..., start])
            result[..., start] += by_theta[..., at] * values[..., at] * slope
            result[..., at] = by_theta[..., at] * room
    return result


def _room(z: FloatArray, nearer: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
    """The room 2 min(z, 1 - z) around z, and its derivative.

    Args:
        z: relative starting point.
        nearer: decides in place of z which boundary is the nearer one: without a kink between a z and points beside it.
    """
    below = (z if nearer is None else nearer) < 0.5
    return np.where(below, 2.0 * z, 2.0 * (1.0 - z)), np.where(below, 2.0, -2.0)
