"""The density of an accumulator's arrival, which the racing diffusion and the ballistic race have in common.

In units that leave the distance z to the threshold with a standard deviation of one, z starts uniform on (q, q + h) and
the density of arrival is proportional to

    K(p, q, h) = (1/h) int_q^{q+h} z phi(z - p) dz = (p [Phi(b) - Phi(a)] + phi(a) - phi(b)) / h,

with a = q - p and b = q + h - p. For the racing diffusion p = v sqrt(t), q = B / sqrt(t), h = A / sqrt(t) and f = K / t
(Tillman, Van Zandt & Logan 2020, after Logan, Van Zandt, Verbruggen & Wagenmakers 2014); for the ballistic race p = v,
q = B / t, h = A / t and f = K / (t Phi(v)) (Brown & Heathcote 2008).

The closed form is written in Mills' ratio, relative to the larger of phi(a) and phi(b), so that it keeps its precision
in both tails; where the interval is narrow its two ends cancel and four Gauss-Legendre nodes are exact.
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import inlined, internal
from hddm_sbi.compiled.normal_tail import mills, mills_slope

HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
ROOT_2PI = math.sqrt(2.0 * math.pi)

# Integrands change over an interval of width h like exp(c), c = h max(1, |a|, |b|). At c = 0.3 the four nodes miss
# c^8 (4!)^4 / (9 (8!)^3) < 1e-13 of the integral, and the closed form loses about a factor 1 / c^2 to cancellation.
NARROW = 0.1
# Gauss-Legendre on (0, 1)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)
NODES, WEIGHTS = 0.5 * (1.0 + _NODES), 0.5 * _WEIGHTS


@inlined
def wide(p: float, q: float, h: float) -> bool:
    """Whether the closed forms are precise."""
    a, b = q - p, q + h - p
    return h * max(1.0, abs(a), abs(b)) >= NARROW


@inlined
def scaled_ends(a: float, b: float, h: float) -> tuple[float, float, float]:
    """exp(-x^2 / 2) at a and b over its largest value between them, exp(-x0^2 / 2), and x0; b = a + h."""
    x0 = a if a >= 0.0 else (b if b < 0.0 else 0.0)
    gap = h * (a + b)  # b^2 - a^2
    at_a = 0.0 if a >= 0.0 else (-gap if b < 0.0 else a * a)
    at_b = gap if a >= 0.0 else (0.0 if b < 0.0 else b * b)
    return vm.exp(-0.5 * at_a), vm.exp(-0.5 * at_b), x0


@inlined
def probability_between(a: float, b: float, ea: float, eb: float, Ra: float, Rb: float, root: float) -> float:
    """sqrt(2 pi) (Phi(b) - Phi(a)) in the units of ea and eb; root is sqrt(2 pi) in them where a < 0 <= b."""
    below = ea * Ra if a < 0.0 else -ea * Ra
    above = eb * Rb if b < 0.0 else -eb * Rb
    return above - below + (root if a < 0.0 and b >= 0.0 else 0.0)


@inlined
def moment_to(x: float, z: float, p: float, ex: float, R: float, D: float) -> float:
    """int z phi(z - p) dz up to z = p + x, less sqrt(2 pi) p where x >= 0, in the units of ex; D = 1 - |x| R."""
    return ex * (z * R - D) if x < 0.0 else -ex * (p * R + 1.0)


@inlined
def arrival_wide(p: float, q: float, h: float) -> tuple[float, float, float, float]:
    """log(K) and its derivatives by p, q, h, by the closed form."""
    e = q + h
    a, b = q - p, e - p
    ea, eb, x0 = scaled_ends(a, b, h)
    Ra, Rb = mills(abs(a)), mills(abs(b))
    mass = probability_between(a, b, ea, eb, Ra, Rb, ROOT_2PI)
    total = moment_to(b, e, p, eb, Rb, mills_slope(abs(b))) - moment_to(a, q, p, ea, Ra, mills_slope(abs(a)))
    total += ROOT_2PI * p if a < 0.0 and b >= 0.0 else 0.0
    by_q = e * eb - q * ea
    scale = 1.0 / total
    return (
        vm.log(total / h) - 0.5 * x0 * x0 - HALF_LOG_2PI,
        (mass - by_q) * scale,
        by_q * scale,
        e * eb * scale - 1.0 / h,
    )


@internal
def arrival_narrow(p: float, q: float, h: float) -> tuple[float, float, float, float]:
    """log(K) and its derivatives by p, q, h, by quadrature; h may be zero."""
    a = q - p
    K = K_p = K_q = K_h = 0.0
    for i in range(len(NODES)):
        step = h * NODES[i]
        z, x = q + step, a + step
        weight = WEIGHTS[i] * math.exp(-step * (a + 0.5 * step))  # phi(x) / phi(a)
        slope = weight * (1.0 - z * x)
        K += weight * z
        K_p += weight * z * x
        K_q += slope
        K_h += NODES[i] * slope
    return math.log(K) - 0.5 * a * a - HALF_LOG_2PI, K_p / K, K_q / K, K_h / K
