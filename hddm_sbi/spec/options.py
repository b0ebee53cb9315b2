"""The user's options about parameters (links, constants, the lapse probability), checked at the edge."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from numbers import Real
from typing import Any

import numpy as np
import torch.distributions as td

from hddm_sbi.design.columns import suggestion
from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.observation.lapses import LAPSE_PARAMETERS
from hddm_sbi.spec.distributions import check_within, checked_prior
from hddm_sbi.spec.links import get_link
from hddm_sbi.ssm.base import SSM, Parameter
from hddm_sbi.ssm.widths import fits, room
from hddm_sbi.trials.responses import CODINGS


def check_coding(coding: str, stimulus: object = None) -> None:
    """Refuse a coding that there is not, and a stimulus that it has no use for.

    Raises:
        ModelError: names the coding.
    """
    if coding not in CODINGS:
        raise ModelError(f"coding '{coding}' is not known; choose one of {', '.join(CODINGS)}.")
    if stimulus is not None and coding != "stimulus":
        raise ModelError(
            f"stimulus is given, but coding is '{coding}'; write coding=\"stimulus\" if the drift changes sign with "
            "it, or leave stimulus out."
        )


def read_links(ssm: SSM, links: Mapping[str, str] | None) -> dict[str, str]:
    """The link of every parameter.

    Raises:
        ModelError: an unknown parameter or link, or a link that reaches outside the parameter's support.
    """
    chosen = _mapping("links", links)
    for name, link in chosen.items():
        _check_name(ssm, name, "links")
        get_link(link)
    found = {parameter.name: chosen.get(parameter.name, parameter.link) for parameter in ssm.parameters}
    for name, link in found.items():
        _check_link(ssm.parameter(name), link)
    return found


def _check_link(parameter: Parameter, link: str) -> None:
    low, high = parameter.support
    fits = {
        "identity": True,
        "log": low <= 0.0 and math.isinf(high),
        "logit": math.isfinite(low) and math.isfinite(high),
    }[link]
    if not fits:
        instead = "" if link == parameter.link else f"leave it at '{parameter.link}' or "
        raise ModelError(
            f"the link '{link}' does not fit '{parameter.name}', whose values lie between {low:g} and {high:g}; "
            f"{instead}use 'identity'."
        )


def read_fixed(
    ssm: SSM, fixed: Mapping[str, float] | None, coding: str, left: Mapping[str, float] | None = None
) -> dict[str, float]:
    """The parameters that are constants; accuracy coding fixes the starting point ``z`` in the middle.

    Args:
        ssm: the model.
        fixed: the user's.
        coding: of the responses.
        left: those that have left the model; the user may still choose their constants.

    Raises:
        ModelError: an unknown parameter, or a value outside the parameter's support.
    """
    values: dict[str, float] = dict(left or {})
    if coding == "accuracy" and "z" in ssm.parameter_names:
        values["z"] = 0.5
    for name, value in _mapping("fixed", fixed).items():
        if name in LAPSE_PARAMETERS:
            raise ModelError(f"'{name}' is fixed by {name}={value!r}, not in fixed.")
        _check_name(ssm, name, "fixed")
        values[name] = _constant(ssm.parameter(name), value)
    for name, value in values.items():
        _check_room(ssm.parameter(name), value, values)
    if len(values) == len(ssm.parameters):
        raise ModelError("all parameters are fixed, so there is nothing to estimate.")
    return values


def _constant(parameter: Parameter, value: Any) -> float:
    low, high = parameter.support
    if not _is_number(value):
        raise ModelError(f"'{parameter.name}' is fixed at {value!r}, which is not a number.")
    if not parameter.contains(np.asarray(value, dtype=np.float64)):
        raise ModelError(
            f"'{parameter.name}' is fixed at {value}, outside its range from {low:g} to {high:g}; choose one inside."
        )
    return float(value)


def _check_room(parameter: Parameter, value: float, constants: Mapping[str, float]) -> None:
    """Refuse a width that does not fit around its starting point, or, where that is no constant, around any."""
    if parameter.within is None:
        return
    z = constants.get(parameter.within, 0.5)
    largest = float(room(np.asarray(z)))
    if not fits(value, largest):
        raise ModelError(
            f"'{parameter.name}' is fixed at {value:g}, but around '{parameter.within}' = {z:g} it must be below "
            f"{largest:g}, twice the distance to the nearer boundary; choose one below."
        )


def read_probability(name: str, value: Any) -> float | td.Distribution | None:
    """A probability of lapses: None where it is estimated under its default prior, a number, or a prior.

    Args:
        name: of the option.
        value: as the user gives it.

    Raises:
        ModelError: neither ``"estimate"``, nor a number in [0, 1), nor a distribution on (0, 1).
    """
    if isinstance(value, str) and value == "estimate":
        return None
    if isinstance(value, td.Distribution):
        prior = checked_prior(name, value)
        check_within(name, prior, 0.0, 1.0, "a probability")
        return prior
    if _is_number(value) and 0.0 <= value < 1.0:
        return float(value)
    raise ModelError(f"{name} must be 'estimate', a probability from 0 to below 1, or a distribution, not {value!r}.")


def read_shared(ssm: SSM, shared: str | Collection[str]) -> tuple[str, ...]:
    """The parameters that do not vary by participant.

    Raises:
        ModelError: an unknown parameter.
    """
    if not isinstance(shared, Collection):
        raise ModelError(f"shared must be a name or a list of names of parameters, not {shared!r}.")
    names = (shared,) if isinstance(shared, str) else tuple(shared)
    for name in names:
        _check_name(ssm, name, "shared")
    return names


def _check_name(ssm: SSM, name: str, option: str) -> None:
    if name not in ssm.parameter_names:
        hint = suggestion(str(name), ssm.parameter_names)
        raise ModelError(f"{option} names '{name}', which is not a parameter of the model '{ssm.name}'; {hint}")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _mapping(option: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ModelError(f"{option} must be a dictionary by parameter, not {value!r}.")
    return dict(value)
