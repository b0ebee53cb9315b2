"""What is said of models that do not hold together."""

import math
from dataclasses import replace

import pytest
from numba import njit

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm import Diffusion, Symmetries, get_model, list_models
from hddm_sbi.ssm.checks.user_model import check_model, check_ssm
from hddm_sbi.ssm.registry import is_registered, option_counts
from hddm_sbi.ssm.simulation.trial_simulator import simulator_of
from tests.ssm.counter import BIAS, RATE, SIMULATORS, T0, counter, model

DDM = get_model("ddm")


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
        (
            {"diffusion": Diffusion("rate", "bias", "lineer")},
            "collapse of the boundaries .* is 'lineer'; choose one of",
        ),
        ({"diffusion": Diffusion("rate", "bias", "linear")}, r"collapse='linear' and collapsing=\(\); .* has 1 param"),
        (
            {"diffusion": Diffusion("rate", "bias", "", ("t0",))},
            r"collapsing=\('t0',\); that collapse has 0 parameters",
        ),
        ({"symmetries": Symmetries(mirror=(("bias", "negative"),))}, "mirror does to 'bias' .* is 'negative'; choose"),
        ({"symmetries": Symmetries(mirror=("bias", "complement"))}, "symmetry mirror .* has the entry 'bias'"),
        ({"symmetries": Symmetries(scale="rate", units=(("t0", 1),))}, r"symmetry units .* has the entry \('t0', 1\)"),
        ({"parameters": (replace(RATE, link="loq"),)}, "the link of 'rate' .* is 'loq'; choose one of 'identity', "),
        ({"parameters": (replace(RATE, link="logit"),)}, r"'logit' of 'rate' .* two finite ends, not \(0, inf\)"),
        ({"parameters": (replace(RATE, support=(-math.inf, 9.0), link="log"),)}, "support of values above zero"),
        ({"ratio_simulator": counter}, "'counter' of the model .* must take theta"),
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


@pytest.mark.parametrize("name", list_models())
def test_what_the_registry_declares_holds_together(name: str) -> None:
    for n_choices in option_counts(name):
        ssm = get_model(name, n_choices)
        assert check_ssm(ssm) is ssm
