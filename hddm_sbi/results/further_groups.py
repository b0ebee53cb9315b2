"""The groups of results that are made on request: log likelihoods, and trials simulated from draws."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hddm_sbi.errors import ModelError
from hddm_sbi.inference.predictive import FEWEST_FOR_LOO, pointwise_log_prob, predict, thinned
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.observation.bound import BoundTrials
from hddm_sbi.results.attributes import shown_choice
from hddm_sbi.results.to_arviz import Group
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.trials.trials import Trials

GROUPS = ("log_likelihood", "posterior_predictive", "prior", "prior_predictive")
_DIMS = ("chain", "draw", "trial")


def check_groups(groups: Collection[str]) -> tuple[str, ...]:
    """The names of the groups that are asked for.

    Raises:
        ModelError: there is no such group.
    """
    if not isinstance(groups, Collection):
        raise ModelError(f"groups is {groups!r}; give a list of names from {', '.join(GROUPS)}, or leave it out.")
    wanted = (groups,) if isinstance(groups, str) else tuple(groups)
    for name in wanted:
        if name not in GROUPS:
            raise ModelError(f"groups names '{name}'; choose from {', '.join(GROUPS)}.")
    return wanted


def log_likelihood_group(spec: ModelSpec, bound: BoundTrials, draws: Mapping[str, FloatArray]) -> Group:
    """The log likelihood of each trial under both names of what was observed, of draws by site."""
    values = pointwise_log_prob(spec, bound, thinned(draws, len(spec.row), fewest=FEWEST_FOR_LOO))
    return dict.fromkeys(("rt", "choice"), (_DIMS, values))


def simulated_group(
    spec: ModelSpec, bound: BoundTrials, trials: Trials, draws: Mapping[str, FloatArray], seed: int
) -> Group:
    """Trials simulated from draws by site, their choices of the type of the observed ones."""
    rt, choice = predict(spec, bound, thinned(draws, len(spec.row)), seed)
    return {"rt": (_DIMS, rt), "choice": (_DIMS, shown_choice(choice, trials.choice))}
