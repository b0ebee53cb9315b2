"""Exact first-passage densities, for the models that have a formula."""

from __future__ import annotations

from functools import cache

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.base import Likelihood
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.exact.full_ddm import ExactFullDDM
from hddm_sbi.likelihoods.exact.race import ExactRace
from hddm_sbi.likelihoods.exact.race_density import LBA, RDM
from hddm_sbi.ssm.base import SSM
from hddm_sbi.ssm.registry import is_registered

# kinds of accumulator, by the name of the race
_RACES = {"rdm": RDM, "lba": LBA}


@cache
def _race(name: str, n_choices: int) -> Likelihood:
    return ExactRace(_RACES[name], n_choices)


# by the model's name; a race's is the one of two accumulators
EXACT: dict[str, Likelihood] = {
    "ddm": ExactDDM(),
    "full_ddm": ExactFullDDM(),
    **{name: _race(name, 2) for name in _RACES},
}


def get_exact(model: str | SSM) -> Likelihood:
    """The exact likelihood of a model, or of the model so called; a race's name stands for two accumulators.

    Raises:
        ModelError: the model has no formula; one with a simulator of its own has none whatever its name.
    """
    name = model if isinstance(model, str) else model.name
    if name not in EXACT:
        raise ModelError(
            f"there is no exact likelihood for the model '{name}'; the models with a formula are "
            f"{', '.join(sorted(EXACT))}, so use one of these or likelihood='nle'."
        )
    if isinstance(model, str):
        return EXACT[name]
    likelihood = _race(name, model.n_choices) if name in _RACES else EXACT[name]
    if likelihood.parameters != model.parameter_names:
        raise ModelError(
            f"the exact likelihood called '{name}' takes {', '.join(likelihood.parameters)}, but the model has "
            f"{', '.join(model.parameter_names)}; give a model of your own another name and a likelihood of its own."
        )
    if not is_registered(model):
        raise ModelError(
            f"the model '{name}' has a simulator of its own, to which the formula of the registry's '{name}' does not "
            "apply; give it another name and a likelihood of its own."
        )
    return likelihood


def find_exact(model: str | SSM) -> Likelihood | None:
    """The exact likelihood of a model; None where it has no formula."""
    try:
        return get_exact(model)
    except ModelError:
        return None
