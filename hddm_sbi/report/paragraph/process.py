"""The process that was fitted: what it is called, its parameters, and what its boundaries stand for."""

from __future__ import annotations

from collections.abc import Iterator

from hddm_sbi.likelihoods.observation.lapses import LAPSE_PARAMETERS
from hddm_sbi.report.protocol import Model
from hddm_sbi.report.references import Citations
from hddm_sbi.report.words import number
from hddm_sbi.results.to_arviz import Results, recorded_model
from hddm_sbi.spec.model_spec import ModelSpec, ParameterSpec
from hddm_sbi.spec.stimulus import drift_of
from hddm_sbi.ssm.base import SSM
from hddm_sbi.ssm.registry import is_family, is_registered
from hddm_sbi.trials.columns import enumerated

# What each model of the registry is called, and who published it.
_CALLED: dict[str, tuple[str, tuple[str, ...]]] = {
    "ddm": ("the drift diffusion model", ("ratcliff1978", "ratcliff2008")),
    "full_ddm": (
        "the drift diffusion model with variability across trials",
        ("ratcliff1998", "ratcliff2002", "ratcliff2008"),
    ),
    "angle": (
        "the drift diffusion model with boundaries that approach each other linearly",
        ("ratcliff1978", "fengler2021"),
    ),
    "weibull": (
        "the drift diffusion model with boundaries that collapse along a Weibull survival function",
        ("ratcliff1978", "hawkins2015"),
    ),
    "ornstein": ("the Ornstein-Uhlenbeck model, a diffusion whose evidence leaks", ("busemeyer1993",)),
    "levy": ("the Levy flight model, a diffusion with alpha-stable noise", ("voss2019",)),
    "rdm": ("the racing diffusion model", ("tillman2020",)),
    "lba": ("the linear ballistic accumulator with drifts truncated at zero", ("brown2008",)),
}
# What varies across trials in the full model, by the parameter that says how much.
_ACROSS = {"sv": "drift", "sz": "starting point", "st0": "non-decision time"}


def of_process(model: Model, idata: Results, cite: Citations) -> Iterator[str]:
    """The sentences on the process."""
    ssm, spec = model.ssm, model.spec
    outcomes = "Choices and response times" if model.trials.rt_seen.any() else "Choices"
    yield f"{outcomes} were modelled by {called(ssm, spec, cite)}."
    yield from _parameters(ssm, spec)
    yield _options(model, idata, cite)


def called(ssm: SSM, spec: ModelSpec, cite: Citations) -> str:
    """The process with its publications; that of a user without."""
    if is_registered(ssm):
        name, keys = _CALLED[ssm.name]
        return f"{name}{_varying(spec)} {cite(*keys)}"
    what = f" ({ssm.description})" if ssm.description else ""
    return f"a model of our own, '{ssm.name}'{what} [describe the process, and cite its source]"


def _varying(spec: ModelSpec) -> str:
    """What varies across trials in the full model: widths and sds that are fixed at 0 do not."""
    varies = [what for name, what in _ACROSS.items() if any(p.name == name and p.fixed != 0.0 for p in spec.parameters)]
    return f" in {enumerated(varies)}" if varies else ""


def is_race(ssm: SSM) -> bool:
    """Whether it is one of the registry's races of accumulators."""
    return is_registered(ssm) and is_family(ssm.name)


def _parameters(ssm: SSM, spec: ModelSpec) -> Iterator[str]:
    meant = [f"{one.name} ({one.description})" if one.description else one.name for one in ssm.parameters]
    noise = ", with within-trial noise of standard deviation 1" if ssm.diffusion is not None else ""
    yield f"Its parameters are {enumerated(meant)}{noise}."
    constant = [one for one in spec.reported.parameters if one.fixed is not None and one.name not in LAPSE_PARAMETERS]
    stated = [one for one in constant if not _is_unused_bias(one, spec)]
    if stated:
        first, *others = [(one.name, number(_fixed(one))) for one in stated]
        rest = "".join(f", {name} at {value}" for name, value in others)
        yield f"{first[0]} was fixed at {first[1]}{rest}."


def _fixed(parameter: ParameterSpec) -> float:
    assert parameter.fixed is not None
    return parameter.fixed


def _is_unused_bias(parameter: ParameterSpec, spec: ModelSpec) -> bool:
    """Whether it is a drift criterion that was not asked for: the coding says that there is none."""
    biases = [one.signed.bias.name for one in spec.parameters if one.signed is not None]
    return parameter.name in biases and parameter.fixed == 0.0


def _options(model: Model, idata: Results, cite: Citations) -> str:
    """What the boundaries or accumulators stand for."""
    options, ssm = [f"'{option}'" for option in model.trials.options], model.ssm
    if model.trials.go:
        return (
            f"The task was go/no-go: the go response {options[1]} is choice 1 of the process, and choice 0 is to "
            "withhold it, which shows no time."
        )
    if model.coding == "accuracy":
        side = "accumulator 1" if is_race(ssm) else "the upper boundary" if ssm.diffusion is not None else "choice 1"
        return f"Responses were coded by accuracy: {side} stands for correct responses."
    if is_race(ssm):
        numbers = enumerated([str(k) for k in range(len(options))])
        return f"Accumulators {numbers} stand for the responses {enumerated(options)}."
    if ssm.diffusion is None:
        return f"Its choices stand for the responses {enumerated(options)}, in this order."
    upper = f"The upper boundary stands for the response {options[1]}, the lower one for {options[0]}."
    return upper if model.coding != "stimulus" else f"{upper} {_signed(model, idata, cite)}"


def _signed(model: Model, idata: Results, cite: Citations) -> str:
    """How the drift turns round with the stimulus."""
    drift = drift_of(model.ssm) or "v"
    (signed,) = (one.signed for one in model.spec.parameters if one.signed is not None)
    told = recorded_model(idata).get("stimulus") or {}
    by = "".join(f" (column {column})" for column in told)
    if signed.bias.fixed == 0.0:
        added, criterion = "", " without a drift criterion"
    else:
        added, criterion = (
            f" + {signed.bias.name}",
            f" and {signed.bias.name} the drift criterion {cite('ratcliff1985')}",
        )
    return (
        f"Responses were coded by the stimulus{by}: the drift to the upper boundary is s {drift}{added}, with s = 1 "
        f"where the stimulus called for the upper response and s = -1 where for the lower one{criterion}."
    )
