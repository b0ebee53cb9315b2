"""What was asked: the model in words and symbols."""

from __future__ import annotations

from html import escape

from hddm_sbi.report.charts.chart import Chart
from hddm_sbi.report.equations import equations
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.sections.writing import Section, folded, heading, hint, verbatim


def section(fit: Fit) -> Section:
    """The equations, each with a sentence that says the same, and the model as it prints itself."""
    parts: list[str | Chart] = [heading("Equations")]
    parts.append(hint("Trials are i; each equation follows the sentence that says the same."))
    parts += [f'<div class="equation"><p>{escape(one.in_words)}</p>{one.mathml}</div>' for one in equations(fit.model)]
    parts += folded("The model as print(model) shows it", [verbatim(repr(fit.model))])
    return Section("asked", "What was asked", parts)
