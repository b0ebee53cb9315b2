"""The drift-diffusion simulator against theory, within Monte Carlo error."""

import numpy as np
import pytest

from hddm_sbi.likelihoods.exact.ddm_cdf import choice_probability, ddm_cdf
from hddm_sbi.ssm.models.ddm import DDM, _draw_at
from hddm_sbi.ssm.registry import simulate
from hddm_sbi.ssm.simulation.blocks import run_blocks
from hddm_sbi.ssm.simulation.loop import BLOCK
from tests.ssm.distances import bound, distance_to

T0 = 0.3
CENTRE = [(0.0, 1.5, 0.5), (1.0, 2.0, 0.3), (-2.5, 0.8, 0.85)]
CORNERS = [(v, a, z) for v in (-6.0, 6.0) for a in (0.3, 5.0) for z in (0.05, 0.95)]
GRID = [(v, a, z) for v in (-3.0, -0.2, 0.0, 0.7, 4.5) for a in (0.3, 1.1, 3.0, 5.0) for z in (0.05, 0.4, 0.95)]


def _mean_decision_time(v: float, a: float, z: float) -> float:
    """Wald's identity: the mean displacement is v E[T]; without drift the mean squared displacement is E[T]."""
    if v == 0.0:
        return a * a * z * (1.0 - z)
    return a * (float(choice_probability(1, v, a, z)) - z) / v


def _check(v: float, a: float, z: float, n: int, seed: int) -> None:
    rt, choice = simulate("ddm", [v, a, z, T0], n=n, seed=seed)
    assert np.all(np.isfinite(rt))
    assert rt.min() > T0
    assert np.all((choice == 0) | (choice == 1))
    p = float(choice_probability(1, v, a, z))
    # Bernstein's bound holds at any p, rare choices included: 16 = log(1e7)
    assert abs(choice.mean() - p) <= np.sqrt(2 * 16 * p * (1 - p) / n) + 16 / n
    decision = rt - T0
    assert abs(decision.mean() - _mean_decision_time(v, a, z)) < 5.5 * decision.std() / np.sqrt(n)
    for option in (0, 1):
        assert distance_to(decision, choice, option, lambda t, c=option: ddm_cdf(t, c, v, a, z)) < bound(n)


@pytest.mark.parametrize(("v", "a", "z"), CENTRE)
def test_a_million_draws_agree_with_theory(v: float, a: float, z: float) -> None:
    _check(v, a, z, 1_000_000, seed=11)


@pytest.mark.parametrize(("v", "a", "z"), CORNERS + GRID)
def test_draws_agree_with_theory_over_the_box(v: float, a: float, z: float) -> None:
    _check(v, a, z, 100_000, seed=12)


@pytest.mark.parametrize(("v", "a", "z"), [(60.0, 1.0, 0.3), (-500.0, 2.0, 0.5), (0.5, 1.0, 1e-4), (1e-8, 40.0, 0.5)])
def test_draws_agree_with_theory_far_outside_the_box(v: float, a: float, z: float) -> None:
    _check(v, a, z, 20_000, seed=13)


def test_every_drift_around_the_one_sided_switch() -> None:
    for v in (75.0, 79.9, 80.1, 85.0):  # the switch is at drift times half the separation = 40
        _check(v, 1.0, 0.5, 100_000, seed=14)


@pytest.mark.parametrize("n", [1, 7, BLOCK, 3 * BLOCK + 5])
def test_the_same_seed_gives_the_same_trials_for_any_number_of_threads(n: int) -> None:
    theta = np.array([[1.0, 1.5, 0.5, 0.2], [-1.0, 0.8, 0.3, 0.1], [4.0, 3.0, 0.9, 0.0]] * 3)
    rt, choice = run_blocks(_draw_at, theta, n, 21, threads=1)
    for threads in (2, 5):
        again = run_blocks(_draw_at, theta, n, 21, threads=threads)
        assert np.array_equal(rt, again[0])
        assert np.array_equal(choice, again[1])
    default = DDM.simulator(theta, n, 21)
    assert np.array_equal(rt, default[0])
    if n > 1:
        assert not np.array_equal(rt, DDM.simulator(theta, n, 22)[0])


def test_trials_of_a_block_border_are_independent() -> None:
    rt = simulate("ddm", [0.5, 1.5, 0.5, 0.0], n=64 * BLOCK, seed=3)[0]
    assert len(np.unique(rt)) == len(rt)


def test_simulation_leaves_the_global_generator_alone() -> None:
    np.random.seed(5)  # noqa: NPY002 - the global generator is what is tested
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    simulate("ddm", [0.5, 1.5, 0.5, 0.3], n=100, seed=1)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
