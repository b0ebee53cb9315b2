"""Models with and without symmetries, and untrained networks for them with weights that are not zero."""

import math
from dataclasses import replace

import numpy as np
import torch

from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator
from hddm_sbi.likelihoods.neural.network import Architecture
from hddm_sbi.ssm import SSM, Parameter, Symmetries, get_model

DDM = get_model("ddm")
SMALL = Architecture(hidden=16, layers=2, choice_hidden=8)


def simulate_race(theta: np.ndarray, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three Wiener accumulators race to B: the first to arrive decides."""
    rng = np.random.default_rng(seed)
    v, B, t0 = theta[:, :3, None], theta[:, 3, None, None], theta[:, 4, None]
    arrival = rng.wald(np.broadcast_to(B / v, (*v.shape[:2], n)), B * B)
    return t0 + arrival.min(axis=1), arrival.argmin(axis=1)


PLAIN = SSM("plain", DDM.parameters, DDM.simulator)  # the same process, nothing declared
SHIFTED = SSM("shifted", DDM.parameters, DDM.simulator, symmetries=Symmetries(shift="t0"))
MIRRORED = SSM(
    "mirrored",
    DDM.parameters,
    DDM.simulator,
    symmetries=Symmetries(scale="a", units=(("v", 1.0, -1.0),), mirror=(("v", "negate"), ("z", "complement"))),
)
RACE = SSM(
    "race",
    (
        *(Parameter(f"v{k}", (0.0, math.inf), "log", (0.5, 4.0)) for k in range(3)),
        Parameter("B", (0.0, math.inf), "log", (0.5, 2.0)),
        Parameter("t0", (0.0, math.inf), "log", (0.0, 1.0)),
    ),
    simulate_race,
    n_choices=3,
)
MODELS = [DDM, PLAIN, SHIFTED, MIRRORED, RACE]
MODELS += [get_model(name) for name in ("ornstein", "levy")]
# boundaries that meet, and a delay: response times have ends, or no closed distribution function
ALL_MODELS = [*MODELS, *(get_model(name) for name in ("full_ddm", "angle", "weibull"))]


def delayed(ssm: SSM) -> SSM:
    """A model whose non-decision time varies, by a uniform delay of width st0."""
    more = Parameter("st0", (0.0, math.inf), "log", (0.0, 1.0))
    laws = replace(ssm.symmetries, window="st0", units=(*ssm.symmetries.units, ("st0", 0, 1)))
    return replace(ssm, name=f"delayed {ssm.name}", parameters=(*ssm.parameters, more), symmetries=laws)


def network(ssm: SSM, seed: int = 0, double: bool = True, architecture: Architecture = SMALL) -> FirstPassageEstimator:
    """An estimator with random weights in all layers (the last ones start at zero)."""
    generator = torch.Generator().manual_seed(seed)
    estimator = FirstPassageEstimator(Canonical.of(ssm), architecture)
    with torch.no_grad():
        for parameter in estimator.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / math.sqrt(parameter.shape[-1]))
        for net in (estimator.time_net, estimator.choice_net):
            net[-1].weight.mul_(0.3)
            net[-1].bias.mul_(0.3)
        estimator.log_time_scale.fill_(-0.4)
    return (estimator.double() if double else estimator).eval()


def thetas(ssm: SSM, n: int = 6, seed: int = 1) -> np.ndarray:
    """Parameters in the training box."""
    low, high = ssm.box.T
    return ssm.in_room(np.random.default_rng(seed).uniform(low, high, size=(n, len(low))))


def outside(ssm: SSM) -> np.ndarray:
    """Parameters beyond the training box on either side, in all directions at once and one at a time."""
    rows = []
    for j in (None, *range(len(ssm.parameters))):
        for side in (0, 1):
            theta = ssm.box.mean(axis=1)
            for k, parameter in enumerate(ssm.parameters):
                if j in (None, k):
                    low, high = parameter.box
                    if math.isfinite(parameter.support[1]):
                        first, last = parameter.support
                        theta[k] = first + (0.004, 0.996)[side] * (last - first)
                    elif parameter.support[0] == 0.0:
                        theta[k] = (0.3 * low, 3.0 * high)[side]
                    else:
                        theta[k] = (3.0 * low, 3.0 * high)[side]
            rows.append(theta)
    return ssm.in_room(np.array(rows))
