"""The mixture of one trial: (1 - p) f + p U, with its derivatives, for compiled code."""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import inlined

# exp overflows float64 above 709.78; slopes steeper than e^700 are reported as e^700.
LARGEST_EXPONENT = 700.0
LARGEST_SLOPE = math.exp(LARGEST_EXPONENT)

# In place of log 0 where an infinity would make NaN of a difference; a sum at or below IMPOSSIBLE contains one.
LOG_ZERO = -1e300
IMPOSSIBLE = -1e290


@inlined
def lapse_trial(
    log_f: float, p: float, log_p: float, log_not_p: float, log_uniform: float
) -> tuple[float, float, float]:
    """Mixture of one trial: its log density, the model's share of it, and its derivative by p.

    Args:
        log_f: log density of the model at the trial.
        p: lapse probability; outside [0, 1] the density is zero.
        log_p: logarithm of the lapse probability, log p.
        log_not_p: logarithm of its complement, log(1 - p).
        log_uniform: log density of the lapses at the trial, -inf outside the window.

    Returns:
        log[(1 - p) f + p U]; (1 - p) f / [(1 - p) f + p U], the factor of the model's gradient; and
        (U - f) / [(1 - p) f + p U]. Where the density is zero: -inf, 0, 0.
    """
    log_model = log_not_p + log_f
    log_lapse = log_p + log_uniform
    larger = max(log_model, log_lapse)
    if not (p >= 0.0 and p <= 1.0) or larger == -np.inf:
        return -np.inf, 0.0, 0.0
    ratio = math.exp(-abs(log_lapse - log_model))  # of the smaller part to the larger
    total = 1.0 + ratio
    log_total = larger + math.log1p(ratio)
    share = 1.0 / total if log_model >= log_lapse else ratio / total
    lapse = ratio / total if log_model >= log_lapse else 1.0 / total
    if p == 0.0:
        d_p = math.exp(min(log_uniform - log_f, LARGEST_EXPONENT)) - 1.0
    elif p == 1.0:
        d_p = 1.0 - math.exp(min(log_f - log_uniform, LARGEST_EXPONENT))
    else:
        d_p = min(lapse / p, LARGEST_SLOPE) - share / (1.0 - p)
    return log_total, share, d_p


@inlined
def mix(log_f: float, log_lapse: float, log_p: float, log_not_p: float) -> tuple[float, float]:
    """Mixture of one trial without branches: its log density, and the model's share of it.

    Args:
        log_f: log density of the model, finite.
        log_lapse: log density of the lapses at the trial; ``LOG_ZERO`` outside their window.
        log_p: logarithm of the lapse probability; -inf at 0.
        log_not_p: logarithm of its complement, finite.
    """
    log_model = log_not_p + log_f
    log_lapses = log_p + log_lapse
    ratio = vm.exp(-abs(log_lapses - log_model))  # of the smaller part to the larger
    total = 1.0 + ratio
    return max(log_model, log_lapses) + vm.log1p(ratio), (1.0 if log_model >= log_lapses else ratio) / total
