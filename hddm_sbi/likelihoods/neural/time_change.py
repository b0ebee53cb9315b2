r"""Clocks on which the passage of a process looks like that of Brownian motion through constant boundaries.

Brownian motion between boundaries at distance W(s) leaves at rate pi^2 / (2 W(s)^2) once it has forgotten its start. On
the clock

    u(s) = int_0^s W(r)^-2 dr

that rate is the constant pi^2 / 2, as it is between constant boundaries. With W(0) = 1:

- linear collapse, W = 1 - 2 k s: u = s / (1 - 2 k s), up to s = 1 / (2 k), where the boundaries meet;
- Weibull collapse, W = exp(-(s / beta)^alpha), with y = 2 (s / beta)^alpha:
  u = s [1 + ((exp(y) - 1) / y - 1) / alpha], which is the integral for alpha = 1, and has its leading behaviour at
  large s for every alpha.

Brownian motion from a distance d leaves by time s with a probability like exp(-d^2 / (2 s)); a process that jumps over
its boundaries may leave at once: its probability is proportional to s. On the clock

    u(s) = (k / log(1 + k / s^(1/2)))^2,    k = 2 - alpha,

d / u^(1/2) grows like the logarithm of 1 / s, so that a spline of it reaches the earliest responses; late times, and
all times for k = 0, stay as they are.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import inlined

# Codes of the collapses.
NONE, LINEAR, WEIBULL, JUMPS = 0, 1, 2, 3
CODES = {"": NONE, "linear": LINEAR, "weibull": WEIBULL, "jumps": JUMPS}
# Least k of the clock of jumps: below, the clock is as good as plain, and differences would cancel.
LEAST_JUMPS = 1e-3
# Largest y: where the boundaries have come that close, density and probability underflow.
_LARGEST_Y = 600.0
# Below this y differences are taken from the series, which there is exact to rounding.
_SMALL_Y = 1e-4

# u, the logarithm of du/ds, the derivative of that logarithm by s, and of u and the logarithm by both parameters
Clock = tuple[float, float, float, float, float, float, float]


@inlined
def linear(s: float, k: float) -> Clock:
    """The clock of boundaries that approach each other along lines of slope k."""
    rest = 1.0 / (1.0 - 2.0 * k * s)
    return s * rest, 2.0 * vm.log(rest), 4.0 * k * rest, 2.0 * s * s * rest * rest, 4.0 * s * rest, 0.0, 0.0


@inlined
def weibull(s: float, alpha: float, beta: float) -> Clock:
    """The clock of boundaries that collapse along a Weibull survival function."""
    log_ratio = vm.log(s / beta)
    y = 2.0 * vm.exp(alpha * log_ratio)
    small = y < _SMALL_Y
    safe = _SMALL_Y if small else y
    above_one = vm.expm1(safe)
    mean = 1.0 + y * (0.5 + y / 6.0) if small else above_one / safe
    by_y = 0.5 + y * (1.0 / 3.0 + 0.125 * y) if small else (1.0 + above_one - mean) / safe
    exp_y = 1.0 + y if small else 1.0 + above_one
    per_alpha = 1.0 / alpha
    excess = (mean - 1.0) * per_alpha
    rate = 1.0 + excess + exp_y - mean
    rate_by_y = by_y * per_alpha + exp_y - by_y
    y_by_alpha = y * log_ratio
    per_rate = 1.0 / rate
    return (
        s * (1.0 + excess),
        vm.log(rate),
        rate_by_y * alpha * y / s * per_rate,
        s * (by_y * y_by_alpha - excess) * per_alpha,
        (rate_by_y * y_by_alpha - excess * per_alpha) * per_rate,
        -s * by_y * y / beta,
        -rate_by_y * alpha * y / beta * per_rate,
    )


@inlined
def jumps(s: float, k: float) -> Clock:
    """The clock of a process that jumps over its boundaries."""
    root = math.sqrt(s)
    log_ratio = vm.log(1.0 + k / root)
    per_sum, root_u = 1.0 / (root + k), k / log_ratio
    stretch = root_u / root
    rate = stretch * stretch * stretch * root * per_sum
    u = root_u * root_u
    by_k = 2.0 * (1.0 / k - per_sum / log_ratio)
    return (
        u,
        vm.log(rate),
        1.5 * (rate / u - 1.0 / s) + 0.5 * (1.0 / s - per_sum / root),
        u * by_k,
        1.5 * by_k - per_sum,
        0.0,
        0.0,
    )


@inlined
def clock(kind: int, s: float, first: float, second: float) -> Clock:
    """A clock with its two parameters."""
    if kind == LINEAR:
        return linear(s, first)
    if kind == WEIBULL:
        return weibull(s, first, second)
    if kind == JUMPS:
        return jumps(s, first)
    return s, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0


@inlined
def end(kind: int, first: float, second: float) -> float:
    """The decision time from which on there is no density."""
    if kind == LINEAR and first > 0.0:
        return 0.5 / first
    if kind == WEIBULL:
        return second * math.exp(min(math.log(0.5 * _LARGEST_Y) / first, 700.0))
    return math.inf


def torch_clock(kind: str, s: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """u, the logarithm of du/ds, and whether the boundaries are still apart, for times s > 0; all (n,)."""
    if kind == "linear":
        apart = 2.0 * first * s < 1.0
        rest = torch.where(apart, 1.0 - 2.0 * first * s, torch.ones_like(s))
        return s / rest, -2.0 * torch.log(rest), apart
    if kind == "weibull":
        # in float32 exponentials end earlier
        largest = math.log(_LARGEST_Y if s.dtype == torch.float64 else 80.0)
        log_y = math.log(2.0) + first * torch.log(s / second)
        apart = log_y < largest
        y = torch.exp(torch.where(apart, log_y, torch.zeros_like(s)))
        mean = torch.where(y < _SMALL_Y, 1.0 + y * (0.5 + y / 6.0), torch.expm1(y) / y.clamp_min(_SMALL_Y))
        return s * (1.0 + (mean - 1.0) / first), torch.log(1.0 + (mean - 1.0) / first + torch.exp(y) - mean), apart
    always = torch.ones_like(s, dtype=torch.bool)
    if kind == "jumps":
        root = s.sqrt()
        root_u = first / torch.log1p(first / root)
        return root_u**2, 3.0 * torch.log(root_u / root) + torch.log(root / (root + first)), always
    return s, torch.zeros_like(s), always


def torch_inverse(kind: str, u: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """The decision time s at which the clock shows u, (n,)."""
    if kind == "linear":
        return u / (1.0 + 2.0 * first * u)
    if kind == "jumps":
        return (first / torch.expm1(first / u.sqrt())) ** 2
    if kind != "weibull":
        return u
    low, high = torch.zeros_like(u), torch.minimum(u, second * (0.5 * _LARGEST_Y / 8.0) ** (1.0 / first))
    for _ in range(60):  # u exceeds s, so that s lies in (0, u]
        middle = 0.5 * (low + high)
        shown, _, apart = torch_clock(kind, middle, first, second)
        late = (shown > u) | ~apart
        low, high = torch.where(late, low, middle), torch.where(late, middle, high)
    return 0.5 * (low + high)
