"""A simulated experiment: participants drawn from a population, and trials from participants."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from hddm_sbi.spec.links import get_link
from hddm_sbi.ssm import get_model, simulate
from hddm_sbi.ssm.base import SSM, FloatArray, Parameter


class _Population(NamedTuple):
    """Normal distribution of participants on the scale of a link."""

    link: str
    mean: float
    sd: float


# Ordinary values of a two-choice experiment, within the distributions of published estimates (Matzke & Wagenmakers
# 2009; Tran et al. 2021).
_POPULATIONS = {
    "v": _Population("identity", 1.0, 0.5),
    "a": _Population("log", math.log(1.6), 0.2),
    "z": _Population("logit", 0.0, 0.2),
    "t0": _Population("log", math.log(0.3), 0.15),
}


def simulate_experiment(
    model: str | SSM, subjects: int, trials: int, seed: int, n_choices: int | None = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Trials of simulated participants, and the truth about them.

    Args:
        model: the model, or its name.
        subjects: number of participants.
        trials: of each.
        seed: the same seed gives the same experiment.
        n_choices: number of accumulators of a race.

    Returns:
        A table with the columns ``subject`` (from 1), ``rt`` in seconds and ``response`` (0 = lower, 1 = upper; in a
        race the accumulator); and the population distributions and participants' parameters, ready for JSON.

    Raises:
        ModelError: there is no such model.
    """
    ssm = get_model(model, n_choices)
    rng = np.random.default_rng(seed)
    population = {parameter.name: _population(parameter) for parameter in ssm.parameters}
    theta = _participants(ssm, population, subjects, rng)
    rt, choice = simulate(ssm, theta, trials, seed)
    labels = np.arange(1, subjects + 1)
    table = pd.DataFrame({"subject": np.repeat(labels, trials), "rt": rt.ravel(), "response": choice.ravel()})
    truth = {
        "made_by": "hddm_sbi",
        "model": ssm.name,
        "seed": seed,
        "population": {name: distribution._asdict() for name, distribution in population.items()},
        "subjects": {
            str(label): dict(zip(ssm.parameter_names, map(float, row), strict=True))
            for label, row in zip(labels, theta, strict=True)
        },
    }
    return table, truth


def _participants(ssm: SSM, population: dict[str, _Population], n: int, rng: np.random.Generator) -> FloatArray:
    """Parameters of participants, natural scale, shape (participants, parameters)."""
    values = [
        get_link(link, parameter.support).inverse(rng.normal(mean, sd, n))
        for parameter, (link, mean, sd) in zip(ssm.parameters, population.values(), strict=True)
    ]
    return ssm.in_room(np.column_stack(values))  # the population is one of proportions


def _population(parameter: Parameter) -> _Population:
    """Typical values; else those of the prior, with half its spread between groups; else those of the box.

    The middle half of the box is then 4 sds wide. Parameters that belong to the population are the same for everybody.
    """
    known, prior = _POPULATIONS.get(parameter.name), parameter.prior
    if known is not None and known.link == parameter.link:
        return known
    if prior is not None:
        return _Population(parameter.link, prior.loc, 0.0 if parameter.population else 0.5 * prior.group_sd)
    low, high = parameter.box
    quarter = (high - low) / 4.0
    ends = get_link(parameter.link, parameter.support).forward(np.array([low + quarter, high - quarter]))
    sd = 0.0 if parameter.population else float(ends[1] - ends[0]) / 4.0
    return _Population(parameter.link, float(ends.mean()), sd)
