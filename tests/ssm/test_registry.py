"""Models by name, the simulator as a user calls it, and what it refuses."""

import re

import numpy as np
import pytest

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm import SSM, get_model, list_models, simulate


def _inside(ssm: SSM) -> np.ndarray:
    return ssm.box.mean(axis=1)


@pytest.mark.parametrize("name", list_models())
def test_every_model_is_well_formed(name: str) -> None:
    ssm = get_model(name)
    assert ssm.name == name
    assert get_model(ssm) is ssm
    for parameter in ssm.parameters:
        assert parameter.support[0] <= parameter.box[0] < parameter.box[1] <= parameter.support[1]
        assert ssm.parameter(parameter.name) is parameter
    with pytest.raises(ModelError, match=re.escape("has no parameter 'x_x'")):
        ssm.parameter("x_x")


@pytest.mark.parametrize("name", list_models())
def test_shapes(name: str) -> None:
    theta = _inside(get_model(name))
    for leading in [(), (1,), (3,), (2, 3), (0,)]:
        rt, choice = simulate(name, np.broadcast_to(theta, (*leading, len(theta))), n=5, seed=1)
        assert rt.shape == choice.shape == (*leading, 5)
        assert rt.dtype == np.float64
        assert choice.dtype == np.int64
        assert np.all(rt > 0)
        assert np.all((choice >= 0) & (choice < get_model(name).n_choices))


def test_one_trial_is_the_default_and_numpy_integers_are_integers() -> None:
    theta = [0.5, 1.5, 0.5, 0.3]
    assert simulate("ddm", theta)[0].shape == (1,)
    assert np.array_equal(simulate("ddm", theta, np.int32(4), np.int64(2))[0], simulate("ddm", theta, 4, 2)[0])


def test_a_non_decision_time_of_zero_is_allowed() -> None:
    assert np.all(simulate("ddm", [0.5, 1.5, 0.5, 0.0], n=100)[0] > 0)


def test_an_unknown_model_gets_a_suggestion() -> None:
    with pytest.raises(ModelError, match="there is no model 'dmd'; did you mean 'ddm'"):
        get_model("dmd")
    with pytest.raises(ModelError, match="choose one of ddm"):
        simulate("quantum", [1.0])


@pytest.mark.parametrize("theta", [[0.5, 1.5, 0.5], [0.5, 1.5, 0.5, 0.3, 0.1], 1.0, np.zeros((4, 3))])
def test_a_wrong_number_of_parameters(theta) -> None:
    with pytest.raises(ModelError, match=r"takes \(v, a, z, t0\) along the last axis"):
        simulate("ddm", theta)


@pytest.mark.parametrize(
    ("name", "value"),
    [("v", np.inf), ("v", np.nan), ("a", 0.0), ("a", -1.0), ("z", 0.0), ("z", 1.0), ("z", 1.5), ("t0", -0.1),
     ("t0", np.inf), ("a", np.nan)],
)  # fmt: skip
def test_a_value_outside_its_support(name: str, value: float) -> None:
    theta = np.tile([0.5, 1.5, 0.5, 0.3], (3, 1))
    theta[1, get_model("ddm").parameter_names.index(name)] = value
    with pytest.raises(ModelError, match=rf"^{name} is {value:g}; the model 'ddm' needs it in"):
        simulate("ddm", theta)


@pytest.mark.parametrize(
    ("arguments", "message"), [({"n": 0}, "n is 0"), ({"n": -2}, "n is -2"), ({"seed": -1}, "seed is -1")]
)
def test_too_few_trials_and_negative_seeds(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        simulate("ddm", [0.5, 1.5, 0.5, 0.3], **arguments)


@pytest.mark.parametrize("arguments", [{"n": 2.5}, {"seed": 0.5}, {"n": "3"}, {"seed": None}])
def test_counts_are_whole_numbers(arguments) -> None:
    ((name, value),) = arguments.items()
    with pytest.raises(ModelError, match=f"^{name} is {value!r}; it must be a .* integer.$"):
        simulate("ddm", [0.5, 1.5, 0.5, 0.3], **arguments)


def test_counts_may_be_written_as_floats() -> None:
    theta = [0.5, 1.5, 0.5, 0.3]
    assert np.array_equal(simulate("ddm", theta, n=1e3, seed=4.0), simulate("ddm", theta, n=1000, seed=4))


@pytest.mark.parametrize("name", ["ddm", "rdm"])
@pytest.mark.parametrize("theta", [{"v": 1}, "ddm", ["a", "b"], [[0.5, 1.5], [0.5]], object()])
def test_theta_is_numbers(name: str, theta) -> None:
    with pytest.raises(ModelError, match=r"^theta is .*; give numbers, the parameters in the model's order"):
        simulate(name, theta)


@pytest.mark.parametrize("name", [["ddm"], {}, 7, None])
def test_a_model_is_named_or_given(name) -> None:
    for of in (get_model, lambda name: simulate(name, [0.5, 1.5, 0.5, 0.3])):
        with pytest.raises(ModelError, match=r"^a model is an hddm_sbi.SSM or the name of one, not "):
            of(name)


@pytest.mark.parametrize("name", ["ddm", "rdm", get_model("ddm")])
def test_a_number_of_options_is_one(name) -> None:
    with pytest.raises(ModelError, match=r"^n_choices is 0; it must be a positive integer\.$"):
        get_model(name, 0)
    assert get_model(name, 2.0) is get_model(name, 2)


def test_a_process_that_never_responds_is_refused_in_words() -> None:
    with pytest.raises(
        ModelError, match=r"with v 0, a 2, z 0\.5, t0 0\.3, g 20 the model 'ornstein' practically never"
    ):
        simulate("ornstein", [0.0, 2.0, 0.5, 0.3, 20.0])
    ornstein = get_model("ornstein")
    theta = np.array([[0.0, 2.0, 0.5, 0.3, 20.0], [0.0, 2.0, 0.5, 0.3, -20.0], [0.0, 2.0, 0.5, 0.3, 1e200]])
    assert ornstein.endless(theta).tolist() == [True, False, True]


@pytest.mark.parametrize("g", [-1e-300, 1e-160, 1e-320])
@pytest.mark.parametrize("v", [0.0, 1e-200, -6.0])
def test_hardly_any_leak_is_none(v: float, g: float) -> None:
    rt, choice = simulate("ornstein", [v, 2.0, 0.3, 0.3, g], n=1000, seed=1)
    without, choice_without = simulate("ornstein", [v, 2.0, 0.3, 0.3, 0.0], n=1000, seed=1)
    assert np.array_equal(choice, choice_without)
    assert rt == pytest.approx(without, rel=1e-9)


def test_levy_takes_alpha_above_one_up_to_two() -> None:
    rt, _ = simulate("levy", [1.0, 2.0, 0.5, 0.3, 2.0], n=10)
    assert np.all(rt > 0.3)
    with pytest.raises(ModelError, match=r"alpha is 1; the model 'levy' needs it in \(1, 2\]"):
        simulate("levy", [1.0, 2.0, 0.5, 0.3, 1.0])
