"""Choice probabilities and defective distribution functions of the constant-bound drift diffusion model.

Written for the lower boundary in units of the boundary separation: w = z is the relative distance of the start,
u = t / a^2 the decision time, y = v a the drift. The upper boundary is the mirror image, v -> -v and z -> 1 - z.

    F(u) = sum_{k in Z} sign(w + 2k) e^{-y w} G(|w + 2k|)                                         (small times)
         = P - 2 pi e^{-y w - y^2 u / 2} sum_{k >= 1} k sin(k pi w) e^{-k^2 pi^2 u / 2} / (y^2 + k^2 pi^2)   (large)

where P is the probability of the lower boundary and G(b) integrates b (2 pi s^3)^-1/2 exp(-b^2 / (2s) - y^2 s / 2) over
s from 0 to u: a multiple of the inverse Gaussian distribution.

Source: Blurton, Kesselmeier & Gondan (2012), Journal of Mathematical Psychology 56, 470-475.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.compiling import callable_from_python
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.exact.ddm_density import HALF_PI_SQUARED, SWITCH


@callable_from_python
def _scaled_tail(x: float) -> float:
    """exp(x^2 / 2) Phi(-x) for x >= 0, Phi the normal distribution function; falls like 1 / x, never underflows."""
    if x < 20.0:
        return 0.5 * math.erfc(x / math.sqrt(2.0)) * math.exp(0.5 * x * x)
    fraction = x  # Laplace's continued fraction 1 / (x + 1 / (x + 2 / (x + ...))): at x >= 20, 8 levels reach 1e-16
    for level in range(8, 0, -1):
        fraction = x + level / fraction
    return 1.0 / (math.sqrt(2.0 * math.pi) * fraction)


@callable_from_python
def _lower_probability(y: float, w: float, c: float) -> float:
    """Probability of absorption at the lower boundary, c = 1 - w."""
    if abs(y) < 1e-300:  # 2 y c may be subnormal; the limit is reached long before
        return c
    share = math.expm1(-2.0 * abs(y) * c) / math.expm1(-2.0 * abs(y))
    return share * math.exp(-2.0 * y * w) if y > 0.0 else share


@callable_from_python
def _image(u: float, y: float, w: float, b: float) -> float:
    """e^{-y w} G(b) for b >= w: no factor exceeds one."""
    root = math.sqrt(u)
    # -y w - y^2 u / 2 - b^2 / (2u), with the square completed so that large terms cancel before they are rounded
    exponent = -0.5 * ((w + y * u) / root) ** 2 - 0.5 * (b - w) * (b + w) / u
    ahead = (b - abs(y) * u) / root
    total = math.exp(exponent) * _scaled_tail((b + abs(y) * u) / root)
    if ahead > 0.0:
        return total + math.exp(exponent) * _scaled_tail(ahead)
    return total + math.exp(-y * w - abs(y) * b) * 0.5 * math.erfc(ahead / math.sqrt(2.0))


@callable_from_python
def _lower_cdf(u: float, y: float, w: float, c: float) -> float:
    """Probability of absorption at the lower boundary by time u."""
    probability = _lower_probability(y, w, c)
    if u == math.inf:
        return probability
    if u < SWITCH:  # further images weigh less than e^-40
        F = _image(u, y, w, w)
        for k in (2.0, 4.0):
            F += _image(u, y, w, k + w) - _image(u, y, w, k - w)
    else:
        S = 0.0
        for k in range(1, 6):  # the sixth term is e^-44 at the switch
            S += k * math.sin(k * math.pi * w) * math.exp(-k * k * HALF_PI_SQUARED * u) / (y * y + (k * math.pi) ** 2)
        F = probability - 2.0 * math.pi * math.exp(-y * w - 0.5 * y * y * u) * S
    return min(max(F, 0.0), probability)


@callable_from_python
def choice_probability_trial(choice: int, v: float, a: float, z: float) -> float:
    """`choice_probability` of scalars, for compiled callers."""
    if not (abs(v) < math.inf and 0.0 < a < math.inf and 0.0 < z < 1.0 and (choice == 0 or choice == 1)):
        return math.nan
    if choice == 1:
        return _lower_probability(-v * a, 1.0 - z, z)
    return _lower_probability(v * a, z, 1.0 - z)


@callable_from_python
def ddm_cdf_trial(t: float, choice: int, v: float, a: float, z: float) -> float:
    """`ddm_cdf` of scalars, for compiled callers."""
    if not (abs(v) < math.inf and 0.0 < a < math.inf and 0.0 < z < 1.0 and (choice == 0 or choice == 1)):
        return math.nan
    if not t > 0.0:
        return 0.0 if t <= 0.0 else math.nan
    u = t / (a * a)
    if choice == 1:
        return _lower_cdf(u, -v * a, 1.0 - z, z)
    return _lower_cdf(u, v * a, z, 1.0 - z)


@callable_from_python
def _choice_probabilities(choice: FloatArray, v: FloatArray, a: FloatArray, z: FloatArray) -> FloatArray:
    found = np.empty(len(v))
    for i in range(len(v)):
        found[i] = choice_probability_trial(choice[i], v[i], a[i], z[i])
    return found


@callable_from_python
def _ddm_cdfs(t: FloatArray, choice: FloatArray, v: FloatArray, a: FloatArray, z: FloatArray) -> FloatArray:
    found = np.empty(len(v))
    for i in range(len(v)):
        found[i] = ddm_cdf_trial(t[i], choice[i], v[i], a[i], z[i])
    return found


def _flat(*values: npt.ArrayLike) -> tuple[tuple[int, ...], list[FloatArray]]:
    """The shape that arguments have together, and each of them, broadcast, as (n,)."""
    arrays = np.broadcast_arrays(*(np.asarray(value, np.float64) for value in values))
    return arrays[0].shape, [each.ravel() for each in arrays]


def choice_probability(choice: npt.ArrayLike, v: npt.ArrayLike, a: npt.ArrayLike, z: npt.ArrayLike) -> FloatArray:
    """Probability that the process ends at a boundary; arguments broadcast.

    Args:
        choice: 0 = lower, 1 = upper.
        v: drift rate, finite.
        a: boundary separation, positive and finite.
        z: relative starting point, in (0, 1).

    Returns:
        In [0, 1], accurate to rounding; NaN for arguments outside their ranges.
    """
    shape, flat = _flat(choice, v, a, z)
    return _choice_probabilities(*flat).reshape(shape)[()]


def ddm_cdf(
    t: npt.ArrayLike, choice: npt.ArrayLike, v: npt.ArrayLike, a: npt.ArrayLike, z: npt.ArrayLike
) -> FloatArray:
    """Probability that the process has ended at a boundary by decision time t; arguments broadcast.

    Args:
        t: decision time rt - t0 in seconds, infinity included; at t <= 0 the probability is zero.
        choice: 0 = lower, 1 = upper.
        v: drift rate, finite.
        a: boundary separation, positive and finite.
        z: relative starting point, in (0, 1).

    Returns:
        In [0, choice_probability(choice, v, a, z)], absolute error below 1e-12; NaN for arguments outside their ranges.
    """
    shape, flat = _flat(t, choice, v, a, z)
    return _ddm_cdfs(*flat).reshape(shape)[()]
