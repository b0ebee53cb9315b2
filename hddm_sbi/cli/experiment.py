"""A simulated experiment: participants drawn from a population, and trials from participants."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from hddm_sbi.spec.links import get_link
from hddm_sbi.ssm import get_model, simulate
from hddm_sbi.ssm.base import Parameter

# Mean and standard deviation on the link scale, (link, mean, sd): ordinary values of a two-choice experiment, within
# the distributions of published estimates (Matzke & Wagenmakers 2009; Tran et al. 2021).
_POPULATIONS = {
    "v": ("identity", 1.0, 0.5),
    "a": ("log", math.log(1.6), 0.2),
    "z": ("logit", 0.0, 0.2),
    "t0": ("log", math.log(0.3), 0.15),
}


def simulate_experiment(model: str, subjects: int, trials: int, seed: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Trials of simulated participants, and the truth about them.

    Args:
        model: name of the model.
        subjects: number of participants.
        trials: of each.
        seed: the same seed gives the same experiment.

    Returns:
        A table with the columns ``subject`` (from 1), ``rt`` in seconds and ``response`` (0 = lower, 1 = upper); and
        the population distributions and participants' parameters, ready for JSON.

    Raises:
        ModelError: there is no such model.
    """
    ssm = get_model(model)
    rng = np.random.default_rng(seed)
    population = {parameter.name: _population(parameter) for parameter in ssm.parameters}
    theta = np.column_stack(
        [get_link(link).inverse(rng.normal(mean, sd, subjects)) for link, mean, sd in population.values()]
    )
    rt, choice = simulate(ssm, theta, trials, seed)
    labels = np.arange(1, subjects + 1)
    table = pd.DataFrame({"subject": np.repeat(labels, trials), "rt": rt.ravel(), "response": choice.ravel()})
    truth = {
        "made_by": "hddm_sbi",
        "model": ssm.name,
        "seed": seed,
        "population": {name: {"link": link, "mean": mean, "sd": sd} for name, (link, mean, sd) in population.items()},
        "subjects": {
            str(label): dict(zip(ssm.parameter_names, map(float, row), strict=True))
            for label, row in zip(labels, theta, strict=True)
        },
    }
    return table, truth


def _population(parameter: Parameter) -> tuple[str, float, float]:
    """Link, mean and standard deviation; for a parameter not in the table, the middle half of its box is 4 sds wide."""
    known = _POPULATIONS.get(parameter.name)
    if known is not None and known[0] == parameter.link:
        return known
    low, high = parameter.box
    quarter = (high - low) / 4.0
    ends = get_link(parameter.link).forward(np.array([low + quarter, high - quarter]))
    return parameter.link, float(ends.mean()), float(ends[1] - ends[0]) / 4.0
