"""What is said of simulators that do not return what they should."""

import math
from dataclasses import replace

import numpy as np
import pytest

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm import SSM, Symmetries, get_model, simulate
from hddm_sbi.ssm.checks.check_trials import check_trials, checked
from hddm_sbi.ssm.registry import is_registered, simulate_possible
from tests.ssm.counter import SIMULATORS, THETA, model

DDM = get_model("ddm")
RT, CHOICE = np.full((2, 3), 0.7), np.zeros((2, 3), dtype=int)


def spoiled(array: np.ndarray, value: float) -> np.ndarray:
    array = array.astype(float)
    array[1, 2] = value
    return array


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "returned a NoneType; it must return two arrays"),
        ((RT, CHOICE, CHOICE), "returned 3 values"),
        ((RT.T, CHOICE), r"returned rt of shape \(3, 2\) for 2 parameter vectors and n = 3 trials of each"),
        ((RT, CHOICE[0]), r"returned choice of shape \(3,\)"),
        ((RT.astype(str), CHOICE), "returned rt of type <U"),
        ((spoiled(RT, math.nan), CHOICE), r"returned rt=nan at rate=3, bias=0.6, t0=0.4 \(1 of 6 trials\); it must be"),
        ((spoiled(RT, -0.1), CHOICE), "returned rt=-0.1 at"),
        ((spoiled(RT, 0.4), CHOICE), "returned rt=0.4 at .* above t0, which is declared to be added"),
        ((RT, spoiled(CHOICE, -1)), "returned choice=-1 at .* code the 2 options 0, 1"),
        ((RT, spoiled(CHOICE, 2)), "returned choice=2"),
        ((RT, spoiled(CHOICE, 0.5)), "returned choice=0.5"),
        ((RT, spoiled(CHOICE, math.nan)), "returned choice=nan"),
    ],
)
def test_trials_that_are_none(returned, message: str) -> None:
    def my_simulator(theta, n, seed):
        return returned

    ssm = model(my_simulator, symmetries=Symmetries(shift="t0"))
    with pytest.raises(ModelError, match=f"the simulator 'my_simulator' {message}"):
        checked(ssm).simulator(THETA, 3, 0)


def test_good_trials_pass_and_theta_is_safe() -> None:
    def my_simulator(theta, n, seed):
        theta[:] = 0.0
        return RT.tolist(), CHOICE.astype(float)

    theta = THETA.copy()
    rt, choice = checked(model(my_simulator)).simulator(theta, 3, 0)
    assert (rt.dtype, choice.dtype) == (np.float64, np.int64)
    assert np.array_equal(theta, THETA)
    assert check_trials(model(my_simulator), THETA, 3, (RT, CHOICE))[1].dtype == np.int64


def test_simulate_checks_the_trials_of_a_model_of_ones_own() -> None:
    def listed(theta, n, seed):
        theta[:] = 0.0
        return RT.tolist(), CHOICE.tolist()

    def wrong(theta, n, seed):
        return np.full((len(theta), n), np.nan), np.full((len(theta), n), 7)

    theta = THETA.copy()
    rt, choice = simulate(model(listed), theta, n=3)
    assert (rt.dtype, choice.dtype, rt.shape) == (np.float64, np.int64, (2, 3))
    assert np.array_equal(theta, THETA)
    for of in (simulate, simulate_possible):
        with pytest.raises(ModelError, match="the simulator 'wrong' returned rt=nan at rate=2"):
            of(model(wrong), THETA, 3, 0)
    with pytest.raises(ModelError, match="returned rt that is no array"):
        simulate(model(lambda theta, n, seed: ([[1.0], [1.0, 2.0]], CHOICE)), THETA, n=3)


def test_impossible_rows_are_left_out() -> None:
    theta = np.array([[2.0, 1.5, 0.2], THETA[0]])
    rt, choice = simulate_possible(model(SIMULATORS["python"]), theta, 4, 0)
    assert np.isnan(rt[0]).all() and (choice[0] == -1).all()
    assert np.array_equal(rt[1], SIMULATORS["python"](theta[1:], 4, 0)[0][0])


@pytest.mark.parametrize("name", ["ddm", "full_ddm", "angle", "weibull", "ornstein"])
def test_a_replaced_simulator_is_the_only_one(name: str) -> None:
    ssm = get_model(name)
    mine = replace(ssm, simulator=lambda theta, n, seed: ssm.simulator(theta, n, seed))
    assert mine.ratio_simulator is None and checked(mine).ratio_simulator is None
    # nothing else leaves it out
    assert replace(ssm, name="mine").ratio_simulator is ssm.ratio_simulator is not None
    wrapped = checked(replace(ssm, name="mine")).ratio_simulator
    theta = ssm.box.mean(axis=1)[None]
    for one, other in zip(wrapped(theta, 20, 1), ssm.ratio_simulator(theta, 20, 1), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ((RT, CHOICE), "returned 2 values; it must return three arrays, rt, choice, and the log ratio"),
        ((spoiled(RT, -1.0), CHOICE, RT), r"returned rt=-1 at v=1, a=2, z=0.5, t0=0.1 \(1 of 6 trials\)"),
        ((RT, CHOICE + 2, RT), "returned choice=2"),
        ((RT, CHOICE, RT[0]), r"returned the log ratio of shape \(3,\)"),
        ((RT, CHOICE, spoiled(RT, math.nan)), "returned the log ratio=nan"),
    ],
)
def test_ratio_simulators_are_checked(returned, message: str) -> None:
    def my_ratio(theta, n, seed):
        theta[:] = 0.0
        return returned

    theta = np.array([[0.0, 1.5, 0.5, 0.3], [1.0, 2.0, 0.5, 0.1]])
    ssm = replace(DDM, ratio_simulator=my_ratio)
    assert not is_registered(ssm)
    with pytest.raises(ModelError, match=f"the simulator 'my_ratio' {message}"):
        checked(ssm).ratio_simulator(theta, 3, 0)
    assert theta[0, 1] == 1.5


def test_models_of_the_registry_are_simulated_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hddm_sbi.ssm.registry.checked", None)
    theta = [0.5, 1.5, 0.5, 0.3]
    assert np.array_equal(simulate("ddm", theta, 5, 1)[0], DDM.simulator(np.array([theta]), 5, 1)[0][0])
    with pytest.raises(TypeError):
        simulate(SSM("mine", DDM.parameters, DDM.simulator), theta)
