"""A model as an experiment estimates it: what coding and task say of its parameters beforehand."""

from __future__ import annotations

from dataclasses import replace

from hddm_sbi.spec.stimulus import bias_of, find_drift
from hddm_sbi.ssm.base import SSM, Parameter, Prior
from hddm_sbi.ssm.models.diffusion_priors import V_TO_CORRECT, V, Z

# Go/no-go: withheld responses have no times, so that a start nearer the upper boundary, a larger drift and a smaller
# separation are hard to tell apart. 95 % of these starting points lie between 0.45 and 0.55; the slope of the logit's
# inverse at 0.5 is 1/4. Differences of the starting point are no more tied than elsewhere.
_GO = "go/no-go: 0.45 to 0.55, because without times of withheld responses z, v and a trade off"
Z_GO = {"logit": replace(Z, sd=0.1, source=_GO), "identity": Prior(0.5, 0.025, 0.125, 0.075, 0.075, _GO)}


def as_estimated(ssm: SSM, coding: str, go: bool = False) -> SSM:
    """The model with the parameters that are estimated, and their priors; its simulator takes those of ``ssm`` alone.

    Args:
        ssm: the model.
        coding: under ``"accuracy"`` and ``"stimulus"`` the drift of a diffusion is expected towards the correct answer;
            ``"stimulus"`` adds the drift criterion behind the drift.
        go: go/no-go: the starting point is expected in the middle, and has one value for all.

    Raises:
        ModelError: stimulus coding of a model whose drift does not change sign when the choices trade places.
    """
    drift = find_drift(ssm) if coding == "stimulus" else None
    starts = [name for name, rule in ssm.symmetries.mirror if rule == "complement"] if go else []
    parameters: list[Parameter] = []
    for parameter in ssm.parameters:
        if coding in ("accuracy", "stimulus") and parameter.prior == V:
            parameter = replace(parameter, prior=V_TO_CORRECT)
        if parameter.name in starts:
            parameter = replace(parameter, prior=Z_GO.get(parameter.link), population=True)
        parameters.append(parameter)
        if parameter.name == drift:
            parameters.append(_criterion(parameter))
    return replace(ssm, parameters=tuple(parameters))


def _criterion(drift: Parameter) -> Parameter:
    """The drift criterion: on the drift's scale, around 0, and half as widely spread.

    Criteria are the share of the drift that both stimuli have in common, smaller than what tells them apart unless
    nearly all responses are alike. HDDM's prior, Normal(0, 3), is wider than that of the drift itself.
    """
    (low, high), known = drift.box, drift.prior
    quarter = 0.25 * (high - low)
    prior = None
    if known is not None:
        prior = Prior(
            loc=0.0, sd=0.5 * known.sd, effect=0.5 * known.effect, group_sd=0.5 * known.group_sd,
            group_effect=0.5 * known.group_effect, source=f"weakly informative: around 0, half as wide as {drift.name}",
        )  # fmt: skip
    return replace(
        drift, name=bias_of(drift.name), box=(-quarter, quarter), prior=prior, description="drift criterion",
        population=False,
    )  # fmt: skip
