"""The simulator of the full DDM against the exact density, within Monte Carlo error."""

import numpy as np
import pytest

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.exact.full_ddm import ExactFullDDM
from hddm_sbi.ssm.models.full_ddm import FULL_DDM, _draw_at
from hddm_sbi.ssm.registry import get_model, simulate
from hddm_sbi.ssm.simulation.blocks import run_blocks_ratio
from tests.ssm.distances import bound, bound_between, distance_between, distance_to

THETAS = [
    # v, a, z, t0, sv, sz, st0
    (0.5, 1.5, 0.5, 0.3, 0.8, 0.3, 0.1),
    (-2.0, 0.8, 0.3, 0.2, 2.5, 0.55, 0.8),
    (3.0, 4.0, 0.7, 0.0, 0.3, 0.1, 0.0),
    (0.0, 2.0, 0.6, 0.4, 0.0, 0.75, 0.3),
    (6.0, 0.3, 0.9, 1.0, 3.0, 0.0, 0.05),
    (1.0, 1.2, 0.4, 0.3, 1.0, 0.0, 0.0),
]


def cdf(choice: int, theta: tuple[float, ...]):
    """Defective distribution function by the trapezoid rule in log time since t0 and since t0 + st0."""
    step = np.linspace(-14.0, 6.0, 20_001)
    rt = theta[3] + np.exp(step)
    if theta[6] > 0.0:
        early = theta[3] + theta[6] * np.exp(np.linspace(-14.0, 0.0, 14_001))
        rt = np.concatenate([early, theta[3] + theta[6] + np.exp(step)])
    log_f = ExactFullDDM().log_prob(rt, np.full(len(rt), choice), np.array([theta]), np.zeros(len(rt), np.int64))
    density = np.exp(log_f)
    total = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(rt))])
    return lambda t: np.interp(t, rt, total, left=0.0)


@pytest.mark.parametrize("theta", THETAS)
def test_draws_agree_with_the_density(theta: tuple[float, ...]) -> None:
    n = 200_000
    rt, choice = simulate("full_ddm", theta, n=n, seed=1)
    assert rt.min() > theta[3]
    assert np.all((choice == 0) | (choice == 1))
    functions = [cdf(option, theta) for option in (0, 1)]
    assert functions[0](np.inf) + functions[1](np.inf) == pytest.approx(1.0, abs=1e-4)
    for option, function in enumerate(functions):
        assert distance_to(rt, choice, option, function) < bound(n) + 1e-4


def test_without_variability_it_is_the_ddm() -> None:
    n = 100_000
    rt, choice = simulate("full_ddm", [0.7, 1.3, 0.4, 0.2, 0.0, 0.0, 0.0], n=n, seed=2)
    other, other_choice = simulate("ddm", [0.7, 1.3, 0.4, 0.2], n=n, seed=3)
    for option in (0, 1):
        samples = np.where(choice == option, rt, np.inf), np.where(other_choice == option, other, np.inf)
        assert distance_between(*samples) < bound_between(n, n)


def test_the_window_smears_the_non_decision_time() -> None:
    n = 100_000
    theta = np.array([0.7, 1.3, 0.4, 0.2, 1.0, 0.3, 0.5])
    rt, choice = simulate("full_ddm", theta, n=n, seed=4)
    sharp, sharp_choice = simulate("full_ddm", np.where(np.arange(7) == 6, 0.0, theta), n=n, seed=5)
    sharp += 0.5 * np.random.default_rng(6).uniform(size=n)
    for option in (0, 1):
        samples = np.where(choice == option, rt, np.inf), np.where(sharp_choice == option, sharp, np.inf)
        assert distance_between(*samples) < bound_between(n, n)


def test_the_same_seed_gives_the_same_trials_for_any_number_of_threads() -> None:
    theta = np.array(THETAS)
    first = run_blocks_ratio(_draw_at, theta, 1500, 7, threads=1)
    again = run_blocks_ratio(_draw_at, theta, 1500, 7, threads=3)
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    rt, choice = FULL_DDM.simulator(theta, 1500, 7)
    assert np.array_equal(rt, first[0])
    assert np.array_equal(choice, first[1])
    assert not np.array_equal(rt, FULL_DDM.simulator(theta, 1500, 8)[0])


@pytest.mark.parametrize("sz", [-0.1, 0.6, 0.8])
def test_a_range_of_starts_that_leaves_the_boundaries(sz: float) -> None:
    theta = np.tile([0.5, 1.5, 0.3, 0.3, 1.0, 0.2, 0.1], (3, 1))
    theta[1, 5] = sz
    with pytest.raises(ModelError, match=rf"^sz is {sz:g}; the model 'full_ddm' needs it .*min\(z, 1 - z\)"):
        simulate("full_ddm", theta)


def test_no_variability_and_no_non_decision_time_are_allowed() -> None:
    assert np.all(simulate("full_ddm", [0.5, 1.5, 0.5, 0.0, 0.0, 0.0, 0.0], n=100)[0] > 0)


def test_variability_stays_at_the_population_level() -> None:
    parameters = get_model("full_ddm").parameters
    assert [parameter.name for parameter in parameters if parameter.population] == ["sv", "sz", "st0"]
    assert get_model("full_ddm").parameter("sz").within == "z"
