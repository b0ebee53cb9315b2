"""What was asked: the model in words and symbols."""

from __future__ import annotations

from hddm_sbi.report.charts.chart import Chart
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.sections.writing import Section, folded, verbatim


def section(fit: Fit) -> Section:
    """The model as it prints itself."""
    parts: list[str | Chart] = [*folded("The model as print(model) shows it", [verbatim(repr(fit.model))])]
    return Section("asked", "What was asked", parts)
