"""How the data were read, and what is odd about them."""

from __future__ import annotations

import json

from hddm_sbi.doctor.checkup import as_table
from hddm_sbi.doctor.page.page import findings_as_html
from hddm_sbi.doctor.quick import all_findings
from hddm_sbi.report.charts.chart import Chart
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.sections.writing import Section, folded, heading, hint, paragraphs, verbatim, wide


def section(fit: Fit) -> Section:
    """How files and columns were read, and the findings: those of a checkup, else of a quick look."""
    trials, checkup = fit.model.trials, fit.origin.checkup
    parts: list[str | Chart] = []
    if fit.attrs.get("reading"):
        parts.append(verbatim(str(json.loads(fit.attrs["reading"]).get("text", ""))))
    parts += paragraphs(checkup.overview if checkup is not None else [trials.reading, *_counts(fit)])
    parts.append(heading("Findings"))
    if checkup is not None:
        parts += findings_as_html(checkup.findings)
        parts += folded(
            "What each participant did", [wide(checkup.participants, "participants")], len(checkup.participants)
        )
    elif trials.recording is None:
        parts.append(hint("The trials were not read from a table, so that nothing is known of how they were recorded."))
    else:
        parts += findings_as_html(as_table(all_findings(trials, fit.model.conditions.columns)))
        parts.append(
            hint("hs.check_data(df, ...), or hddm-sbi check, looks at all columns, and has a page of its own.")
        )
    return Section("data", "How the data were read", parts)


def _counts(fit: Fit) -> list[str]:
    trials = fit.model.trials
    people = f"{len(trials.subjects):,} participants, " if trials.subjects else ""
    seen = {
        "without a response by the deadline": int(trials.omitted.sum()),
        "withheld": int(trials.withheld.sum()),
        "with a choice whose time was not seen": int((trials.choice_seen & ~trials.rt_seen).sum()),
        "with a time whose choice was not seen": int((trials.rt_seen & ~trials.choice_seen).sum()),
    }
    told = "".join(f", {count:,} {what}" for what, count in seen.items() if count)
    return [f"{people}{trials.n:,} trials{told}."]
