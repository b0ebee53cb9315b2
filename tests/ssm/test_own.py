"""Simulators made of functions of a trial, and what is said of those that do not do what they should."""

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
from numba import njit

from hddm_sbi.errors import HDDMWarning, ModelError
from hddm_sbi.ssm import SSM, Diffusion, Parameter, Symmetries, get_model
from hddm_sbi.ssm.laws import check_reproducible, check_symmetries, with_shift_found
from hddm_sbi.ssm.own import check_model, check_ssm, check_trials, checked, is_registered, simulator_of

DDM = get_model("ddm")
RATE = Parameter("rate", (0.0, math.inf), "log", (1.0, 4.0))
BIAS = Parameter("bias", (0.0, 1.0), "logit", (0.2, 0.8))
T0 = Parameter("t0", (0.0, math.inf), "log", (0.0, 0.5))
THETA = np.array([[2.0, 0.3, 0.2], [3.0, 0.6, 0.4]])


def counter(theta, rng):
    """The third event of a Poisson process, and a coin."""
    return theta[2] + rng.gamma(3.0, 1.0 / theta[0]), int(rng.random() < theta[1])


def counters(theta, rng):
    """The same for all trials at once."""
    rate, bias, t0 = theta.T
    return t0 + rng.gamma(3.0, 1.0 / rate), (rng.random(len(theta)) < bias).astype(int)


def model(simulator, **options) -> SSM:
    return SSM("counter", (RATE, BIAS, T0), simulator, **options)


SIMULATORS = {
    "python": simulator_of(counter),
    "numba": simulator_of(njit(counter)),
    "vectorised": simulator_of(counters, vectorised=True),
}


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parameters": ()}, "needs parameters with different names"),
        ({"parameters": (RATE, RATE)}, "needs parameters with different names"),
        ({"parameters": (replace(RATE, name="my rate"),)}, "'my rate'; formulas need a name"),
        ({"parameters": (replace(RATE, box=(-1.0, 2.0)),)}, r"box of 'rate' .* is \(-1, 2\); .* support \(0, inf\)"),
        ({"parameters": (replace(RATE, box=(2.0, 1.0)),)}, "box of 'rate'"),
        ({"parameters": (replace(RATE, box=(1.0, math.inf)),)}, "box of 'rate'"),
        ({"symmetries": Symmetries(shift="ndt")}, "no parameter 'ndt'"),
        ({"symmetries": Symmetries(scale="rate", units=(("v", 1, -1),))}, "no parameter 'v'"),
        ({"symmetries": Symmetries(mirror=(("z", "complement"),))}, "no parameter 'z'"),
        ({"symmetries": Symmetries(mirror=(("bias", "complement"),)), "n_choices": 3}, "n_choices=3; a mirror"),
        ({"diffusion": Diffusion("v", "z")}, "no parameter 'v'"),
        ({"simulator": counter}, "'counter' of the model .* must take theta .*simulator_of"),
    ],
)
def test_models_that_do_not_hold_together(change, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        check_ssm(replace(model(SIMULATORS["python"]), **change))


def test_a_model_is_tried_in_a_single_call_of_few_trials() -> None:
    calls = []

    def counted(theta, n, seed):
        calls.append((theta.copy(), n))
        return SIMULATORS["python"](theta, n, seed)

    def nothing(theta, n, seed):
        return None

    ssm = model(counted)
    check_model(ssm)
    ((theta, n),) = calls
    assert theta.shape == (2, 3) and n <= 3
    assert ssm.possible(theta).all()
    with pytest.raises(ModelError, match="'nothing' returned a NoneType"):
        check_model(model(nothing))
    with pytest.raises(ModelError, match=r"box of 'rate'"):
        check_model(replace(ssm, parameters=(replace(RATE, box=(2.0, 1.0)), BIAS, T0)))
    with pytest.raises(ModelError, match=r"a model is an hddm_sbi\.SSM or the name of one, not 7"):
        check_model(7)
    assert len(calls) == 1


def test_neither_models_of_the_registry_nor_what_waits_for_the_compiler_are_called() -> None:
    def never(*arguments):
        raise AssertionError

    check_model("ddm")
    for name, n_choices in (("ddm", None), ("rdm", 3)):
        ssm = get_model(name, n_choices)
        assert is_registered(ssm) and is_registered(replace(ssm, parameters=ssm.parameters[:1]))
        assert not is_registered(replace(ssm, simulator=never))
    assert not is_registered(replace(DDM, n_choices=3))
    for simulator in (njit(lambda theta, n, seed: None), simulator_of(njit(lambda theta, rng: None))):
        check_model(model(simulator))
        assert not getattr(simulator, "signatures", ())


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


LAWS = Symmetries("t0", None, "a", (("v", 1, -1),), mirror=(("v", "negate"), ("z", "complement")), even=("v",))


def test_true_laws_pass() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_symmetries(DDM)
        check_symmetries(model(SIMULATORS["vectorised"], symmetries=Symmetries(shift="t0")))
        check_symmetries(model(SIMULATORS["vectorised"], symmetries=Symmetries(mirror=(("bias", "complement"),))))


@pytest.mark.parametrize(
    ("law", "name"),
    [
        ({"shift": "a"}, "shift='a'"),
        ({"units": (("v", 0, 1),)}, "scale='a'"),
        ({"time_power": 1.0}, "scale='a'"),
        ({"mirror": (("v", "negate"),)}, "mirror of v"),
        ({"even": ("v", "a")}, "even='a'"),
    ],
)
def test_false_laws_are_refused(law, name: str) -> None:
    def mirrored_only_where_allowed(theta, n, seed):
        return DDM.simulator(
            np.column_stack([theta[:, 0], np.abs(theta[:, 1]) + (theta[:, 1] < 0), theta[:, 2:]]), n, seed
        )

    box = {"v": (-2.0, 3.0), "a": (0.8, 3.0), "z": (0.2, 0.4), "t0": (0.0, 1.0)}
    parameters = tuple(replace(parameter, box=box[parameter.name]) for parameter in DDM.parameters)
    false = SSM("false", parameters, mirrored_only_where_allowed, symmetries=replace(LAWS, **law))
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
