"""A section of a report, and the few kinds of HTML that sections are made of: whatever comes from data is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from hddm_sbi.page import table
from hddm_sbi.report.charts.chart import Chart

# A table of more rows gets a box that filters it.
_FEW_ROWS = 12
# One of more columns is printed small.
_MANY_COLUMNS = 9


@dataclass(frozen=True, eq=False)
class Section:
    """A part of a report under a heading of its own.

    Args:
        key: identifies it in the page.
        title: the heading.
        parts: HTML and charts, one below the other.
    """

    key: str
    title: str
    parts: Sequence[str | Chart]


def paragraphs(sentences: Iterable[str]) -> list[str]:
    """A paragraph for each text."""
    return [f"<p>{escape(text)}</p>" for text in sentences]


def hint(text: str) -> str:
    """How to read what follows."""
    return f'<p class="hint">{escape(text)}</p>'


def bullets(items: Iterable[str]) -> str:
    """A list."""
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def heading(text: str) -> str:
    """A heading within a section."""
    return f"<h3>{escape(text)}</h3>"


def verbatim(text: str) -> str:
    """Text with its lines as they are."""
    return f"<pre>{escape(text)}</pre>"


def copied(text: str, what: str, prose: bool = True) -> str:
    """Text with a button that copies it."""
    return f'<pre{" class=text" if prose else ""} data-copied="{escape(what)}">{escape(text)}</pre>'


def folded(
    title: str, parts: Iterable[str | Chart], count: int | None = None, printed: bool = True
) -> list[str | Chart]:
    """Parts that a reader opens, and that are printed, too, unless they are for programs."""
    told = "" if count is None else f" ({count:,})"
    return [
        f"<details{'' if printed else ' class=screen'}><summary>{escape(title)}{told}</summary>",
        *parts,
        "</details>",
    ]


def grid(charts: Iterable[Chart]) -> list[str | Chart]:
    """Charts beside one another, as many as there is room for."""
    return ['<div class="grid">', *charts, "</div>"]


def wide(
    frame: pd.DataFrame,
    what: str,
    *,
    caption: str = "",
    labels: Mapping[str, str] | None = None,
    texts: Mapping[str, Sequence[str]] | None = None,
    prose: bool = False,
) -> str:
    """A table that scrolls by itself where it is wider or longer than the page.

    Args:
        frame: its columns.
        what: what its rows are, in a word or two, plural.
        caption: below it.
        labels: headings of columns, in place of their names.
        texts: what cells of numeric columns show.
        prose: whether its cells are sentences, which are broken into lines.
    """
    filtered = what if len(frame) > _FEW_ROWS else ""
    inner = table(frame, number, caption=caption, labels=labels, texts=texts, filtered=filtered)
    kind = "wide prose" if prose else "wide dense" if len(frame.columns) > _MANY_COLUMNS else "wide"
    label = f"Table of {escape(what)}"
    return f'<div class="{kind}" tabindex="0" role="region" aria-label="{label}">\n{inner}</div>'


def number(value: object) -> str:
    """Three decimals, as the field reports measurements; large numbers with fewer, counts as they are."""
    if value is None or value is pd.NA or value != value:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 1000.0 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def between(low: float, high: float) -> str:
    """An interval: ``[0.12, 0.45]``."""
    return f"[{number(float(low))}, {number(float(high))}]"


def percent(value: float) -> str:
    """A proportion in percent: ``3.2%``."""
    return "-" if value != value else f"{100.0 * value:.1f}%"
