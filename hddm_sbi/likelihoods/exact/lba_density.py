"""One accumulator of the ballistic race: log density and log survival of its arrival, with derivatives.

In units of the decision time t: p = v, and z = distance / t uniform on (q, q + h) is the slope that would just arrive.
The slope is a draw from the part of Normal(p, 1) above zero, so it is not enough with probability s(p, z) / Phi(p),

    s(p, z) = Phi(z - p) - Phi(-p),    S(p, q, h) = (1/h) int_q^{q+h} s dz / Phi(p),
    int s dz = [x Phi(x) + phi(x)] at its ends - h Phi(-p),    x = z - p

(Brown & Heathcote 2008, with slopes truncated at zero). Times scale with distances: q dS/dq + h dS/dh is the density.
"""

from __future__ import annotations

import math

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
    probability_between,
    wide,
)
from hddm_sbi.likelihoods.exact.rdm_density import NEAR, Terms


@inlined
def lba_regular(t: float, v: float, B: float, A: float) -> bool:
    """Whether the closed forms are precise for the density and the survival."""
    q, h = B / t, A / t
    return q + h < 1e100 and wide(v, q, h)


@inlined
def _positive(p: float) -> tuple[float, float]:
    """log Phi(p), and phi(p) / Phi(p)."""
    R = mills(abs(p))
    ep = vm.exp(-0.5 * p * p)
    Phi = ROOT_2PI - ep * R if p >= 0.0 else R  # in units of phi(p) where p < 0
    return vm.log(Phi) - HALF_LOG_2PI - (0.5 * p * p if p < 0.0 else 0.0), (ep if p >= 0.0 else 1.0) / Phi


@inlined
def _per_parameter(log: float, d_p: float, d_q: float, d_h: float, d_t: float, t: float) -> Terms:
    return log, d_p, d_q / t, d_h / t, d_t


@inlined
def lba_winner_regular(t: float, v: float, B: float, A: float) -> Terms:
    """Log density of arrival at t > 0 and its derivatives by v, B, A and t; see ``lba_regular``."""
    q, h = B / t, A / t
    log_K, d_p, d_q, d_h = arrival_wide(v, q, h)
    log_Phi, ratio = _positive(v)
    return _per_parameter(log_K - vm.log(t) - log_Phi, d_p - ratio, d_q, d_h, -(q * d_q + h * d_h + 1.0) / t, t)


@internal
def lba_winner(t: float, v: float, B: float, A: float) -> Terms:
    """As ``lba_winner_regular``, for any accumulator."""
    q, h = B / t, A / t
    log_K, d_p, d_q, d_h = arrival_wide(v, q, h) if wide(v, q, h) else arrival_narrow(v, q, h)
    log_Phi, ratio = _positive(v)
    return _per_parameter(log_K - math.log(t) - log_Phi, d_p - ratio, d_q, d_h, -(q * d_q + h * d_h + 1.0) / t, t)


@inlined
def lba_loser_regular(t: float, v: float, B: float, A: float) -> Terms:
    """Log probability of no arrival until t > 0 and its derivatives by v, B, A and t; see ``lba_regular``."""
    p, q, h = v, B / t, A / t
    e = q + h
    a, b = q - p, e - p
    negative = p < 0.0
    # in units of phi(p) where p < 0, of phi(b) in the late tail, else of phi(0): as small as Phi(p) or S
    at_a = q * (a - p) if negative else (-h * (a + b) if b < 0.0 else a * a)
    at_b = e * (b - p) if negative else (0.0 if b < 0.0 else b * b)
    at_p = 0.0 if negative else (e * (2.0 * p - e) if b < 0.0 else p * p)
    ea, eb, ep = vm.exp(-0.5 * at_a), vm.exp(-0.5 * at_b), vm.exp(-0.5 * at_p)
    Ra, Rb, Rp = mills(abs(a)), mills(abs(b)), mills(abs(p))
    Da, Db = mills_slope(abs(a)), mills_slope(abs(b))
    mass = probability_between(a, b, ea, eb, Ra, Rb, ROOT_2PI)
    none = Rp if negative else -ep * Rp  # -Phi(-p); Phi(p), which is 1 - Phi(-p), where p < 0
    # where no start is behind the mean slope, less = sqrt(2 pi) times (Phi(x) - 1) on average, else Phi(x) on average
    early = a >= 0.0
    across = not early and b >= 0.0
    less = (eb * Db - ea * Da + (ROOT_2PI * b if across else 0.0)) / h
    S = less + none + (ROOT_2PI if early and not negative else 0.0)
    K = moment_to(b, e, p, eb, Rb, Db) - moment_to(a, q, p, ea, Ra, Da)
    K = (K + (ROOT_2PI * p if across else 0.0)) / h
    S_h = ((eb * Rb if b < 0.0 else -eb * Rb) + (ROOT_2PI if across else 0.0) - less) / h
    log_Phi, ratio = _positive(p)
    log_S = vm.log(S) - (0.5 * b * b if b < 0.0 else (0.5 * p * p if negative else 0.0)) - HALF_LOG_2PI - log_Phi
    return _per_parameter(log_S, (ep - mass / h) / S - ratio, mass / (h * S), S_h / S, -K / (t * S), t)


@internal
def _not_enough_at(p: float, z: float, ex: float, ep: float) -> float:
    """sqrt(2 pi) s(p, z); ex = exp(-(z - p)^2 / 2) and ep = exp(-p^2 / 2), in the same units."""
    x = z - p
    if z * max(1.0, abs(p)) >= NEAR:
        if p < 0.0:
            return ep * mills(-p) - ex * mills(x)
        return (ex * mills(-x) if x < 0.0 else ROOT_2PI - ex * mills(x)) - ep * mills(p)
    s = 0.0
    for i in range(len(NODES)):
        u = z * NODES[i]
        s += WEIGHTS[i] * math.exp(-0.5 * u * (u - 2.0 * p))  # phi(u - p) / phi(p)
    return z * s * ep


@internal
def lba_loser(t: float, v: float, B: float, A: float) -> Terms:
    """As ``lba_loser_regular``, for any accumulator: by quadrature over the starting points where it has to be."""
    if lba_regular(t, v, B, A):
        return lba_loser_regular(t, v, B, A)
    p, q, h = v, B / t, A / t
    b = q + h - p
    x0 = p if p < 0.0 else min(b, 0.0)
    ep = math.exp(-0.5 * (p - x0) * (p + x0))
    S = S_p = S_q = S_h = K = 0.0
    for i in range(len(NODES)):
        z = q + h * NODES[i]
        x = z - p
        ex = math.exp(-0.5 * (x - x0) * (x + x0))
        S += WEIGHTS[i] * _not_enough_at(p, z, ex, ep)
        gap = z * (p - 0.5 * z)  # log of phi(z - p) / phi(p)
        S_p += WEIGHTS[i] * (ep - ex if gap > 1.0 else -ep * math.expm1(gap))
        S_q += WEIGHTS[i] * ex
        S_h += WEIGHTS[i] * ex * NODES[i]
        K += WEIGHTS[i] * z * ex
    log_Phi, ratio = _positive(p)
    log_S = math.log(S) - 0.5 * x0 * x0 - HALF_LOG_2PI - log_Phi
    return _per_parameter(log_S, S_p / S - ratio, S_q / S, S_h / S, -K / (t * S), t)
