"""Tables that the package fills in: what a command takes, what a model's parameters are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import typer

import hddm_sbi as hs
from hddm_sbi.cli import app

if TYPE_CHECKING:
    from hddm_sbi.ssm import Parameter, Prior


def options(command: str) -> str:
    """What a command of ``hddm-sbi`` does and takes, from its own help.

    Args:
        command: its name, ``fit``.

    Returns:
        Markdown: how it is called, its explanation, and a row for each argument and option.
    """
    told = typer.main.get_command(app).commands[command]
    given = [p.name.upper() for p in told.params if p.param_type_name == "argument"]
    usage = " ".join(["hddm-sbi", command, *given, *(["[OPTIONS]"] if len(told.params) > len(given) else [])])
    rows = ["| option | | default |", "|---|---|---|"] if told.params else []
    for p in told.params:
        shown = p.opts if p.param_type_name == "option" else [p.name.upper()]
        names = ", ".join(f"`{name}`" for name in sorted(shown, key=len, reverse=True))
        rows.append(f"| {names} | {_cell(p.help or '')} | {_default(p)} |")
    help_text = "\n\n".join(" ".join(part.split()) for part in (told.help or "").split("\n\n"))
    return "\n".join(["```", usage, "```", "", help_text, "", *rows])


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    shown = parameter.default
    return "" if shown is None or shown is False or callable(shown) else f"`{shown}`"


def parameters(name: str) -> str:
    """The parameters of a model, from the registry.

    Args:
        name: of the model; a race is shown with two accumulators.

    Returns:
        Markdown: a row for each parameter, in the order of theta.
    """
    rows = ["| parameter | meaning | range | regressed on |", "|---|---|---|---|"]
    rows += [
        f"| `{p.name}` | {_cell(p.description)} | {_support(p)} | {_SCALES[p.link]} |"
        for p in hs.get_model(name).parameters
    ]
    return "\n".join(rows)


def priors(asked: str) -> str:
    """The default priors of parameters: their intercepts, effects and group standard deviations, from the registry.

    Args:
        asked: models, or single parameters of them: ``"ddm"``, ``"angle/theta ornstein/g"``.

    Returns:
        Markdown: a row for each parameter, what is probable on its natural scale and scales on the link's; sources.
    """
    rows = [
        "| parameter | typical participant, 95% | effects, sd | sd between participants | of effects |",
        "|---|---|---|---|---|",
    ]
    sources: dict[str, list[str]] = {}
    for each in asked.split():
        name, _, only = each.partition("/")
        label = f" of `{name}`" if only else ""
        for p in hs.get_model(name).parameters:
            if p.prior is not None and only in ("", p.name):
                low, high = (f"{_inverse(p, p.prior.loc + z * p.prior.sd):.2g}" for z in (-1.96, 1.96))
                room = f" of what {p.within} leaves" if p.within else ""
                rows.append(f"| `{p.name}`{label} | {low} to {high}{room} | {_scales(p.prior)} |")
                sources.setdefault(p.prior.source, []).append(f"`{p.name}`")
    return "\n".join([*rows, "", *(f"- {', '.join(names)}: {source}" for source, names in sources.items())])


_SCALES = {"identity": "its own scale", "log": "log scale", "logit": "logit scale"}
FILLS = {"options": options, "parameters": parameters, "priors": priors}


def _scales(prior: Prior) -> str:
    return f"{prior.effect:g} | {prior.group_sd:g} | {prior.group_effect:g}"


def _inverse(parameter: Parameter, x: float) -> float:
    """From the scale of the link to the natural one."""
    if parameter.link == "identity":
        return x
    if parameter.link == "log":
        return math.exp(x)
    low, high = parameter.support
    return low + (high - low) / (1.0 + math.exp(-x))


def _support(parameter: Parameter) -> str:
    low, high = parameter.support
    if parameter.within:
        return f"0 to 2 min({parameter.within}, 1 - {parameter.within})"
    if math.isinf(low):
        return "any number"
    if math.isinf(high):
        return f"above {low:g}"
    return f"{low:g} to {high:.3g}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
