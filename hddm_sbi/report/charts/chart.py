"""A chart as data: what is drawn, the rows behind it, and the words for those who do not see it.

The specification is Vega-Lite (Satyanarayan, Moritz, Wongsuphasawat & Heer 2017, IEEE Transactions on Visualization
and Computer Graphics 23, 341-350). Whoever reads the page without scripts, or on paper, sees the picture of the first
choices; the page's script draws the same specification with tooltips, and with the rows that a reader chooses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd

from hddm_sbi.plots.panels import COLOURS

Spec = dict[str, Any]

# Width of the picture without scripts, pixels.
WIDTH = 560
# The rows of a chart have this name in its specification.
ROWS = "rows"

INK, FAINT, GRID = "#1d2329", "#4d5863", "#e3e7ea"

_AXIS = {"labelColor": INK, "titleColor": INK, "gridColor": GRID, "domainColor": FAINT, "tickColor": FAINT}
_CONFIG: Spec = {
    # as wide everywhere as it was when the picture was drawn
    "font": 'Arial, "Liberation Sans", Helvetica, sans-serif',
    "background": "white",
    "view": {"stroke": None},
    "axis": {**_AXIS, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 220},
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "orient": "top", "titleFontWeight": "normal"},
    "title": {"fontSize": 13, "anchor": "start", "color": INK},
    "range": {"category": list(COLOURS)},
}


@dataclass(frozen=True, eq=False)
class Chart:
    """A picture of a table.

    Args:
        name: identifies it in the page.
        alt: what it shows, in words, for those who do not see it.
        caption: how to read it.
        spec: in Vega-Lite, without data, width and style.
        rows: what it is drawn from; columns that the specification names.
        choices: columns by whose values a reader chooses rows, and what they are called.
        width: of the picture without scripts, pixels.
    """

    name: str
    alt: str
    caption: str
    spec: Spec
    rows: pd.DataFrame
    choices: Mapping[str, str] = field(default_factory=dict)
    width: int = WIDTH

    def whole_spec(self) -> Spec:
        """The specification with everything but the rows."""
        return {
            "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
            "description": self.alt,
            "config": _CONFIG,
            "autosize": {"type": "fit-x", "contains": "padding"},
            "data": {"name": ROWS},
            **self.spec,
        }

    def first_rows(self) -> pd.DataFrame:
        """The rows of the first choices."""
        rows = self.rows
        for column in self.choices:
            if len(rows):
                rows = rows[rows[column] == rows[column].iloc[0]]
        return rows

    def as_html(self, picture: str) -> str:
        """The figure with its picture, an SVG."""
        caption = f"<figcaption>{escape(self.caption)}</figcaption>" if self.caption else ""
        return (
            f'<figure class="chart" id="{escape(self.name)}" aria-label="{escape(self.alt)}">'
            f'<div class="drawing">{_named(picture, self.alt)}</div>{caption}</figure>'
        )


def _named(picture: str, alt: str) -> str:
    """The picture as one that is read aloud by its description, and that fits where it stands."""
    head = f'<svg role="img" aria-label="{escape(alt)}" '
    return re.sub(r"^<svg ", lambda _: head, picture, count=1)


def colours_of(labels: list[str]) -> Spec:
    """A scale that gives each label its colour, the one that it has in all plots."""
    return {"domain": labels, "range": [COLOURS[k % len(COLOURS)] for k in range(len(labels))]}
