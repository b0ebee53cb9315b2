"""What a process and a likelihood of the user's own do, as a checksum: whether what is given again is the same.

Code is no measure of that: it changes with a comment, and its compiled form with the version of Python. A simulator is
known by the trials that it draws at fixed parameters and seed, a likelihood by what it says of the trials of the
experiment; numbers are rounded to six digits, since the last ones differ between computers.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from hddm_sbi.inference.layout import coefficients
from hddm_sbi.likelihoods.observation.bound import BoundTrials
from hddm_sbi.spec.linear import natural_parameters
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.ssm.base import SSM
from hddm_sbi.ssm.checks.check_trials import checked

# Trials at each of two parameter vectors: few, as a simulator may be slow, and enough to tell two of them apart.
_TRIALS = 20
_DIGITS = 6


def simulator_sha256(ssm: SSM) -> str | None:
    """Of the trials that the simulator draws; None where the same seed does not give the same trials again."""
    low, high = ssm.box.T
    theta = ssm.in_room(low + np.array([[1.0], [2.0]]) / 3.0 * (high - low))
    first, second = (_checksum(*checked(ssm).simulator(theta, _TRIALS, 0)) for _ in range(2))
    return first if first == second else None


def likelihood_sha256(spec: ModelSpec, bound: BoundTrials, ndim: int) -> str:
    """Of the log density of every trial of the experiment, at the middle of the space that is sampled.

    Args:
        spec: the model.
        bound: its likelihood, bound to the trials.
        ndim: number of coordinates of that space.
    """
    theta = natural_parameters(spec, coefficients(spec, np.zeros(ndim)))
    return _checksum(bound.log_prob(theta))


def _checksum(*arrays: npt.NDArray[np.generic]) -> str:
    found = hashlib.sha256()
    for array in arrays:
        found.update(" ".join(f"{x + 0.0:.{_DIGITS}g}" for x in np.asarray(array, np.float64).ravel()).encode())
    return found.hexdigest()
