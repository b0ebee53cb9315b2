"""Checks of a user's own model: of what it declares, and of what its simulator returns when first called."""

from __future__ import annotations

from typing import NoReturn, get_args

import numpy as np
from numba.core.dispatcher import Dispatcher

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm.base import SSM, Collapse, Diffusion, LinkName, Parameter, Reflection, Simulator
from hddm_sbi.ssm.checks.check_trials import checked, name_of, takes
from hddm_sbi.ssm.registry import is_registered
from hddm_sbi.ssm.simulation.trial_simulator import TrialSimulator

# Trials that show what a simulator returns, at each of two parameter vectors: their number tells rows from columns.
_TRIED = 3
# How many parameters a collapse has.
_COLLAPSING = {"": 0, "linear": 1, "weibull": 2, "jumps": 1}


def check_ssm(ssm: SSM) -> SSM:
    """Return the model, if what it declares holds together.

    Raises:
        ModelError: it has no parameters, a name twice, a box outside its support, a link that its support does not
            allow, a symmetry or a diffusion of parameters it does not have or of a kind there is not, or a simulator
            that cannot be called with (theta, n, seed).
    """
    if not isinstance(ssm, SSM):
        raise ModelError(f"a model is an hddm_sbi.SSM or the name of one, not {ssm!r:.80}.")
    names = ssm.parameter_names
    if not names or len(set(names)) < len(names):
        raise ModelError(f"the model '{ssm.name}' needs parameters with different names, not ({', '.join(names)}).")
    for parameter in ssm.parameters:
        _check_box(ssm.name, parameter.name, parameter.support, parameter.box)
        _check_link(ssm.name, parameter)
        if parameter.within is not None:
            ssm.parameter(parameter.within)
    _check_symmetries(ssm)
    if ssm.diffusion is not None:
        _check_diffusion(ssm, ssm.diffusion)
    for simulator in (ssm.simulator, ssm.ratio_simulator):
        if simulator is not None and not (callable(simulator) and takes(simulator, 3)):
            raise ModelError(
                f"the simulator '{name_of(simulator)}' of the model '{ssm.name}' must take theta (rows, parameters), n "
                "and seed; a function of one trial, (theta, rng), becomes one by hddm_sbi.simulator_of."
            )
    return ssm


def check_model(model: str | SSM) -> None:
    """Refuse a model that would fail later, before time is spent on it: ``check_ssm``, then one call of the simulator.

    The simulator is called for three trials at each of two parameter vectors; but not where that would compile it,
    which takes seconds, nor where it is the registry's.

    Raises:
        ModelError: ``check_ssm`` or ``check_trials`` refuses it.
    """
    if isinstance(model, str):
        return
    ssm = check_ssm(model)
    if not (is_registered(ssm) or _awaits_compiler(ssm.simulator)):
        low, high = ssm.box.T
        theta = ssm.in_room(low + np.array([[1.0], [2.0]]) / 3.0 * (high - low))
        checked(ssm).simulator(theta, _TRIED, 0)


def _awaits_compiler(simulator: Simulator) -> bool:
    """Whether the first call, which is still to come, compiles."""
    if isinstance(simulator, TrialSimulator) and simulator.compiled:
        return "_loop" not in vars(simulator)
    function = simulator.function if isinstance(simulator, TrialSimulator) else simulator
    return isinstance(function, Dispatcher) and not function.signatures


def _check_box(model: str, name: str, support: tuple[float, float], box: tuple[float, float]) -> None:
    if not name.isidentifier():
        raise ModelError(f"the model '{model}' has a parameter '{name}'; formulas need a name of letters and digits.")
    (low, high), (first, last) = support, box
    if not (np.isfinite([first, last]).all() and low <= first < last <= high):
        raise ModelError(
            f"the training box of '{name}' in the model '{model}' is ({first:g}, {last:g}); it must be two numbers, "
            f"the lower first, within the support ({low:g}, {high:g})."
        )


def _check_link(model: str, parameter: Parameter) -> None:
    (low, high), link = parameter.support, parameter.link
    if link not in get_args(LinkName):
        _unknown(model, f"the link of '{parameter.name}'", link, get_args(LinkName))
    if (link == "log" and low < 0.0) or (link == "logit" and not np.isfinite([low, high]).all()):
        needed = "values above zero" if link == "log" else "two finite ends"
        raise ModelError(
            f"the link '{link}' of '{parameter.name}' in the model '{model}' needs a support of {needed}, not "
            f"({low:g}, {high:g})."
        )


def _check_symmetries(ssm: SSM) -> None:
    symmetries = ssm.symmetries
    for what, entries, form in (
        ("units", symmetries.units, ("v", 1, -1)),
        ("mirror", symmetries.mirror, ("v", "negate")),
    ):
        for entry in entries:
            if not isinstance(entry, tuple | list) or len(entry) != len(form):
                raise ModelError(
                    f"the symmetry {what} of the model '{ssm.name}' has the entry {entry!r:.80}; it takes a tuple of "
                    f"tuples such as ({form},)."
                )
    used = [symmetries.shift, symmetries.window, symmetries.scale, *symmetries.angles, *symmetries.even]
    used += [name for name, *_ in symmetries.units] + [name for name, _ in symmetries.mirror]
    used += [symmetries.time_power] if isinstance(symmetries.time_power, str) else []
    for name in used:
        if name is not None:
            ssm.parameter(name)
    for name, rule in symmetries.mirror:
        if rule not in get_args(Reflection):
            _unknown(ssm.name, f"what a mirror does to '{name}'", rule, get_args(Reflection))
    if symmetries.mirror and ssm.n_choices != 2:
        raise ModelError(f"the model '{ssm.name}' has n_choices={ssm.n_choices}; a mirror symmetry needs two.")


def _check_diffusion(ssm: SSM, diffusion: Diffusion) -> None:
    for name in (diffusion.drift, diffusion.start, *diffusion.collapsing):
        ssm.parameter(name)
    if diffusion.collapse not in get_args(Collapse):
        _unknown(ssm.name, "the collapse of the boundaries", diffusion.collapse, get_args(Collapse))
    needed = _COLLAPSING[diffusion.collapse]
    if len(diffusion.collapsing) != needed:
        raise ModelError(
            f"the diffusion of the model '{ssm.name}' has collapse='{diffusion.collapse}' and "
            f"collapsing={diffusion.collapsing!r}; that collapse has {needed} parameters."
        )


def _unknown(model: str, what: str, value: object, choices: tuple[str, ...]) -> NoReturn:
    raise ModelError(f"{what} in the model '{model}' is {value!r:.80}; choose one of {', '.join(map(repr, choices))}.")
