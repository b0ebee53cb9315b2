"""Simulators against what their models declare."""

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest

from hddm_sbi.errors import HDDMWarning, ModelError
from hddm_sbi.ssm import SSM, Parameter, Symmetries, get_model
from hddm_sbi.ssm.checks.check_symmetries import check_reproducible, check_symmetries, with_shift_found
from hddm_sbi.ssm.checks.check_trials import checked
from hddm_sbi.ssm.simulation.trial_simulator import simulator_of
from tests.ssm.counter import BIAS, RATE, SIMULATORS, T0, model

DDM = get_model("ddm")


@pytest.mark.parametrize("simulator", SIMULATORS.values(), ids=SIMULATORS)
def test_a_shift_is_found(simulator) -> None:
    assert with_shift_found(model(simulator)).symmetries.shift == "t0"


def test_no_shift_is_found_where_there_is_none() -> None:
    for ssm in (model(simulator_of(lambda theta, rng: (rng.gamma(2.0, theta[2] + 0.1), 0))), DDM):
        assert with_shift_found(ssm) is ssm
    # rt moves with t0, but so do the draws
    odd = model(simulator_of(lambda theta, rng: (theta[2] + rng.gamma(3.0) * (1 + (theta[2] > 0.1)), 0)))
    assert with_shift_found(odd) is odd


def test_seeds() -> None:
    check_reproducible(model(SIMULATORS["python"]))
    calls = iter(range(100))

    def restless(theta, n, seed):
        return SIMULATORS["python"](theta, n, next(calls))

    with pytest.warns(HDDMWarning, match="'restless' gives other trials at each call with the same seed"):
        check_reproducible(model(restless))
    with pytest.raises(ModelError, match="gives the same trials whatever the seed"):
        check_reproducible(model(lambda theta, n, seed: SIMULATORS["python"](theta, n, 1)))


TRUE = Symmetries("t0", None, "a", (("v", 1, -1),), mirror=(("v", "negate"), ("z", "complement")), even=("v",))


def test_true_symmetries_pass() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_symmetries(DDM)
        check_symmetries(model(SIMULATORS["vectorised"], symmetries=Symmetries(shift="t0")))
        check_symmetries(model(SIMULATORS["vectorised"], symmetries=Symmetries(mirror=(("bias", "complement"),))))


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        ({"shift": "a"}, "shift='a'"),
        ({"units": (("v", 0, 1),)}, "scale='a'"),
        ({"time_power": 1.0}, "scale='a'"),
        ({"mirror": (("v", "negate"),)}, "mirror of v"),
        ({"even": ("v", "a")}, "even='a'"),
    ],
)
def test_false_symmetries_are_refused(declared, name: str) -> None:
    def mirrored_only_where_allowed(theta, n, seed):
        return DDM.simulator(
            np.column_stack([theta[:, 0], np.abs(theta[:, 1]) + (theta[:, 1] < 0), theta[:, 2:]]), n, seed
        )

    box = {"v": (-2.0, 3.0), "a": (0.8, 3.0), "z": (0.2, 0.4), "t0": (0.0, 1.0)}
    parameters = tuple(replace(parameter, box=box[parameter.name]) for parameter in DDM.parameters)
    false = SSM("false", parameters, mirrored_only_where_allowed, symmetries=replace(TRUE, **declared))
    with pytest.raises(ModelError, match=f"do not keep the declared symmetry {name}"):
        check_symmetries(false)


def test_a_small_deviation_is_a_warning() -> None:
    def late(theta, n, seed):
        rt, choice = DDM.simulator(theta, n, seed)
        return rt + 0.05 * (theta[:, [3]] > 0.0), choice

    box = {"v": (-1.0, 1.0), "a": (1.0, 1.4), "z": (0.4, 0.6), "t0": (0.0, 1.0)}
    parameters = tuple(replace(parameter, box=box[parameter.name]) for parameter in DDM.parameters)
    with pytest.warns(HDDMWarning, match="symmetry shift='t0'.* shorter time steps"):
        check_symmetries(SSM("late", parameters, late, symmetries=Symmetries(shift="t0")))


def test_the_end_of_a_box_need_not_exist() -> None:
    """Training draws from the open interval: no rate is zero, though the box begins there."""

    def trial(theta, rng):
        return theta[2] + rng.gamma(3.0, 1.0 / theta[0] if theta[0] > 0.0 else math.inf), int(rng.random() < theta[1])

    from_zero = replace(model(simulator_of(trial)), parameters=(replace(RATE, box=(0.0, 4.0)), BIAS, T0))
    assert with_shift_found(checked(from_zero)).symmetries.shift == "t0"


def test_a_simulator_that_fails_at_zero_has_no_shift() -> None:
    def late(theta, n, seed):
        if np.any(theta[:, 1] == 0.0):
            raise ZeroDivisionError
        rt = theta[:, [1]] + np.random.default_rng(seed).gamma(3.0, 1.0, (len(theta), n))
        return rt, np.zeros(rt.shape, dtype=int)

    parameters = (Parameter("v", (-math.inf, math.inf), "identity", (-1.0, 1.0)), replace(T0, box=(0.1, 1.0)))
    ssm = SSM("late", parameters, late, n_choices=1)
    assert with_shift_found(ssm) is ssm


def test_a_ratio_simulator_draws_as_the_simulator_does() -> None:
    def other(theta, n, seed):
        return DDM.ratio_simulator(theta * [0.0, 1.0, 1.0, 1.0], n, seed)

    def constant(theta, n, seed):
        return DDM.ratio_simulator(theta, n, 1)

    # another seed: simulators of the registry may share their draws
    check_symmetries(replace(DDM, ratio_simulator=lambda theta, n, seed: DDM.ratio_simulator(theta, n, seed)))
    with pytest.raises(ModelError, match=r"do not keep the declared ratio_simulator='other': .* leave it out of the"):
        check_symmetries(replace(DDM, ratio_simulator=other))
    with pytest.raises(ModelError, match="'constant' gives the same trials whatever the seed"):
        check_reproducible(replace(DDM, ratio_simulator=constant))
