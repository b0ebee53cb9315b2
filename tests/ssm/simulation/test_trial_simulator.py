"""Simulators made of functions of a trial."""

import math

import numpy as np
import pytest
from numba import njit

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm import simulate
from hddm_sbi.ssm.simulation.trial_simulator import simulator_of
from tests.ssm.counter import SIMULATORS, THETA, model


@pytest.mark.parametrize("simulator", SIMULATORS.values(), ids=SIMULATORS)
def test_trials_of_a_function(simulator) -> None:
    n = 4000
    rt, choice = simulator(THETA, n, 5)
    assert rt.shape == choice.shape == (2, n)
    for k, (rate, bias, t0) in enumerate(THETA):
        # of a gamma distribution with shape 3; five standard errors
        assert abs(rt[k].mean() - t0 - 3.0 / rate) < 5.0 * math.sqrt(3.0) / rate / math.sqrt(n)
        assert abs(choice[k].mean() - bias) < 5.0 * math.sqrt(bias * (1.0 - bias) / n)
    again, other = simulator(THETA, n, 5), simulator(THETA, n, 6)
    assert np.array_equal(rt, again[0])
    assert not np.any(rt == other[0])
    assert len(np.unique(rt)) == rt.size  # no two blocks share a generator


def test_threads_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    simulator = SIMULATORS["numba"]
    many = simulator(THETA, 1500, 1)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert all(map(np.array_equal, many, simulator(THETA, 1500, 1)))


def test_only_compiled_functions_use_all_cores() -> None:
    assert [simulator.compiled for simulator in SIMULATORS.values()] == [False, True, False]
    assert repr(SIMULATORS["python"]) == "simulator_of(counter)"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (7, "takes a function"),
        (lambda theta: (1.0, 0), "must take two arguments, theta and a NumPy generator"),
        (njit(lambda theta: (1.0, 0)), "must take two arguments"),
    ],
)
def test_functions_that_are_none_of_a_trial(function, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        simulator_of(function)


def test_a_trial_function_that_returns_something_else() -> None:
    for returned in (1.0, (1.0, 0, 2), None):
        with pytest.raises(ModelError, match=r"the trial function '<lambda>' returned .* must return two numbers"):
            simulator_of(lambda theta, rng, value=returned: value)(THETA, 2, 0)


def test_a_trial_function_that_numba_cannot_compile() -> None:
    @njit
    def broken(theta, rng):
        return theta.no_such_thing, 0

    with pytest.raises(ModelError, match=r"Numba cannot compile the trial function 'broken'.*no_such_thing"):
        simulator_of(broken)(THETA, 2, 0)


def spoiling(theta, rng):
    """A counter that changes its parameters."""
    rt = theta[2] + rng.gamma(3.0, 1.0 / theta[0])
    choice = 1 if rng.random() < theta[1] else 0
    theta[0], theta[1], theta[2] = 1e-9, 5.0, 1e9
    return rt, choice


def spoiling_all(theta, rng):
    """The same for all trials at once."""
    rt, choice = theta[:, 2] + rng.gamma(3.0, 1.0 / theta[:, 0]), (rng.random(len(theta)) < theta[:, 1]).astype(int)
    theta[:] = 7.0
    return rt, choice


@pytest.mark.parametrize(
    ("spoiler", "same"),
    [
        (simulator_of(spoiling), SIMULATORS["python"]),
        (simulator_of(njit(spoiling)), SIMULATORS["numba"]),
        (simulator_of(spoiling_all, vectorised=True), SIMULATORS["vectorised"]),
    ],
    ids=SIMULATORS,
)
def test_a_trial_function_may_change_its_theta(spoiler, same) -> None:
    theta = THETA.copy()
    for of_spoiler, of_same in zip(spoiler(theta, 300, 2), same(THETA, 300, 2), strict=True):
        assert np.array_equal(of_spoiler, of_same)
    for mine in (theta, theta[0]):
        simulate(model(spoiler), mine, n=3, seed=1)
    assert np.array_equal(theta, THETA)


@pytest.mark.parametrize("simulator", SIMULATORS.values(), ids=SIMULATORS)
def test_choices_are_indices(simulator) -> None:
    assert simulator(THETA, 3, 0)[1].dtype == np.int64
    assert simulator(THETA[:0], 3, 0)[1].shape == (0, 3)


@pytest.mark.parametrize("choice", [0.5, np.nan, np.inf])
def test_what_is_no_index_is_left_for_the_check_to_name(choice: float) -> None:
    simulator = simulator_of(lambda theta, rng: (1.0, choice))
    assert np.array_equal(simulator(THETA, 2, 0)[1], np.full((2, 2), choice), equal_nan=True)
    with pytest.raises(ModelError, match=f"returned choice={choice:g} at rate=2"):
        simulate(model(simulator), THETA, n=2)
