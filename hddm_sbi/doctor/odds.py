"""How probable it is that a clean experiment looks like this: what the checks decide on.

Each check states its chance for a whole experiment, so that of a thousand clean ones about one is told something. All
checks together have about twenty times ``ALARM`` of a chance to complain about a clean experiment.
"""

from __future__ import annotations

import numpy as np
from scipy.special import bdtrc, binom, expit, gammaln, log_expit, logit, logsumexp

from hddm_sbi.trials.recording import FloatArray, IntArray

# At most so many clean experiments are suspected by a check.
ALARM = 1e-4

# People differ at least so much, sd on the logit scale, and where only few are known, so much.
_LEAST_SD = 0.3
_UNKNOWN_SD = 1.0
FEW = 6

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(61)


def binomial_log_prob(hits: IntArray, counts: IntArray, share: FloatArray | float) -> FloatArray:
    """Log probability of so many hits, the share not 0 or 1."""
    choose = gammaln(counts + 1.0) - gammaln(hits + 1.0) - gammaln(counts - hits + 1.0)
    return np.asarray(choose + hits * np.log(share) + (counts - hits) * np.log1p(-np.asarray(share)))


def odds_against_the_others(hits: IntArray, counts: IntArray, share: float, stray: float = 0.0) -> FloatArray:
    """How much better a share of its own explains each participant's hits than being one of the others.

    The others' shares are normal on the logit scale, with median and spread (from the median absolute deviation) of all
    participants, so that a few odd ones change neither. It is a likelihood ratio: of participants who are like the
    others, at most one in c has one above c.

    Args:
        hits: of each participant, shape (people,).
        counts: trials of each, not 0.
        share: what an odd participant would have.
        stray: the part of people who differ from the others three times as much.
    """
    observed = logit((hits + 0.5) / (counts + 1.0))
    centre = float(np.median(observed))
    spread = 1.4826 * float(np.median(np.abs(observed - centre)))
    typical = expit(centre)
    noise = 1.0 / max(float(np.median(counts)) * typical * (1.0 - typical), 0.5)
    sd = max(np.sqrt(max(spread**2 - noise, 0.0)), _LEAST_SD)
    sd = max(sd, _UNKNOWN_SD) if len(hits) < FEW else sd
    at = centre + np.concatenate((sd * _NODES, 3.0 * sd * _NODES))[:, np.newaxis]
    choose = gammaln(counts + 1.0) - gammaln(hits + 1.0) - gammaln(counts - hits + 1.0)
    given = choose + hits * log_expit(at) + (counts - hits) * log_expit(-at)
    weights = np.concatenate(((1.0 - stray) * _WEIGHTS, stray * _WEIGHTS)) / _WEIGHTS.sum()
    others = logsumexp(given, axis=0, b=weights[:, np.newaxis])
    return np.exp(np.minimum(binomial_log_prob(hits, counts, share) - others, 700.0))


def edge_chance(above_half: int, size: int) -> float:
    """The chance that so many of the ``size`` largest times lie in the upper half of the range that they span.

    That is for tails that fall exponentially, those of a first passage time: what the largest ones exceed the next one
    by are independent and exponential, whatever the scale. Given that the largest exceeds it by m, each other one is in
    the upper half with probability 1 / (1 + exp(m / 2)). Where a limit cuts the distribution, about half of them are.
    """
    m = np.linspace(1e-4, np.log(size) + 25.0, 4001)
    density = size * (-np.expm1(-m)) ** (size - 1) * np.exp(-m)
    return float(min(1.0, np.trapezoid(density * bdtrc(above_half - 2, size - 1, expit(-m / 2.0)), m)))


def pairs(counts: IntArray) -> float:
    """How many pairs there are within groups of these sizes."""
    return float(binom(counts, 2).sum())
