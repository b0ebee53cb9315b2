"""A methods paragraph to paste, its references and their BibTeX."""

from __future__ import annotations

from hddm_sbi.report.charts.chart import Chart
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.methods import methods
from hddm_sbi.report.sections.writing import Section, copied, folded, heading, hint


def section(fit: Fit) -> Section:
    """The paragraph as text, so that it can be copied as a whole."""
    found = methods(fit.model, fit.idata, summary=fit.summary, judged=fit.verdict)
    parts: list[str | Chart] = [
        hint("Written from the model and its draws, to be pasted; what only the author knows stands in brackets."),
        copied(found.paragraph, "the paragraph"),
        heading("References"),
        copied("\n".join(found.references), "the references"),
        *folded("BibTeX", [copied(found.bibtex, "the BibTeX", prose=False)], printed=False),
    ]
    return Section("methods", "Methods paragraph", parts)
