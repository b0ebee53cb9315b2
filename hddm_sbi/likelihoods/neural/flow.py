r"""A normalising flow in one dimension made for first-passage times.

With the decision time s > 0, a location-free Birnbaum-Saunders step and a monotone spline T,

    x = delta sqrt(s) - zeta / sqrt(s),      q(s) = phi(T(x)) T'(x) x'(s),      Q(s) = Phi(T(x)).

The step has the two tails of a first-passage time: density like exp(-zeta^2 / (2 s)) at small times, for a boundary at
distance zeta, and like exp(-delta^2 s / 2) at large ones. The spline's slope T' is a positive cubic B-spline with
constant continuation, so that q is normalised by construction, twice continuously differentiable, and has a closed-form
CDF Q.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
# Copies of the outermost coefficient on each side: four equal ones make the outermost slopes constant.
PAD = 4


@dataclass(frozen=True)
class Knots:
    """An even grid of spline knots, symmetric around 0.

    Args:
        half_width: the outermost coefficients sit at -half_width and half_width.
        spacing: distance between knots; divides half_width.
    """

    half_width: float = 4.5
    spacing: float = 0.5

    @property
    def n_coefficients(self) -> int:
        """Free coefficients of the slope."""
        return 2 * round(self.half_width / self.spacing) + 1

    @property
    def n_intervals(self) -> int:
        """Intervals with a polynomial of their own, paddings included."""
        return self.n_coefficients + 2 * PAD - 3

    @property
    def left(self) -> float:
        """Left end of the first interval; coefficient k of the padded sequence peaks at left + (k - 1) spacing."""
        return -self.half_width - (PAD - 1) * self.spacing

    @property
    def centre(self) -> int:
        """Index of the interval that starts at 0."""
        return round(-self.left / self.spacing)


@dataclass(frozen=True)
class FlowTables:
    """The flow's parameters in the form in which trials use them.

    Args:
        zeta, delta: both ends of the flow, each of shape (...).
        table: T at the left end of each interval, and the powers 0-3 of T' in it, (..., intervals, 5).
    """

    zeta: Tensor
    delta: Tensor
    table: Tensor


def build_tables(log_zeta: Tensor, log_delta: Tensor, offset: Tensor, log_slopes: Tensor, knots: Knots) -> FlowTables:
    """Tables from unconstrained parameters.

    Args:
        log_zeta, log_delta, offset: shape (...); offset is T(0).
        log_slopes: logarithms of the slope's coefficients, (..., coefficients); all zero and offset 0 is T(x) = x.
        knots: the grid of the spline's knots.
    """
    slopes = torch.exp(log_slopes)
    first, last = slopes[..., :1], slopes[..., -1:]
    padded = torch.cat([first.expand(*first.shape[:-1], PAD), slopes, last.expand(*last.shape[:-1], PAD)], -1)
    # the cubic B-spline on one interval, in powers of the local coordinate; written as differences, so that the
    # constant continuation is exactly constant however far out it is evaluated
    p0, p1, p2, p3 = padded.unfold(-1, 4, 1).unbind(-1)
    powers = torch.stack(
        [(p0 + 4.0 * p1 + p2) / 6.0, (p2 - p0) / 2.0, (p0 - 2.0 * p1 + p2) / 2.0, (p3 - p0 + 3.0 * (p1 - p2)) / 6.0], -1
    )
    # the integral of each power over the interval, from its left end
    areas = knots.spacing * (powers @ torch.tensor([1.0, 1 / 2, 1 / 3, 1 / 4]).to(powers))
    right = torch.cumsum(areas, -1)
    heights = offset.unsqueeze(-1) + (right - areas) - right[..., knots.centre - 1 : knots.centre]
    return FlowTables(torch.exp(log_zeta), torch.exp(log_delta), torch.cat([heights.unsqueeze(-1), powers], -1))


def transform(s: Tensor, tables: FlowTables, slot: Tensor, knots: Knots) -> tuple[Tensor, Tensor]:
    """T(x(s)) and its slope T'(x), for decision times s > 0 of shape (n,).

    Args:
        s: positive decision times, shape (n,).
        tables: flattened over slots, zeta (slots,), table (slots, intervals, 5).
        slot: index of the slot of tables that each time belongs to, shape (n,).
        knots: the grid of the spline's knots.
    """
    root = torch.sqrt(s)
    x = tables.delta[slot] * root - tables.zeta[slot] / root
    position = (x - knots.left) / knots.spacing
    interval = position.detach().floor().clamp(0, knots.n_intervals - 1)
    u = position - interval
    height, c0, c1, c2, c3 = tables.table[slot, interval.long()].unbind(-1)
    slope = c0 + u * (c1 + u * (c2 + u * c3))
    return height + knots.spacing * u * (c0 + u * (c1 / 2 + u * (c2 / 3 + u * c3 / 4))), slope


def log_density(s: Tensor, tables: FlowTables, slot: Tensor, knots: Knots) -> Tensor:
    """log q(s) for positive times, shapes as in ``transform``."""
    t, slope = transform(s, tables, slot, knots)
    # x'(s) = (delta s + zeta) / (2 s^(3/2)), in a form that does not overflow where s is tiny
    log_stretch = torch.log(0.5 * (tables.delta[slot] * s + tables.zeta[slot])) - 1.5 * torch.log(s)
    return -0.5 * t * t - _HALF_LOG_TWO_PI + torch.log(slope) + log_stretch


def quantile(p: Tensor, tables: FlowTables, slot: Tensor, knots: Knots) -> Tensor:
    """Decision time at which the CDF reaches p, shapes as in ``transform``; no gradient."""
    with torch.no_grad():
        # p keeps a precision of its own: in float32 the upper tail would be rounded to 1
        target = torch.special.ndtri(p).to(tables.table)
        table = tables.table[slot]
        heights = table[..., 0]
        interval = (torch.searchsorted(heights.contiguous(), target.unsqueeze(-1), right=True) - 1).squeeze(-1)
        interval = interval.clamp(0, knots.n_intervals - 1)
        height, c0, c1, c2, c3 = table.gather(-2, interval[:, None, None].expand(-1, 1, 5)).squeeze(-2).unbind(-1)
        lower = torch.where(interval == 0, torch.full_like(target, -1e6), torch.zeros_like(target))
        upper = torch.where(interval == knots.n_intervals - 1, torch.full_like(target, 1e6), torch.ones_like(target))
        for _ in range(80):  # bisection halves 2e6 to below float64 resolution of a unit interval
            u = 0.5 * (lower + upper)
            value = height + knots.spacing * u * (c0 + u * (c1 / 2 + u * (c2 / 3 + u * c3 / 4)))
            lower, upper = torch.where(value < target, u, lower), torch.where(value < target, upper, u)
        x = knots.left + knots.spacing * (interval + 0.5 * (lower + upper))
        # delta s - x sqrt(s) - zeta = 0, solved for sqrt(s) without cancellation
        delta, zeta = tables.delta[slot], tables.zeta[slot]
        disc = torch.sqrt(x * x + 4.0 * delta * zeta)
        root = torch.where(x > 0, (x + disc) / (2.0 * delta), 2.0 * zeta / (disc - x))
        return root * root
