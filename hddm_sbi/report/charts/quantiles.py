"""Observed quantiles of response times beside predicted ones, a row for each condition and response."""

from __future__ import annotations

import pandas as pd

from hddm_sbi.plots.panels import MODEL
from hddm_sbi.report.charts.chart import INK, Chart, Spec

_ROW_HEIGHT = 26


def quantiles(name: str, table: pd.DataFrame, alt: str, caption: str, choices: dict[str, str]) -> Chart:
    """Crosses for the data, bars and ticks for the model.

    Args:
        name: of the chart.
        table: columns ``label`` (of the row), ``probability``, ``observed``, ``low``, ``median``, ``high`` in seconds,
            and those of ``choices``.
        alt: what it shows.
        caption: how to read it.
        choices: as ``Chart`` has them.
    """
    fields = ("observed", "median", "low", "high")
    told: Spec = {
        "tooltip": [
            {"field": "label", "type": "nominal"},
            {"field": "probability", "type": "quantitative"},
            *({"field": field, "type": "quantitative", "format": ".3f"} for field in fields),
        ]
    }
    y: Spec = {"field": "label", "type": "nominal", "sort": None, "axis": {"title": None, "grid": True}}

    def at(field: str) -> Spec:
        axis = {"title": "response time (s)", "tickCount": 8}
        return {"field": field, "type": "quantitative", "scale": {"zero": False}, "axis": axis}

    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "color": MODEL, "strokeWidth": 9, "opacity": 0.35},
            "encoding": {"x": at("low"), "x2": {"field": "high"}, "y": y, **told},
        },
        {
            "mark": {"type": "tick", "color": MODEL, "thickness": 2, "size": 14},
            "encoding": {"x": at("median"), "y": y, **told},
        },
        {
            "mark": {"type": "point", "shape": "cross", "color": INK, "filled": True, "size": 55, "angle": 45},
            "encoding": {"x": at("observed"), "y": y, **told},
        },
    ]
    height = _ROW_HEIGHT * table["label"].nunique() + 10
    return Chart(name, alt, caption, {"height": height, "layer": layers}, table, choices)
