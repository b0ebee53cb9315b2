"""How good a network is where its model is a simpler one: at values on the edge of its box that people fix."""

from __future__ import annotations

import numpy as np

from hddm_sbi.likelihoods.base import Density
from hddm_sbi.likelihoods.formulas import find_exact
from hddm_sbi.ssm.base import SSM
from hddm_sbi.ssm.registry import get_model, list_models
from hddm_sbi.training.draw import draw_theta
from hddm_sbi.training.validate import size_of

_SEED = 5


def nested_accuracy(ssm: SSM, likelihood: Density, draws: int = 20_000) -> dict[str, dict[str, float]]:
    """Errors of the log density where one parameter has its nested value, others being uniform over the training box.

    Args:
        ssm: a model of the registry.
        likelihood: the density that is judged.
        draws: trials for each parameter that has such a value.

    Returns:
        For each such parameter, where the truth has a formula, ``mean_abs_error``, ``p95_abs_error`` and
        ``max_abs_error`` of log p, and ``kl``, the Kullback-Leibler divergence per trial in nats.
    """
    found = {}
    for k, parameter in enumerate(ssm.parameters):
        truth = _truth(ssm, parameter.name)
        if parameter.nested_in_box is None or truth is None:
            continue
        exact, columns = truth
        theta = draw_theta(ssm, draws, np.random.default_rng(_SEED))
        theta[:, k] = parameter.nested_in_box
        rt, choice = ssm.simulator(theta, 1, _SEED)
        row = np.arange(draws)
        error = likelihood.log_prob(rt[:, 0], choice[:, 0], theta, row)
        error -= exact.log_prob(rt[:, 0], choice[:, 0], np.ascontiguousarray(theta[:, columns]), row)
        found[parameter.name] = {**size_of(error), "kl": float(np.mean(np.expm1(error) - error))}
    return found


def _truth(ssm: SSM, name: str) -> tuple[Density, list[int]] | None:
    """An exact likelihood of the model, or of the one without the parameter, and the columns of theta that it takes."""
    names = list(ssm.parameter_names)
    own = find_exact(ssm)
    if own is not None:
        return own, list(range(len(names)))
    rest = [i for i, other in enumerate(names) if other != name]
    for simpler in map(get_model, list_models()):
        if list(simpler.parameter_names) == [names[i] for i in rest]:
            exact = find_exact(simpler)
            return None if exact is None else (exact, rest)
    return None
