"""A model of one's own for the tests: a counter of events and a coin, by a function of a trial in three ways."""

import math

import numpy as np
from numba import njit

from hddm_sbi.ssm import SSM, Parameter
from hddm_sbi.ssm.simulation.trial_simulator import simulator_of

RATE = Parameter("rate", (0.0, math.inf), "log", (1.0, 4.0))
BIAS = Parameter("bias", (0.0, 1.0), "logit", (0.2, 0.8))
T0 = Parameter("t0", (0.0, math.inf), "log", (0.0, 0.5))
THETA = np.array([[2.0, 0.3, 0.2], [3.0, 0.6, 0.4]])


def counter(theta, rng):
    """The third event of a Poisson process, and a coin."""
    return theta[2] + rng.gamma(3.0, 1.0 / theta[0]), int(rng.random() < theta[1])


def counters(theta, rng):
    """The same for all trials at once."""
    rate, bias, t0 = theta.T
    return t0 + rng.gamma(3.0, 1.0 / rate), (rng.random(len(theta)) < bias).astype(int)


def model(simulator, **options) -> SSM:
    return SSM("counter", (RATE, BIAS, T0), simulator, **options)


SIMULATORS = {
    "python": simulator_of(counter),
    "numba": simulator_of(njit(counter)),
    "vectorised": simulator_of(counters, vectorised=True),
}
