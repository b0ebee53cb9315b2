"""What a network gets wrong, as a function of the parameters: the log ratio of its density to the exact one.

For data x with design rows r the posterior under a network q differs from the exact one by the factor exp(d),

    d(theta) = sum over trials of log q(x | theta) - log p(x | theta).

Where p has a formula, ``exact_log_ratios`` evaluates d at the draws. Elsewhere, ``expected_log_ratios`` finds what d is
on average over data from the model itself: p has an expected score of zero, so that the gradient of E[d] is the
network's expected score, the score bias, which simulation alone tells. Both are given as functions of the draws, from
which results/certificate.py takes what they do to posterior means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.inference.predictive import P_OUTLIER
from hddm_sbi.likelihoods.base import Likelihood
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
        rt: response times in seconds, shape (trials,).
        choice: option index, shape (trials,).
        row: design row of each trial, shape (trials,).
        unit: participant of each trial, shape (trials,).
        ssm: the process.
        names: of theta's columns: the process's parameters, then ``p_outlier`` where there are lapses.
        window: of the uniform density of lapses in seconds; None without lapses.
    """

    rt: FloatArray
    choice: IntArray
    row: IntArray
    unit: IntArray
    ssm: SSM
    names: Sequence[str]
    window: tuple[float, float] | None


def spread(n: int) -> IntArray:
    """0 to n - 1 in an order of which every beginning is evenly spread."""
    return np.argsort(np.arange(n) * _GOLDEN % 1.0, kind="stable").argsort(kind="stable")


def exact_log_ratios(
    experiment: Experiment, network: Likelihood, exact: Likelihood, thetas: Iterable[FloatArray]
) -> Iterator[FloatArray]:
    """d at one draw after the other, participant by participant.

    Args:
        experiment: the observed one.
        network: the likelihood that was sampled.
        exact: the one that should have been.
        thetas: natural scale, each of shape (rows, parameters).

    Yields:
        Shape (units,): the sum over the trials of each participant; infinite where the data are possible under one of
        the two only, 0 where under neither.
    """
    rt, choice, row, unit = experiment[:4]
    n_units = int(unit.max()) + 1
    for theta in thetas:
        theta = np.ascontiguousarray(theta)
        by_network, by_exact = (f.log_prob(rt, choice, theta, row) for f in (network, exact))
        with np.errstate(invalid="ignore"):
            ratio = np.where(by_network == by_exact, 0.0, by_network - by_exact)
        yield np.bincount(unit, ratio, n_units).astype(np.float64)


class Batch(NamedTuple):
    """Simulated experiments.

    Args:
        log_ratio: of one experiment in the mean, up to a constant, to first order, shape (draws,).
        size: how many were simulated.
    """

    log_ratio: FloatArray
    size: int


def expected_log_ratios(
    experiment: Experiment, network: Likelihood, theta: npt.NDArray[np.floating], seed: int = 0
) -> Iterator[Batch]:
    """E[d] to first order, theta times the score bias, from simulated experiments: without end.

    Each batch is simulated at a draw of its own. The average of the gradient over a Gaussian posterior gives the
    covariances with d exactly (Stein 1981, Annals of Statistics 9, 1135-1151), not only to first order around the mean.

    Args:
        experiment: the design; its rt and choice play no part.
        network: with the parameters ``experiment.names``.
        theta: draws on the natural scale, shape (draws, rows, parameters).
        seed: the same seed gives the same batches.
    """
    size = int(np.clip(_BATCH // len(experiment.row), 1, _LARGEST_BATCH))
    flat = (theta - theta.mean(axis=0)).reshape(len(theta), -1)
    seeds = np.random.SeedSequence(seed)
    for number in range(2**31):
        at = theta[int(len(theta) * ((0.5 + number * _GOLDEN) % 1.0))].astype(np.float64)
        score = expected_score(experiment, network, at, size, seeds.spawn(1)[0])
        yield Batch(flat @ score.ravel().astype(flat.dtype), size)


def expected_score(
    experiment: Experiment, network: Likelihood, theta: FloatArray, size: int, seed: np.random.SeedSequence
) -> FloatArray:
    """The network's mean score over simulated experiments, zero for an exact density.

    Args:
        experiment: the design.
        network: with the parameters ``experiment.names``.
        theta: natural scale, shape (rows, parameters).
        size: number of experiments.
        seed: of this batch.

    Returns:
        Derivatives of the log likelihood of one experiment by theta, shape (rows, parameters).
    """
    row = np.sort(experiment.row)  # trials of one row stand together
    rt, choice = simulate_rows(experiment, theta[row], size, int(seed.generate_state(1, np.uint32)[0]))
    rt, choice, rows = rt.ravel(), choice.ravel(), np.repeat(row, size)
    weight = np.full(len(rt), 1.0 / size)
    if experiment.window is not None:
        # the expectation over the mixture: rare lapses, whose scores are large, are weighted instead of waited for
        p = theta[:, list(experiment.names).index(P_OUTLIER)]
        times, options = _lapses(experiment, len(row) * _LAPSES, np.random.default_rng(seed))
        lapsed = np.repeat(row, _LAPSES)
        weight = np.append(weight * (1.0 - p[rows]), p[lapsed] / _LAPSES)
        rt, choice, rows = np.append(rt, times), np.append(choice, options), np.append(rows, lapsed)
    known = np.isfinite(rt)
    if not known.all():
        rt, choice, rows, weight = rt[known], choice[known], rows[known], weight[known]
    _, by_trial = network.log_prob_grad(rt, choice, theta, rows)
    return np.stack([np.bincount(rows, column * weight, len(theta)) for column in by_trial.T], axis=1)


def simulate_rows(experiment: Experiment, theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Trials of the process, without lapses, for each row of theta, (rows, n) each; NaN and -1 outside the supports."""
    ssm = experiment.ssm
    process = np.ascontiguousarray(theta[:, [list(experiment.names).index(name) for name in ssm.parameter_names]])
    return simulate_possible(ssm, process, n, seed)


def _lapses(experiment: Experiment, n: int, rng: np.random.Generator) -> tuple[FloatArray, IntArray]:
    """Evenly spread times and choices."""
    assert experiment.window is not None
    low, high = experiment.window
    place, n_choices = (rng.random() + np.arange(n) * _GOLDEN) % 1.0, experiment.ssm.n_choices
    return low + (high - low) * place, np.arange(n, dtype=np.int64) % n_choices
