"""What a network gets wrong, as a function of the parameters: the log ratio of its density to the exact one.

For data x with design rows r the posterior under a network q differs from the exact one by the factor exp(d),

    d(theta) = sum over trials of log q(x | theta) - log p(x | theta).

Where p has a formula, ``exact_log_ratios`` evaluates d at the draws. Elsewhere, ``expected_log_ratios`` finds what d is
on average over data from the model itself: p has an expected score of zero, so that the gradient of E[d] is the
network's expected score, the score bias, which simulation alone tells. Both are given as functions of the draws, from
which results/certificate.py takes what they do to posterior means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.likelihoods.base import ANY, Density
from hddm_sbi.likelihoods.observation.given import GivenDensity
from hddm_sbi.likelihoods.observation.lapses import Lapses
from hddm_sbi.likelihoods.observation.observation_model import ObservationModel
from hddm_sbi.likelihoods.observation.outcomes import seen
from hddm_sbi.likelihoods.observation.seen import BoolArray, SeenTrials
from hddm_sbi.likelihoods.observation.withheld import GO
from hddm_sbi.ssm.base import SSM
from hddm_sbi.ssm.registry import simulate_possible

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# The golden ratio: its multiples modulo 1 are evenly spread, however many are taken.
_GOLDEN = 0.5 * (np.sqrt(5.0) - 1.0)
# Trials that are simulated together: enough to make the cost of a call small, few enough to look at the clock often.
_BATCH = 100_000
# Experiments in a batch, at most: the error of the mean is judged by the spread of some dozens of batches.
_LARGEST_BATCH = 25
# Times at which the uniform density of lapses is evaluated for each trial; they are evenly spread, so that few suffice.
_LAPSES = 4


class Experiment(NamedTuple):
    """Trials and a model for them.

    Args:
        trials: what was seen of each trial.
        ssm: the process.
        lapses: the lapses that are mixed into the process, or None.
    """

    trials: SeenTrials
    ssm: SSM
    lapses: Lapses | None

    def observed(self, density: Density) -> ObservationModel:
        """The likelihood that a density has in this experiment."""
        return ObservationModel(density, self.lapses)


def spread(n: int) -> IntArray:
    """0 to n - 1 in an order of which every beginning is evenly spread."""
    return np.argsort(np.arange(n) * _GOLDEN % 1.0, kind="stable").argsort(kind="stable")


def exact_log_ratios(
    experiment: Experiment, network: Density, exact: Density, thetas: Iterable[FloatArray]
) -> Iterator[FloatArray]:
    """d at one draw after the other, participant by participant.

    Args:
        experiment: the observed experiment.
        network: the density that was sampled.
        exact: the density that should have been sampled.
        thetas: theta of each draw on the natural scale, each of shape (rows, columns).

    Yields:
        Shape (units,): the sum over the trials of each participant; infinite where the data are possible under one of
        the two only, 0 where under neither.
    """
    unit = experiment.trials.subject
    n_units = int(unit.max()) + 1
    bound = [experiment.observed(density).bind(experiment.trials) for density in (network, exact)]
    for theta in thetas:
        theta = np.ascontiguousarray(theta)
        by_network, by_exact = (likelihood.log_prob(theta) for likelihood in bound)
        with np.errstate(invalid="ignore"):
            ratio = np.where(by_network == by_exact, 0.0, by_network - by_exact)
        yield np.bincount(unit, ratio, n_units).astype(np.float64)


class Batch(NamedTuple):
    """Simulated experiments.

    Args:
        log_ratio: mean log ratio of one experiment, to first order and up to a constant, shape (draws,).
        size: number of experiments that were simulated.
    """

    log_ratio: FloatArray
    size: int


def expected_log_ratios(
    experiment: Experiment, network: Density, theta: npt.NDArray[np.floating], seed: int = 0
) -> Iterator[Batch]:
    """E[d] to first order, theta times the score bias, from simulated experiments: without end.

    Each batch is simulated at a draw of its own. The average of the gradient over a Gaussian posterior gives the
    covariances with d exactly (Stein 1981, Annals of Statistics 9, 1135-1151), not only to first order around the mean.

    Args:
        experiment: the design, and what is seen of a trial; its rt and choice play no part.
        network: the density of the process.
        theta: draws on the natural scale, shape (draws, rows, columns).
        seed: a non-negative integer; the same seed gives the same batches.
    """
    size = int(np.clip(_BATCH // experiment.trials.n, 1, _LARGEST_BATCH))
    flat = (theta - theta.mean(axis=0)).reshape(len(theta), -1)
    seeds = np.random.SeedSequence(seed)
    for number in range(2**31):
        at = theta[int(len(theta) * ((0.5 + number * _GOLDEN) % 1.0))].astype(np.float64)
        score = expected_score(experiment, network, at, size, seeds.spawn(1)[0])
        yield Batch(flat @ score.ravel().astype(flat.dtype), size)


def expected_score(
    experiment: Experiment, network: Density, theta: FloatArray, size: int, seed: np.random.SeedSequence
) -> FloatArray:
    """The network's mean score over simulated experiments, zero for an exact density.

    Args:
        experiment: the design, and what is seen of a trial.
        network: the density of the process.
        theta: parameters on their natural scales, shape (rows, columns).
        size: number of experiments to simulate.
        seed: the source of the simulations; an equal one gives the same experiments.

    Returns:
        Derivatives of the log likelihood of one experiment by theta, shape (rows, columns).
    """
    if isinstance(network, GivenDensity):
        return _score_in_order(experiment, network, theta, size, seed)
    order = np.argsort(experiment.trials.row, kind="stable")  # trials of one row stand together
    trials = experiment.trials.at(np.repeat(order, size))
    lapses, by_trial = experiment.lapses, theta[trials.row]
    process = np.ascontiguousarray(by_trial[:, : len(network.parameters)])
    times, options = simulate_possible(experiment.ssm, process, 1, int(seed.generate_state(1, np.uint32)[0]))
    rt, choice = times[:, 0], options[:, 0]
    weight = np.full(trials.n, 1.0 / size)
    if lapses is not None:
        # the expectation over the mixture: rare lapses, whose scores are large, are weighted instead of waited for
        p = theta[:, len(network.parameters)]
        weight *= 1.0 - p[trials.row]
        lapsed = experiment.trials.at(np.repeat(order, _LAPSES))
        times, options, shares = _lapses(lapses, theta, lapsed, network.n_choices, np.random.default_rng(seed))
        trials = trials.joined(lapsed)
        rt, choice = np.append(rt, times), np.append(choice, options)
        weight = np.append(weight, p[lapsed.row] * shares)
    known = ~np.isnan(rt)
    stays = seen(rt, choice, trials) & known
    if trials.truncated:
        weight *= _conditional(weight, stays, trials)
    trials = trials.showing(rt, choice).at(stays)
    _, by_theta = experiment.observed(network).bind(trials).log_prob_grad(theta)
    weighted = by_theta * weight[stays, np.newaxis]
    return np.stack([np.bincount(trials.row, column, len(theta)) for column in weighted.T], axis=1)


def _score_in_order(
    experiment: Experiment, network: GivenDensity, theta: FloatArray, size: int, seed: np.random.SeedSequence
) -> FloatArray:
    """The same for a likelihood of the user's own, which simulates whole experiments: the past may matter to it."""
    bound = experiment.observed(network).bind(experiment.trials)
    total = np.zeros((experiment.trials.n, theta.shape[1]))
    for one in seed.spawn(size):
        total += bound.showing(*bound.simulate(theta, one)).log_prob_grad(theta)[1]
    row = experiment.trials.row
    return np.stack([np.bincount(row, column, len(theta)) for column in total.T], axis=1) / size


def _conditional(weight: FloatArray, stays: BoolArray, trials: SeenTrials) -> FloatArray:
    """What weights are multiplied with, so that those of the trials that stay in the data count for all."""
    n = trials.n_rows
    everything = np.bincount(trials.row, weight, n)
    of_kept = np.bincount(trials.row[stays], weight[stays], n)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(everything / of_kept, posinf=0.0)[trials.row]


def simulate_rows(experiment: Experiment, theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Trials of the process, without lapses and whole, for each row of theta, (rows, n) each; NaN outside supports."""
    process = np.ascontiguousarray(theta[:, : len(experiment.ssm.parameters)])
    return simulate_possible(experiment.ssm, process, n, seed)


def _lapses(
    lapses: Lapses, theta: FloatArray, trials: SeenTrials, n_choices: int, rng: np.random.Generator
) -> tuple[FloatArray, IntArray, FloatArray]:
    """Evenly spread times and choices of lapses, and their weights; each fourth never responds where some do not."""
    silent = np.full(trials.n, lapses.omissions) & (np.arange(trials.n) % _LAPSES == 0)
    number = np.cumsum(~silent)  # of those that respond, whose times and choices are spread for themselves
    place = (rng.random() + number * _GOLDEN) % 1.0
    rt = np.where(silent, np.inf, lapses.low + (lapses.ends(trials) - lapses.low) * place)
    choice = np.where(silent, ANY, GO if trials.go else number % n_choices)
    if not lapses.omissions:
        return rt, choice, np.full(trials.n, 1.0 / _LAPSES)
    q = theta[trials.row, -1]
    return rt, choice, np.where(silent, q, (1.0 - q) / (_LAPSES - 1))
