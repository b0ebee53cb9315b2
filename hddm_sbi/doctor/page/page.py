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
    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Check of the data</title>\n<style>\n{style}</style>\n</head>\n<body>",
        "<header>\n<h1>Check of the data</h1>",
        *_sentences(overview),
        "</header>\n<main>",
        '<section aria-labelledby="findings"><h2 id="findings">Findings</h2>',
        *(_findings(findings) if len(findings) else ["<p>Nothing odd was found.</p>"]),
        "</section>",
        '<section aria-labelledby="participants"><h2 id="participants">Participants</h2>',
        '<p class="hint">Response times in seconds: the fastest, and the quantiles .1, .3, .5, .7 and .9. A click on a '
        "heading sorts.</p>",
        '<div class="wide">',
        _table(participants),
        "</div></section>",
        '<section aria-labelledby="times"><h2 id="times">Response times by participant</h2>',
        *drawings(times),
        "</section>",
        f"</main>\n<script>\n{script}</script>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


def fragment(overview: Sequence[str], findings: pd.DataFrame, participants: pd.DataFrame) -> str:
    """Findings and the first rows of the summary, for a notebook."""
    rest = len(participants) - _IN_A_NOTEBOOK
    more = [f"<p>... and {counted(rest, 'row')} more in <code>participants</code>.</p>"] if rest > 0 else []
    return "\n".join(
        [
            "<div>",
            *_sentences(overview),
            *_findings(findings),
            _table(participants.head(_IN_A_NOTEBOOK)),
            *more,
            "</div>",
        ]
    )


def _sentences(overview: Sequence[str]) -> list[str]:
    return [f"<p>{escape(sentence)}</p>" for sentence in overview]


def _findings(findings: pd.DataFrame) -> Iterator[str]:
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


def _table(participants: pd.DataFrame) -> str:
    """A table whose headings are buttons where the page has its script; cells carry what they sort by."""
    numeric = [pd.api.types.is_numeric_dtype(participants[name]) for name in participants.columns]
    heads = "".join(
        f'<th scope="col"{" class=number" if is_number else ""}><button type="button">{escape(str(name))}</button></th>'
        for name, is_number in zip(participants.columns, numeric, strict=True)
    )
    lines = [f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>"]
    for row in participants.astype(object).itertuples(index=False, name=None):
        cells = (
            f'<td class=number data-value="{value!s}">{escape(number(value))}</td>'
            if is_number
            else f"<td>{escape(str(value))}</td>"
            for value, is_number in zip(row, numeric, strict=True)
        )
        lines.append(f"<tr>{''.join(cells)}</tr>")
    lines.append("</tbody>\n</table>")
    return "\n".join(lines)
