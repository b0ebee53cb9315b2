"""One accumulator of the racing diffusion: log density and log survival of its arrival, with derivatives.

In units of sqrt(t): p = v sqrt(t), and z = distance / sqrt(t) uniform on (q, q + h). A Wiener process at distance z has
not arrived with probability

    s(p, z) = Phi(z - p) - exp(2 p z) Phi(-z - p) = phi(x) [R(-x) - R(y)],    x = z - p, y = z + p,

R being Mills' ratio, so that nothing overflows, and ds/dz = 2 phi(x) [1 - p R(y)] = 2 phi(x) [1 - y R(y) + z R(y)],
ds/dp = -2 z phi(x) R(y). Over the starting points (Tillman, Van Zandt & Logan 2020)

    S(p, q, h) = (1/h) int_q^{q+h} s dz,    int s dz = x Phi(x) + phi(x) - (exp(2 p z) Phi(-y) + Phi(x)) / (2 p).

From Brownian scaling, q dS/dq + h dS/dh - p dS/dp = 2 K with the density K of the arrival.
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import inlined, internal
from hddm_sbi.compiled.normal_tail import mills, mills_slope
from hddm_sbi.likelihoods.exact.race_arrival import (
    HALF_LOG_2PI,
    NODES,
    ROOT_2PI,
    WEIGHTS,
    arrival_narrow,
    arrival_wide,
    moment_to,
    wide,
)

# log of a density or survival probability and its derivatives by v, B, A and t
Terms = tuple[float, float, float, float, float]

# Below this p the closed form of S loses 1 / p to cancellation.
SLOW = 0.1
# A process below SLOW that is further away than this has not arrived, but for 1e-19; over a distance of nine standard
# deviations 32 Gauss-Legendre nodes are exact.
FAR = 9.0
_FAR_NODES, _FAR_WEIGHTS = np.polynomial.legendre.leggauss(32)
FAR_NODES, FAR_WEIGHTS = 0.5 * (1.0 + _FAR_NODES), 0.5 * _FAR_WEIGHTS
# Below this c = z max(1, p) the two terms of s cancel and four nodes of its derivative are exact.
NEAR = 0.1


@inlined
def rdm_regular(t: float, v: float, B: float, A: float) -> bool:
    """Whether the closed forms are precise for the density and the survival."""
    root = math.sqrt(t)
    p, q, h = v * root, B / root, A / root
    return p >= SLOW and q + h < 1e100 and wide(p, q, h)


@inlined
def _per_parameter(log: float, d_p: float, d_q: float, d_h: float, d_t: float, root: float) -> Terms:
    return log, d_p * root, d_q / root, d_h / root, d_t


@inlined
def rdm_winner_regular(t: float, v: float, B: float, A: float) -> Terms:
    """Log density of arrival at t > 0 and its derivatives by v, B, A and t; see ``rdm_regular``."""
    root = math.sqrt(t)
    p, q, h = v * root, B / root, A / root
    log_K, d_p, d_q, d_h = arrival_wide(p, q, h)
    d_t = (0.5 * (p * d_p - q * d_q - h * d_h) - 1.0) / t
    return _per_parameter(log_K - vm.log(t), d_p, d_q, d_h, d_t, root)


@internal
def rdm_winner(t: float, v: float, B: float, A: float) -> Terms:
    """As ``rdm_winner_regular``, for any accumulator."""
    root = math.sqrt(t)
    p, q, h = v * root, B / root, A / root
    log_K, d_p, d_q, d_h = arrival_wide(p, q, h) if wide(p, q, h) else arrival_narrow(p, q, h)
    d_t = (0.5 * (p * d_p - q * d_q - h * d_h) - 1.0) / t
    return _per_parameter(log_K - math.log(t), d_p, d_q, d_h, d_t, root)


@inlined
def _survived(x: float, ex: float, R: float, Ry: float) -> float:
    """sqrt(2 pi) s(p, z) where x < 0, sqrt(2 pi) (s(p, z) - 1) where x >= 0, in the units of ex."""
    return ex * (R - Ry) if x < 0.0 else -ex * (R + Ry)


@inlined
def _survived_to(x: float, p: float, ex: float, R: float, D: float, Ry: float) -> float:
    """sqrt(2 pi) int s dz up to z = p + x, less sqrt(2 pi) (x - 1 / (2 p)) where x >= 0, in the units of ex."""
    return ex * (D - (R + Ry) / (2.0 * p)) if x < 0.0 else ex * (D + (R - Ry) / (2.0 * p))


@inlined
def rdm_loser_regular(t: float, v: float, B: float, A: float) -> Terms:
    """Log probability of no arrival until t > 0 and its derivatives by v, B, A and t; see ``rdm_regular``."""
    root = math.sqrt(t)
    p, q, h = v * root, B / root, A / root
    e = q + h
    a, b = q - p, e - p
    # in units of phi(b) in the late tail, else of phi(0), because S is then not small
    ea, eb = vm.exp(0.5 * h * (a + b) if b < 0.0 else -0.5 * a * a), 1.0 if b < 0.0 else vm.exp(-0.5 * b * b)
    Ra, Rb, Rya, Ryb = mills(abs(a)), mills(abs(b)), mills(q + p), mills(e + p)
    Da, Db = mills_slope(abs(a)), mills_slope(abs(b))
    # where no start is behind the drift, S is close to one: less = sqrt(2 pi) (S - 1), so that differences stay precise
    early = a >= 0.0
    across = not early and b >= 0.0
    less = (_survived_to(b, p, eb, Rb, Db, Ryb) - _survived_to(a, p, ea, Ra, Da, Rya)) / h
    less += ROOT_2PI * (b - 0.5 / p) / h if across else 0.0
    S = less + ROOT_2PI if early else less
    K = (moment_to(b, e, p, eb, Rb, Db) - moment_to(a, q, p, ea, Ra, Da)) / h
    K += ROOT_2PI * p / h if across else 0.0
    at_a, at_b = _survived(a, ea, Ra, Rya), _survived(b, eb, Rb, Ryb) + (ROOT_2PI if across else 0.0)
    S_q = (at_b - at_a) / h
    S_h = (at_b - less) / h
    S_p = (q * S_q + h * S_h - 2.0 * K) / p
    log_S = vm.log(S) - (HALF_LOG_2PI + 0.5 * b * b if b < 0.0 else HALF_LOG_2PI)
    return _per_parameter(log_S, S_p / S, S_q / S, S_h / S, -K / (t * S), root)


@internal
def _density_at(p: float, z: float, ex: float) -> tuple[float, float]:
    """sqrt(2 pi) ds/dz and ds/dp over z, in the units of ex = exp(-(z - p)^2 / 2)."""
    R = mills(z + p)
    return 2.0 * ex * (mills_slope(z + p) + z * R), -2.0 * ex * R


@internal
def _survived_at(p: float, z: float, ex: float) -> float:
    """sqrt(2 pi) s(p, z) in the units of ex = exp(-(z - p)^2 / 2), or of phi(0) where z >= p."""
    x = z - p
    if z * max(1.0, p) >= NEAR:
        return _survived(x, ex, mills(abs(x)), mills(z + p)) + (0.0 if x < 0.0 else ROOT_2PI)
    s = 0.0
    for i in range(len(NODES)):
        u = z * NODES[i]
        s += WEIGHTS[i] * _density_at(p, u, ex * math.exp(0.5 * (z - u) * (z + u - 2.0 * p)))[0]
    return z * s


@internal
def rdm_loser(t: float, v: float, B: float, A: float) -> Terms:
    """As ``rdm_loser_regular``, for any accumulator: by quadrature over the starting points where it has to be."""
    if rdm_regular(t, v, B, A):
        return rdm_loser_regular(t, v, B, A)
    root = math.sqrt(t)
    p, q, h = v * root, B / root, A / root
    is_wide = wide(p, q, h)
    nodes, weights = (FAR_NODES, FAR_WEIGHTS) if is_wide else (NODES, WEIGHTS)
    width = max(min(h, FAR - q), 0.0) if is_wide else h
    share = width / h if is_wide else 1.0
    b = q + width - p
    x0 = min(b, 0.0)
    S, S_p, S_q, S_h, K = (1.0 - share) * ROOT_2PI, 0.0, 0.0, 0.0, 0.0
    for i in range(len(nodes)):
        z = q + width * nodes[i]
        x = z - p
        ex, weight = math.exp(-0.5 * (x - x0) * (x + x0)), share * weights[i]
        by_z, by_p = _density_at(p, z, ex)
        S += weight * _survived_at(p, z, ex)
        S_p += weight * z * by_p
        S_q += weight * by_z
        S_h += weight * by_z * (nodes[i] * share)
        K += weight * z * ex
    return _per_parameter(math.log(S) - HALF_LOG_2PI - 0.5 * x0 * x0, S_p / S, S_q / S, S_h / S, -K / (t * S), root)
