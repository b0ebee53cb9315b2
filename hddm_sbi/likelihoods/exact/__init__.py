"""Exact first-passage densities, for the models that have a formula."""

from __future__ import annotations

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.base import Likelihood
from hddm_sbi.likelihoods.exact.ddm import ExactDDM

EXACT: dict[str, Likelihood] = {"ddm": ExactDDM()}


def get_exact(model_name: str) -> Likelihood:
    """The exact likelihood of the model called ``model_name``.

    Raises:
        ModelError: the model has no formula.
    """
    if model_name not in EXACT:
        raise ModelError(
            f"there is no exact likelihood for the model '{model_name}'; the models with a formula are "
            f"{', '.join(sorted(EXACT))}, so use one of these or likelihood='nle'."
        )
    return EXACT[model_name]
