"""Hierarchical drift diffusion models with neural and exact likelihoods.

Public names are loaded when they are first used, so that ``import hddm_sbi`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from hddm_sbi import plots
    from hddm_sbi.api import HierarchicalDDM, load_fit
    from hddm_sbi.choose import log_likelihood
    from hddm_sbi.comparison.compare import compare
    from hddm_sbi.comparison.result import Comparison
    from hddm_sbi.doctor import Checkup, check_data
    from hddm_sbi.errors import HDDMError, HDDMWarning
    from hddm_sbi.likelihoods.base import BoundLikelihood, Likelihood
    from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator, first_passage_estimator
    from hddm_sbi.likelihoods.neural.sbi_distribution import SBItoPyro
    from hddm_sbi.likelihoods.observation.seen import SeenTrials
    from hddm_sbi.peers import FromPeer, from_peer
    from hddm_sbi.planning.plan import plan
    from hddm_sbi.planning.result import Plan
    from hddm_sbi.plots import plot_predictive
    from hddm_sbi.reading import read
    from hddm_sbi.results.tidy import tidy_draws
    from hddm_sbi.ssm import SSM, Diffusion, Evidence, Parameter, Prior, Symmetries, get_model, list_models, simulate
    from hddm_sbi.ssm.simulation.trial_simulator import simulator_of
    from hddm_sbi.training.train_nle import train_nle
    from hddm_sbi.trials import load_data
    from hddm_sbi.weights.store import load_pretrained

_HOME = {
    "BoundLikelihood": "likelihoods.base",
    "Checkup": "doctor",
    "Comparison": "comparison.result",
    "FirstPassageEstimator": "likelihoods.neural.estimator",
    "FromPeer": "peers",
    "Likelihood": "likelihoods.base",
    "SeenTrials": "likelihoods.observation.seen",
    "Diffusion": "ssm",
    "Evidence": "ssm",
    "HDDMError": "errors",
    "HDDMWarning": "errors",
    "HierarchicalDDM": "api",
    "Parameter": "ssm",
    "Prior": "ssm",
    "SBItoPyro": "likelihoods.neural.sbi_distribution",
    "SSM": "ssm",
    "Symmetries": "ssm",
    "check_data": "doctor",
    "compare": "comparison.compare",
    "first_passage_estimator": "likelihoods.neural.estimator",
    "from_peer": "peers",
    "get_model": "ssm",
    "list_models": "ssm",
    "load_data": "trials",
    "load_fit": "api",
    "load_pretrained": "weights.store",
    "log_likelihood": "choose",
    "Plan": "planning.result",
    "plan": "planning.plan",
    "plot_predictive": "plots",
    "read": "reading",
    "simulate": "ssm",
    "simulator_of": "ssm.simulation.trial_simulator",
    "tidy_draws": "results.tidy",
    "train_nle": "training.train_nle",
}

_MODULES = ("plots",)

__all__ = [
    "SSM",
    "BoundLikelihood",
    "Checkup",
    "Comparison",
    "Diffusion",
    "Evidence",
    "FirstPassageEstimator",
    "FromPeer",
    "HDDMError",
    "HDDMWarning",
    "HierarchicalDDM",
    "Likelihood",
    "Parameter",
    "Plan",
    "Prior",
    "SBItoPyro",
    "SeenTrials",
    "Symmetries",
    "__version__",
    "check_data",
    "compare",
    "first_passage_estimator",
    "from_peer",
    "get_model",
    "list_models",
    "load_data",
    "load_fit",
    "load_pretrained",
    "log_likelihood",
    "plan",
    "plot_predictive",
    "plots",
    "read",
    "simulate",
    "simulator_of",
    "tidy_draws",
    "train_nle",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"hddm_sbi.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'hddm_sbi' has no attribute '{name}'")
    value = getattr(import_module(f"hddm_sbi.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
