"""Stimulus coding: a drift that changes sign with the stimulus, and the drift criterion.

The drift towards the upper boundary is s v + v_bias, where s is 1 where the stimulus calls for the upper response and
-1 where it calls for the lower one. v is how well the stimulus is told, towards the response it calls for; v_bias is
the drift criterion (Ratcliff 1985, Psychological Review 92, 212-225; Ratcliff & McKoon 2008, Neural Computation 20,
873-922), evidence for the upper response whatever the stimulus. The starting point z stays with the response.

A drift with an identity link is linear in the coefficients of both, so that theta's drift is a single parameter: it has
the terms of v, multiplied by s, and those of v_bias. What is sampled needs to know no more of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from hddm_sbi.design.design import Design
from hddm_sbi.design.rank import dependent
from hddm_sbi.design.varying import spans_constant
from hddm_sbi.errors import FormulaError, ModelError, warn
from hddm_sbi.spec.model_spec import CommonTerm, FloatArray, GroupTerm, ParameterSpec, Signed
from hddm_sbi.spec.writing import UsersPriors
from hddm_sbi.ssm.base import SSM
from hddm_sbi.trials.trials import Trials


def bias_of(drift: str) -> str:
    """Name of the criterion of a drift."""
    return f"{drift}_bias"


def drift_of(ssm: SSM) -> str | None:
    """The drift that changes sign when the two choices trade places; None where the model says of none."""
    negated = [name for name, rule in ssm.symmetries.mirror if rule == "negate"]
    if ssm.diffusion is not None and ssm.diffusion.drift in negated:
        return ssm.diffusion.drift
    return negated[0] if len(negated) == 1 else None


def find_drift(ssm: SSM) -> str:
    """The drift of a model under stimulus coding.

    Raises:
        ModelError: it has none that changes sign when the two choices trade places.
    """
    drift = drift_of(ssm)
    if drift is None:
        raise ModelError(
            f"coding=\"stimulus\" turns the drift round, but the model '{ssm.name}' declares no drift "
            'that changes sign when the choices trade places (symmetries.mirror); use coding="response" with the '
            'stimulus in the formulas of its drifts, or coding="accuracy".'
        )
    if bias_of(drift) in ssm.parameter_names:
        raise ModelError(
            f"coding=\"stimulus\" gives the model '{ssm.name}' a parameter '{bias_of(drift)}', the drift criterion, "
            "but it has one of that name; rename the model's own."
        )
    return drift


def check_link(drift: str, links: Mapping[str, str]) -> None:
    """Refuse another link than the identity: the sum of a signed drift and a criterion has no other.

    Raises:
        ModelError: names the parameter and its link.
    """
    for name in (drift, bias_of(drift)):
        if links[name] != "identity":
            raise ModelError(
                f"the link of '{name}' is '{links[name]}', but coding=\"stimulus\" turns the sign of '{drift}' round, "
                "for which it must be 'identity'; leave it out of links."
            )


def fixed_bias(
    drift: str, constants: Mapping[str, float], formulas: Collection[str], chosen: UsersPriors
) -> dict[str, float]:
    """The criterion as a constant, 0, unless it has a formula or a prior.

    Args:
        drift: name of the drift.
        constants: the user's.
        formulas: parameters that have a formula.
        chosen: the user's priors.

    Raises:
        ModelError: the drift or its criterion is fixed at another value, which is no regression on the stimulus.
    """
    bias = bias_of(drift)
    for name in (drift, bias):
        if constants.get(name, 0.0) != 0.0:
            value = constants[name]
            raise ModelError(
                f"'{name}' is fixed at {value:g}, but under coding=\"stimulus\" it can be fixed at 0 alone; a narrow "
                f'prior does the same: priors={{"{name}_Intercept": torch.distributions.Normal({value:g}, 0.001)}}.'
            )
    return {} if bias in formulas or chosen.about(f"{bias}_Intercept") else {bias: 0.0}


def signed_drift(drift: ParameterSpec, bias: ParameterSpec, sign: FloatArray) -> ParameterSpec:
    """Theta's drift, sign * drift + bias, shape of sign (rows,); either may be fixed at 0."""
    signs = sign[:, np.newaxis]

    def turned(term: CommonTerm | GroupTerm) -> FloatArray:
        return term.matrix * signs + 0.0  # no zero is negative: equal rows look equal

    common = tuple(replace(term, matrix=turned(term)) for term in drift.common) + bias.common
    group = tuple(replace(term, matrix=turned(term)) for term in drift.group) + bias.group
    known = [part for part in (None if drift.offset is None else sign * drift.offset, bias.offset) if part is not None]
    return replace(
        drift,
        fixed=0.0 if drift.fixed is not None and bias.fixed is not None else None,
        common=common,
        group=group,
        formula=f"s * ({drift.formula}) + ({bias.formula})",
        offset=sum(known[1:], start=known[0]) if known else None,
        signed=Signed(sign, drift, bias),
    )


def check_apart(drift: str, design: Design) -> None:
    """Whether the data can tell a drift from its criterion.

    Args:
        drift: its name.
        design: with a stimulus.

    Raises:
        FormulaError: the stimuli call for one response alone, or the two formulas say the same twice.

    Warns:
        HDDMWarning: the stimuli call for one response alone, and only one of the two is estimated.
    """
    assert design.stimulus is not None and design.sign is not None
    bias, sign = bias_of(drift), design.sign
    estimated = [name for name in (drift, bias) if name in design.parameters]
    if (sign == sign[0]).all():
        called, column = design.stimulus.options[int(sign[0] > 0.0)], design.stimulus.column
        if len(estimated) == 2:
            raise FormulaError(
                f"the stimuli in column '{column}' all call for {called!r}, so '{bias}' cannot be told from '{drift}'; "
                f"leave '{bias}' out."
            )
        warn(
            f"the stimuli in column '{column}' all call for {called!r}, so coding=\"stimulus\" says no more than "
            'coding="response" does; is it the right column?'
        )
    if len(estimated) == 2:
        _check_rank(drift, bias, design, sign)


def _check_rank(drift: str, bias: str, design: Design, sign: FloatArray) -> None:
    turned = [(f"{drift}: {label}", column * sign) for label, column in _columns(design, drift)]
    columns = [*turned, *((f"{bias}: {label}", column) for label, column in _columns(design, bias))]
    names = dependent(np.column_stack([column for _, column in columns]), [label for label, _ in columns])
    if names:
        listed = ", ".join(f"'{name}'" for name in names)
        raise FormulaError(
            f"the formulas for '{drift}' and '{bias}' are collinear: {listed} determine each other on these data, so "
            "their effects cannot be told apart; drop one of them (two stimuli have two drifts, for which one term of "
            "each is enough)."
        )


def _columns(design: Design, name: str) -> list[tuple[str, FloatArray]]:
    """Labels and columns of a parameter's terms on the design rows; of its groups' where it has no others."""
    of = design.parameters[name]
    terms = of.common or tuple(grouped.term for grouped in of.group)
    return [
        (label, column)
        for term in terms
        for label, column in zip(term.labels, term.matrix[design.first].T, strict=True)
    ]


def suggest_stimulus(ssm: SSM, design: Design, trials: Trials) -> None:
    """Say so where a formula turns the drift round with a number that is -1 or 1: what stimulus coding is for.

    Warns:
        HDDMWarning: names the column.
    """
    drift = drift_of(ssm)
    if drift not in design.parameters:
        return
    of = design.parameters[drift]
    terms = of.common or tuple(grouped.term for grouped in of.group)
    signs = [term for term in terms if term.name in trials.frame.columns and set(np.unique(term.matrix)) == {-1.0, 1.0}]
    if not signs or spans_constant(terms):
        return
    column, (lower, upper) = signs[0].name, trials.options
    warn(
        f"the formula '{drift} ~ {of.formula}' turns the drift round with '{column}', which is -1 or 1; "
        f'coding="stimulus", stimulus={{{column!r}: {{-1: {lower!r}, 1: {upper!r}}}}} and no term for it say the same, '
        f"and report '{drift}' towards the response that the stimulus calls for."
    )
