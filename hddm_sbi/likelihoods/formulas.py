"""The exact likelihood that a model has, if it has one."""

from __future__ import annotations

from typing import cast

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.base import Density, Likelihood
from hddm_sbi.likelihoods.observation.given import GivenDensity
from hddm_sbi.ssm.base import SSM, Formula
from hddm_sbi.ssm.registry import get_model, list_models


def get_exact(model: str | SSM) -> Density:
    """The exact density of a model, or of the model so called; a race's name stands for two accumulators.

    Raises:
        ModelError: the model has no formula, or one for other parameters.
    """
    ssm = get_model(model)
    if not isinstance(ssm.exact, Formula):
        raise ModelError(_none(ssm))
    likelihood = ssm.exact.likelihood
    density = GivenDensity(likelihood) if isinstance(likelihood, Likelihood) else cast(Density, likelihood)
    if tuple(density.parameters) != ssm.parameter_names or density.n_choices != ssm.n_choices:
        raise ModelError(
            f"the exact likelihood of the model '{ssm.name}' takes {', '.join(density.parameters)} and has "
            f"{density.n_choices} choices, but the model has {', '.join(ssm.parameter_names)} and {ssm.n_choices}."
        )
    return density


def find_exact(model: str | SSM) -> Density | None:
    """The exact density of a model; None where it has no formula."""
    ssm = get_model(model)
    return None if ssm.exact is None else get_exact(ssm)


def _none(ssm: SSM) -> str:
    known = [name for name in list_models() if get_model(name).exact is not None]
    if ssm.name in known:
        return (
            f"the model '{ssm.name}' has a simulator of its own, to which the formula of the registry's '{ssm.name}' "
            "does not apply; give it another name and a likelihood of its own."
        )
    return (
        f"there is no exact likelihood for the model '{ssm.name}'; the models with a formula are "
        f"{', '.join(sorted(known))}, so use one of these or likelihood='nle', or give your own model its formula, "
        "hs.SSM(..., exact=...)."
    )
