"""What a user may give as a model: a name, an ``SSM``, or a simulator and its parameters; with ranges to train on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm.base import SSM, Parameter, Simulator, whole
from hddm_sbi.ssm.checks.check_trials import name_of
from hddm_sbi.ssm.checks.user_model import check_ssm
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.training.draw import Box, boxed

Supplied = str | SSM | Simulator
Parameters = Sequence[Parameter] | Mapping[str, Parameter | tuple[float, float]]


def as_ssm(model: Supplied, parameters: Parameters | None = None, n_choices: int | None = None) -> SSM:
    """The model that a name, an ``SSM`` or a bare simulator with its parameters stands for.

    Args:
        model: a model's name, an ``SSM``, or a bare simulator.
        parameters: the parameters of a bare simulator, in the order of theta; None for a model that has its own.
        n_choices: number of response options; None leaves a race and a bare simulator two.

    Raises:
        ModelError: there is none of this name, or what is declared does not hold together.
    """
    if isinstance(model, str | SSM):
        if parameters is not None:
            name = model if isinstance(model, str) else model.name
            raise ModelError(f"'{name}' has parameters of its own; give parameters to a bare simulator only.")
        return check_ssm(get_model(model, n_choices))
    if not callable(model):
        raise ModelError(
            f"the model is {model!r:.80}; give a name, an hddm_sbi.SSM, or a simulator and its parameters."
        )
    name = name_of(model)
    if parameters is None:
        raise ModelError(f"the simulator '{name}' needs its parameters: parameters={{'v': (-3, 3), ...}}.")
    options = 2 if n_choices is None else whole("n_choices", n_choices, 1)
    return check_ssm(SSM(name, _declared(name, parameters), model, n_choices=options))


def with_box(ssm: SSM, box: Box | None) -> SSM:
    """The model with other ranges to train on.

    Raises:
        ModelError: it has no parameter of a name, or a range is none within the parameter's support.
    """
    if box is None:
        return ssm
    if not isinstance(box, Mapping):
        raise ModelError(f"box is {box!r:.80}; give ranges by parameter: box={{'v': (-3, 3)}}.")
    for name in box:
        ssm.parameter(name)
    return check_ssm(boxed(ssm, {name: _range(name, given) for name, given in box.items()}))


def _declared(simulator: str, parameters: Any) -> tuple[Parameter, ...]:
    """The parameters of a bare simulator."""
    if isinstance(parameters, Mapping) and all(isinstance(name, str) for name in parameters):
        declared = [p if isinstance(p, Parameter) else _by_range(name, p) for name, p in parameters.items()]
    else:
        declared = list(parameters) if isinstance(parameters, list | tuple) else []
    if not declared or not all(isinstance(p, Parameter) for p in declared):
        raise ModelError(
            f"the simulator '{simulator}' needs its parameters as ranges by name, parameters={{'v': (-3, 3), ...}}, or "
            f"as hddm_sbi.Parameter objects, not {parameters!r:.80}."
        )
    return tuple(declared)


def _by_range(name: str, box: Any) -> Parameter:
    low, high = _range(name, box)
    if low < 0.0:
        return Parameter(name, (-float("inf"), float("inf")), "identity", (low, high))
    return Parameter(name, (0.0, float("inf")), "log", (low, high))


def _range(name: str, box: Any) -> tuple[float, float]:
    try:
        low, high = (float(edge) for edge in box)
    except (TypeError, ValueError) as error:
        raise ModelError(f"the range of '{name}' is {box!r:.80}; give two numbers, the lower first.") from error
    return low, high
