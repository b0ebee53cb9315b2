"""Choices without their times: which parameters leave the model, and what must be known of the others.

Where no time is seen, and no deadline passes, a parameter that only makes responses later says nothing, and the units
of time and length are open: with boundaries c times as far apart, and every other length and time changed as
``Symmetries`` says, the choices are the same. One parameter that carries a length must therefore be known. Of a
diffusion v and a only v a shows; of a race B, A and the drifts only their ratios.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from hddm_sbi.errors import FormulaError, ModelError
from hddm_sbi.spec.model_spec import ModelSpec, ParameterSpec
from hddm_sbi.ssm.base import SSM


def leaving(ssm: SSM) -> dict[str, float]:
    """The parameters that leave the model, and the constants that take their place.

    Those that shift all times or smear the shift, at 0 or else the least value they may have; and variability across
    trials where the model is a simpler one without it, which choices alone do not tell from a smaller drift.
    """
    constants: dict[str, float] = {}
    for parameter in ssm.parameters:
        if parameter.name in (ssm.symmetries.shift, ssm.symmetries.window):
            constants[parameter.name] = 0.0 if parameter.contains(np.asarray(0.0)) else parameter.box[0]
        elif parameter.population and parameter.nested is not None:
            constants[parameter.name] = parameter.nested
    return constants


def check_formulas(formulas: Collection[str], left: Collection[str]) -> None:
    """Refuse formulas of parameters that leave the model.

    Raises:
        FormulaError: names the parameter.
    """
    for name in formulas:
        if name in left:
            raise FormulaError(
                f"'{name}' leaves the model, since choices without their times say nothing of it; drop its formula."
            )


def scales(ssm: SSM) -> tuple[str, ...]:
    """The parameters of which one must be known, because each sets the unit of length; none where no scale is declared.

    A unit of length is worth a power of the length scale c; times are worth c^k, so that what is length^p time^q is
    worth c^(p + k q), which must not be c^0. Angles, rates without a length and variability would set it, too, but are
    told by curvature alone.
    """
    symmetries = ssm.symmetries
    if symmetries.scale is None:
        return ()
    found, left = [symmetries.scale], leaving(ssm)
    for name, length, time in symmetries.units:
        k = symmetries.time_power
        worth = time != 0.0 if isinstance(k, str) else length + k * time != 0.0
        if length != 0.0 and worth and name not in symmetries.angles and name not in left:
            found.append(name)
    return tuple(name for name in ssm.parameter_names if name in found)


def check_scale(ssm: SSM, spec: ModelSpec, given: Collection[str]) -> None:
    """Refuse a model whose scale nothing tells: its posterior would be the prior.

    Args:
        ssm: the model.
        spec: its structure.
        given: the variables that the user has priors for.

    Raises:
        ModelError: no parameter with a unit of length is fixed, or has a prior of the user's on its level.
    """
    names = scales(ssm)
    parameters: Mapping[str, ParameterSpec] = {parameter.name: parameter for parameter in spec.reported.parameters}
    # a constant of 0 is one in any unit
    candidates = [name for name in names if parameters[name].fixed != 0.0]
    if not candidates or any(_is_known(parameters[name], given) for name in candidates):
        return
    listed = ", ".join(f"'{name}'" for name in candidates)
    one = ssm.symmetries.scale if ssm.symmetries.scale in candidates else candidates[0]
    level = _levels(parameters[str(one)])[0]
    raise ModelError(
        f"choices without their times leave the scale of {listed} open, so that the posterior would be the prior: fix "
        f'one of them, such as fixed={{"{one}": 1}}, or say what you know of one, priors={{"{level}": ...}}.'
    )


def _is_known(parameter: ParameterSpec, given: Collection[str]) -> bool:
    return parameter.fixed is not None or any(site in given for site in _levels(parameter))


def _levels(parameter: ParameterSpec) -> list[str]:
    """Variables of the parameter's levels: its intercept, or the cell means that stand in its place."""
    terms = [term.reported for term in parameter.common] or [term.reported for term in parameter.group]
    return [term.variable for term in terms if term.is_level] or [f"{parameter.name}_Intercept"]
