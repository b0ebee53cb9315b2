"""Fits of simulated experiments that are hard to sample: little data, few or many participants, odd participants."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from benchmarks.awkward import CASES, Fit
from tests.chances import next_count_bound, next_mean_bound


class Measured(NamedTuple):
    """What fits of these experiments gave with other seeds of the sampler.

    Args:
        r_hat: log(largest R-hat - 1), which is close to normal: mean and sd.
        divergences: of a fit, mean and variance.
    """

    r_hat: tuple[float, float]
    divergences: tuple[float, float]


# Of 42 fits, 14 of each experiment. The 200 participants were fitted 8 times, with a mean of -4.1 and an sd of 0.26 and
# without a divergence; they are given the spread of the others.
FITS = 42
MEASURED = {
    "five trials each": Measured((-4.57, 0.39), (4.5, 14.0)),
    "three participants": Measured((-4.95, 0.40), (0.02, 0.02)),
    "200 participants": Measured((-4.10, 0.40), (0.10, 0.10)),
    "hardly an error": Measured((-4.25, 0.34), (0.07, 0.07)),
    "one participant at chance": Measured((-4.27, 0.28), (0.02, 0.02)),
    "one participant with one trial": Measured((-4.29, 0.23), (0.07, 0.07)),
}
# The central 99.9% of a normal distribution. Quantiles that far out are not to be had from a thousand draws.
LARGEST_Z = 3.29


@cache
def fits(name: str) -> tuple[Fit, ...]:
    """Of each case three experiments, each fitted once; of the slowest only one."""
    return tuple(CASES[name].fit(seed) for seed in ((4,) if CASES[name].participants > 100 else (4, 5, 6)))


def z_scores(found: Fit) -> dict[str, float]:
    """Distance of the population's true values from their posterior means, in posterior sds."""
    truth: dict[str, float] = {}
    for name, (mean, sd) in found.case.population.items():
        truth[f"{name}_Intercept"] = mean
        truth[f"{name}_Intercept_subject_sd"] = sd
    if found.case.first_v is not None:  # who is not from the population
        del truth["v_Intercept_subject_sd"]
    return {x: float((found.posterior[x].mean() - value) / found.posterior[x].std()) for x, value in truth.items()}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if case.participants > 100 else ()) for name, case in CASES.items()],
)
def test_chains_agree_and_hold_the_truth(name: str) -> None:
    found, (r_hat, divergences) = fits(name), MEASURED[name]
    for fit in found:
        assert np.isfinite(fit.columns).all(), fit.seed
        # the posteriors of these experiments have the truth within 2 sds of their means, which the draws tell to 0.17
        far = {x: z for x, z in z_scores(fit).items() if abs(z) > LARGEST_Z}
        assert far == {}, fit.seed
    excess = [np.log(fit.largest_r_hat - 1.0) for fit in found]
    # R-hat is below 1.06 to 1.2 in each fit, so that no chain is stuck; its typical excess is below 0.03 to 0.06
    assert max(excess) < next_mean_bound(*r_hat, FITS, of=1, comparisons=9)
    assert np.mean(excess) < next_mean_bound(*r_hat, FITS, of=len(found), comparisons=3)
    # 2.6% of the draws of five trials each, at most 0.8% of those of the others
    assert sum(fit.divergent for fit in found) <= next_count_bound(*divergences, of=len(found), comparisons=3)


def test_a_participant_at_chance_is_not_pulled_to_the_others() -> None:
    for found in fits("one participant at chance"):
        v = found.posterior["v_subject"].values.reshape(-1, found.case.participants)
        mean, sd = v.mean(0), v.std(0)
        # at most 0.5 sds, give or take 0.03
        assert abs(mean[0]) < LARGEST_Z * sd[0]
        # at least 7.5 sds, give or take 0.4
        assert (mean[0] + LARGEST_Z * sd[0] < mean[1:] - sd[1:]).all()


def test_a_participant_with_one_trial_is_known_as_well_as_a_new_one() -> None:
    """In the mean of the fits: the figure of a single one varies by 0.04, by which one in thousands would fail."""
    for name in ("v", "a", "t0"):
        of_a_new_one, of_the_others = [], []
        for found in fits("one participant with one trial"):
            deviation = found.posterior[f"{name}_Intercept_subject"].values.reshape(-1, found.case.participants)
            sd = found.posterior[f"{name}_Intercept_subject_sd"].values
            spread = np.sqrt(np.mean(sd**2))  # of a participant of whom there are no trials at all
            of_a_new_one.append(deviation[:, 0].std() / spread)
            of_the_others.append(deviation[:, 0].std() / deviation[:, 1:].std(0).max())
        # a trial says a little: 0.90 to 0.96, give or take 0.022
        assert 0.7 < np.mean(of_a_new_one) < 1.2
        # 1.37 to 1.66, give or take 0.05
        assert np.mean(of_the_others) > 1.0
