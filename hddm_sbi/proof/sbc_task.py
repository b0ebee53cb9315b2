"""One data set of a calibration: the ranks of true values among independent draws of their posterior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from hddm_sbi.inference.predictive import ChoiceArray, pointwise_log_prob, predict
from hddm_sbi.likelihoods.observation.bound import BoundTrials
from hddm_sbi.likelihoods.observation.seen import SeenTrials
from hddm_sbi.proof.experiment import Experiment, FloatArray, IntArray, Settings, fit, integer
from hddm_sbi.proof.truths import Truths, population_variables
from hddm_sbi.results.quantities import Quantities, quantities_of
from hddm_sbi.spec.recoding import to_sampled

# Ranks are 0 ... 99. The draws between them are independent where the effective sample size is at least as large
# (Talts et al. 2018, algorithm 2); a fit that has fewer is repeated with twice the draws.
THINNED = 99
# Participants whose own values are ranked: those of others have the same law.
FOLLOWED = (0, 1, 2)
LIKELIHOOD, PREDICTED = "log likelihood", "of new trials"


@dataclass(frozen=True)
class SbcTask:
    """What all data sets of a calibration share.

    Args:
        experiment: the experiment.
        truths: where true values come from.
        settings: of the fits.
        beside: whether simulated trials stand beside the observed ones: calibration about a posterior.
    """

    experiment: Experiment
    truths: Truths
    settings: Settings
    beside: bool


def sbc_one(task: SbcTask, number: int, seeds: np.random.SeedSequence) -> pd.DataFrame:
    """A row for each quantity: its rank, how far it is from its posterior, and how the fit went."""
    of_truth, of_trials, of_fit, of_new, of_ties = seeds.spawn(5)
    experiment = task.experiment
    coefficients = task.truths.draw(experiment, number, np.random.default_rng(of_truth))
    rt, choice = experiment.simulate(coefficients, integer(of_trials))

    def looked_at(posterior: xr.Dataset) -> FloatArray:
        return ranked(experiment, posterior).draws

    fitted = fit(
        experiment, (rt, choice), task.settings, integer(of_fit), looked_at, THINNED, beside=task.beside
    )  # fmt: skip
    listed, true = (ranked(experiment, x) for x in (fitted.posterior, experiment.posterior(coefficients)))
    keep = thinned(listed.columns[0].size)
    draws = {label: x.ravel()[keep] for label, x in zip(listed.labels, listed.columns, strict=True)}
    truth = {label: x.item() for label, x in zip(true.labels, true.columns, strict=True)}
    kinds = dict(zip(listed.labels, listed.kinds, strict=True))
    kept = _kept(experiment, fitted.posterior, keep)
    bound = experiment.likelihood.showing(rt, choice)
    for kind, found in (
        (LIKELIHOOD, _log_likelihoods(experiment, bound, kept, coefficients)),
        (PREDICTED, _new_trials(experiment, kept, coefficients, of_new)),
    ):
        for label, (of_draws, of_truth_) in found.items():
            draws[label], truth[label], kinds[label] = of_draws, of_truth_, kind
    return _rows(draws, truth, kinds, np.random.default_rng(of_ties)).assign(**fitted.record)


def ranked(experiment: Experiment, posterior: xr.Dataset) -> Quantities:
    """What is ranked of a posterior: all that makes up the population, and some participants' own values."""
    found, population = quantities_of(posterior), set(population_variables(experiment.spec))
    places = [
        k
        for k, variable in enumerate(found.variables)
        if variable in population or (found.kinds[k] == "participant" and found.places[k][0] in FOLLOWED)
    ]
    return found.only(places)


def thinned(draws: int) -> IntArray:
    """The places of evenly spaced draws of all chains, shape (THINNED,)."""
    return np.asarray(((np.arange(THINNED) + 0.5) * draws / THINNED).astype(np.int64))


def rank(draws: FloatArray, truth: float, rng: np.random.Generator) -> int:
    """How many draws are below the truth, and of those that equal it a number at random."""
    return int((draws < truth).sum() + rng.integers((draws == truth).sum() + 1))


def _rows(
    draws: Mapping[str, FloatArray], truth: Mapping[str, float], kinds: Mapping[str, str], rng: np.random.Generator
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "quantity": label, "kind": kinds[label], "rank": rank(x, truth[label], rng), "truth": truth[label],
            "mean": x.mean(), "sd": x.std(ddof=1),
        }
        for label, x in draws.items()
    )  # fmt: skip


def _kept(experiment: Experiment, posterior: xr.Dataset, keep: IntArray) -> Mapping[str, FloatArray]:
    """Sampled coefficients of the draws that are kept, each of shape (1, THINNED, *site shape)."""
    arrays = {str(name): x.transpose("chain", "draw", ...).to_numpy() for name, x in posterior.data_vars.items()}
    flat = {name: x.reshape(1, -1, *x.shape[2:])[:, keep] for name, x in arrays.items()}
    return to_sampled(experiment.spec, flat)


# by label: the draws' values, (THINNED,), and the truth's
_Found = dict[str, tuple[FloatArray, float]]


def _log_likelihoods(
    experiment: Experiment, bound: BoundTrials, kept: Mapping[str, FloatArray], truth: Mapping[str, FloatArray]
) -> _Found:
    """The log likelihood, which tells a posterior that leaves the data unused (Modrák et al. 2023)."""
    of_draws, of_truth = (pointwise_log_prob(experiment.spec, bound, x).sum(-1).ravel() for x in (kept, truth))
    return {LIKELIHOOD: (of_draws, float(of_truth[0]))}


def _new_trials(
    experiment: Experiment,
    kept: Mapping[str, FloatArray],
    truth: Mapping[str, FloatArray],
    seeds: np.random.SeedSequence,
) -> _Found:
    """Statistics of a new experiment with the true parameters among those of predicted ones, which have one law."""
    of_draws, of_truth = (
        _statistics(experiment.likelihood.trials, *predict(experiment.spec, experiment.likelihood, x, integer(s)))
        for x, s in zip((kept, truth), seeds.spawn(2), strict=True)
    )
    return {label: (x, float(of_truth[label][0])) for label, x in of_draws.items()}


def _statistics(trials: SeenTrials, rt: FloatArray, choice: ChoiceArray) -> dict[str, FloatArray]:
    """By label, of each experiment: mean and sd of rt, and shares of choice 1 and of trials without a response."""
    rt, choice = rt.reshape(-1, trials.n), choice.reshape(-1, trials.n)
    responded, seen = choice >= 0, np.isfinite(rt)
    found = {f"share of choice 1 {PREDICTED}": (choice == 1).mean(axis=1)}
    if trials.times:
        number = np.maximum(seen.sum(axis=1), 1)
        mean = np.where(seen, rt, 0.0).sum(axis=1) / number
        square = np.where(seen, rt, 0.0) ** 2
        sd = np.sqrt(np.maximum(square.sum(axis=1) / number - mean**2, 0.0))
        found |= {f"mean rt {PREDICTED}": mean, f"sd of rt {PREDICTED}": sd}
    if np.isfinite(trials.deadline).any():
        found[f"share without a response {PREDICTED}"] = 1.0 - responded.mean(axis=1)
    return found
