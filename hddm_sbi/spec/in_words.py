"""The model in words, for ``print(model)``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from hddm_sbi.likelihoods.observation.lapses import Lapses
from hddm_sbi.spec.model_spec import ModelSpec, ParameterSpec
from hddm_sbi.spec.table import stated_priors
from hddm_sbi.ssm.widths import in_words as room_in_words
from hddm_sbi.trials.stimulus import Stimulus
from hddm_sbi.trials.trials import Trials


def describe(
    spec: ModelSpec,
    trials: Trials,
    priors: pd.DataFrame,
    *,
    conditions: pd.DataFrame | None = None,
    held: Sequence[tuple[str, str]] = (),
    likelihood: str = "",
    coding: str = "response",
    stimulus: Stimulus | None = None,
    lapses: Lapses | None = None,
    covariates: Sequence[tuple[str, str]] = (),
    cells: Sequence[tuple[str, str]] = (),
    independence: str | None = None,
) -> str:
    """Equations, priors, conditions, and how the responses were read.

    Args:
        spec: the model.
        trials: the experiment.
        priors: the table of ``prior_table``.
        conditions: one row for each condition, None or without columns where there are none.
        held: numbers in the formulas that make no conditions, and where they are in the values that are reported.
        likelihood: what the likelihood is, in a word.
        coding: how responses are coded.
        stimulus: under stimulus coding, what turns the drift round.
        lapses: their window; None without lapses.
        covariates: numbers in the formulas, and where they are centred, in words.
        cells: priors of cells and differences, in words.
        independence: a line on group effects that are taken as independent, if it has to be said.

    Returns:
        Lines of text without a final newline.
    """
    lines = [_headline(spec, trials, likelihood), trials.reading]
    if coding == "accuracy" and any(parameter.name == "z" for parameter in spec.parameters):
        lines.append("Responses are coded by accuracy: z is fixed, and v is the drift towards the correct answer.")
    lines += [_signed(parameter, stimulus) for parameter in spec.parameters if parameter.signed is not None]
    if not trials.timed:
        lines.append(_WITHOUT_TIMES)
    elif lapses is not None:
        lines.append(_lapsing(lapses, trials))
    lines += ["", "Equations", *_aligned([equation(parameter) for parameter in spec.reported.parameters])]
    lines += [] if independence is None else [f"  {independence}"]
    lines += ["", "Priors, on the scale of the link"]
    lines += _aligned([(name, f"~ {prior}") for name, prior in stated_priors(priors).items() if prior[0] != "="])
    if cells:
        lines += ["", "Priors that follow for cells, on the scale of the link", *_aligned(list(cells))]
    if covariates:
        lines += ["", "Priors of covariates sit at their mean, and scale with their sd", *_aligned(list(covariates))]
    said = [(row.variable, row.meaning) for row in priors.itertuples() if _is_said(row)]
    if said:
        lines += ["", "Coefficients, on the scale of the link", *_aligned(said)]
    if conditions is not None and len(conditions.columns):
        lines += ["", "Conditions", *(f"  {label}" for label in conditions.index)]
    if held:
        lines += ["", "Values on the natural scale are reported at", *_aligned(list(held))]
    return "\n".join(lines)


def _is_said(row: Any) -> bool:
    """Whether a coefficient's meaning is worth a line: of the population, and more than a value of its own."""
    return row.meaning not in ("", "the value", "probability") and not row.meaning.startswith(("between ", "of each "))


_WITHOUT_TIMES = (
    "Choices were seen without their times: parameters that times alone tell are constants without an effect, there "
    "are no lapses unless p_outlier says so, and the scale is that of the parameter you fixed or have a prior for."
)


def _lapsing(lapses: Lapses, trials: Trials) -> str:
    """Over which times and choices lapses are spread."""
    ends = lapses.ends(trials.seen(np.zeros(trials.n, dtype=np.int64), 1))
    low, high = float(ends.min()), float(ends.max())
    until = f"{high:.4g} s" if low == high else f"{low:.4g} to {high:.4g} s"
    if lapses.high is None:
        limited = np.isfinite(trials.deadline).any() or np.isfinite(trials.high).any()
        until += " (each trial's limit)" if limited else " (the longest response time)"
    choices = "all of them go responses" if trials.go else f"over {len(trials.options)} choices"
    silent = "; a share of them, lapse_omission, never responds" if lapses.omissions else ""
    return f"Lapses are uniform from {lapses.low:g} to {until}, {choices}{silent}."


def _signed(parameter: ParameterSpec, stimulus: Stimulus | None) -> str:
    """How a drift changes sign with the stimulus."""
    assert parameter.signed is not None
    drift, bias = parameter.signed.drift, parameter.signed.bias
    added = "" if bias.fixed == 0.0 else f" + {bias.name}"
    called = "" if stimulus is None else f" ({stimulus.reading})"
    return (
        f"Responses are coded by the stimulus{called}: the drift to the upper boundary is s {drift.name}{added}, with "
        "s = 1 where the stimulus calls for the upper response and -1 where for the lower; z stays with the response."
    )


def _headline(spec: ModelSpec, trials: Trials, likelihood: str) -> str:
    text = f"Model '{spec.model}'"
    if likelihood:
        text += f", likelihood {likelihood}"
    text += f": {trials.n} trials"
    if trials.subjects:
        text += f" of {len(trials.subjects)} participants ({trials.groupby})"
    return text + "."


def equation(parameter: ParameterSpec) -> tuple[str, str]:
    """A parameter's regression as text: ``("log(a)", "~ 1 + conf")``, or ``("z", "= 0.5")`` of a constant."""
    if parameter.fixed is not None:
        return parameter.name, f"= {parameter.fixed:g}"
    value = _value(parameter)
    left = value if parameter.link == "identity" else f"{parameter.link}({value})"
    return left, f"~ {parameter.formula}"


def _value(parameter: ParameterSpec) -> str:
    """What the link is applied to: the parameter, its place between other ends than 0 and 1, a width's proportion."""
    if parameter.within is not None:
        return f"{parameter.name} / ({room_in_words(parameter.within)})"
    low, high = parameter.ends
    if parameter.link != "logit" or (low, high) == (0.0, 1.0):
        return parameter.name
    above = parameter.name if low == 0.0 else f"{parameter.name} - {low:g}"
    if high - low == 1.0:
        return above
    return f"{above if low == 0.0 else f'({above})'} / {high - low:.4g}"


def _aligned(pairs: list[tuple[str, str]]) -> list[str]:
    width = max((len(left) for left, _ in pairs), default=0)
    return [f"  {left:<{width}} {right}" for left, right in pairs]
