"""Findings, tables and histograms as HTML: whatever comes from the data is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from hddm_sbi.doctor.histograms import Histograms
from hddm_sbi.doctor.page.drawing import drawings
from hddm_sbi.doctor.text import counted, number
from hddm_sbi.page import document, table

_HERE = Path(__file__).parent
# Rows of the table that a finding names, and those of the summary that a notebook shows.
_MOST_ROWS = 40
_IN_A_NOTEBOOK = 20


def page(overview: Sequence[str], findings: pd.DataFrame, participants: pd.DataFrame, times: Histograms) -> str:
    """The page.

    Args:
        overview: sentences.
        findings: as ``Checkup`` has them.
        participants: as ``Checkup`` has them.
        times: by participant.
    """
    parts = [
        "<header>\n<h1>Check of the data</h1>",
        *sentences(overview),
        "</header>\n<main>",
        '<section aria-labelledby="findings"><h2 id="findings">Findings</h2>',
        *findings_as_html(findings),
        "</section>",
        '<section aria-labelledby="participants"><h2 id="participants">Participants</h2>',
        '<p class="hint">Response times in seconds: the fastest, and the quantiles .1, .3, .5, .7 and .9. A click on a '
        "heading sorts.</p>",
        '<div class="wide" tabindex="0" role="region" aria-labelledby="participants">',
        table(participants, number),
        "</div></section>",
        '<section aria-labelledby="times"><h2 id="times">Response times by participant</h2>',
        *drawings(times),
        "</section>",
        "</main>",
    ]
    style = (_HERE / "histograms.css").read_text(encoding="utf-8")
    return document("Check of the data", parts, styles=[style])


def fragment(overview: Sequence[str], findings: pd.DataFrame, participants: pd.DataFrame) -> str:
    """Findings and the first rows of the summary, for a notebook."""
    rest = len(participants) - _IN_A_NOTEBOOK
    more = [f"<p>... and {counted(rest, 'row')} more in <code>participants</code>.</p>"] if rest > 0 else []
    return "\n".join(
        [
            "<div>",
            *sentences(overview),
            *(findings_as_html(findings) if len(findings) else ()),
            table(participants.head(_IN_A_NOTEBOOK), number),
            *more,
            "</div>",
        ]
    )


def sentences(found: Sequence[str]) -> list[str]:
    """A paragraph for each of them."""
    return [f"<p>{escape(sentence)}</p>" for sentence in found]


def findings_as_html(findings: pd.DataFrame) -> Iterator[str]:
    """The findings, as ``Checkup`` has them; a sentence where there are none."""
    if not len(findings):
        yield "<p>Nothing odd was found.</p>"
    for row in findings.itertuples(index=False):
        severity = escape(str(row.severity))
        yield f'<article class="finding {severity}">'
        yield f'<h3><span class="badge">{severity}</span> {escape(str(row.finding))}</h3>'
        yield f"<p>{escape(str(row.sentence))}</p>"
        why, advice = escape(str(row.why)), escape(str(row.advice))
        yield f"<dl><dt>Why</dt><dd>{why}</dd><dt>What to do</dt><dd>{advice}</dd></dl>"
        rows = np.asarray(row.rows)
        if len(rows):
            shown = ", ".join(map(str, rows[:_MOST_ROWS].tolist())) + (" ..." if len(rows) > _MOST_ROWS else "")
            yield (
                f'<details><summary>{counted(len(rows), "row")}</summary><p class="rows">Counted from 0, as in '
                f"df.iloc: {shown}</p></details>"
            )
        yield "</article>"
