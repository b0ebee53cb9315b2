"""Estimates with their intervals: as rows with labels, or by rank where there are many."""

from __future__ import annotations

import pandas as pd

from hddm_sbi.plots.panels import ACCENT, MODEL
from hddm_sbi.report.charts.chart import FAINT, Chart, Spec

_ROW_HEIGHT = 20


def rows(name: str, table: pd.DataFrame, alt: str, caption: str, title: str, origin: float | None = None) -> Chart:
    """A row for each estimate.

    Args:
        name: of the chart.
        table: columns ``label``, ``mean``, ``low``, ``high``, ``told`` (all of it in words).
        alt: what it shows.
        caption: how to read it.
        title: of the horizontal axis.
        origin: where a line says that there is no effect, if anywhere.
    """
    y: Spec = {"field": "label", "type": "nominal", "sort": None, "axis": {"title": None, "grid": True}}
    layers: list[Spec] = []
    if origin is not None:
        layers.append(
            {"mark": {"type": "rule", "color": FAINT, "strokeDash": [4, 3]}, "encoding": {"x": {"datum": origin}}}
        )
    layers += [
        {
            "mark": {"type": "rule", "color": MODEL, "strokeWidth": 2},
            "encoding": {"x": _x("low", title), "x2": {"field": "high"}, "y": y, **_told()},
        },
        {
            "mark": {"type": "point", "filled": True, "color": MODEL, "size": 60},
            "encoding": {"x": _x("mean", title), "y": y, **_told()},
        },
    ]
    spec: Spec = {"height": _ROW_HEIGHT * len(table) + 10, "layer": layers}
    return Chart(name, alt, caption, spec, table)


def ranked(name: str, table: pd.DataFrame, alt: str, caption: str, choices: dict[str, str]) -> Chart:
    """Estimates of many participants from the lowest to the highest, and the typical participant as a line.

    Args:
        name: of the chart.
        table: columns ``participant``, ``rank``, ``mean``, ``low``, ``high``, ``typical``, and those of ``choices``.
        alt: what it shows.
        caption: how to read it.
        choices: as ``Chart`` has them.
    """
    x: Spec = {
        "field": "rank",
        "type": "quantitative",
        "axis": {"title": "participants by estimate", "grid": False, "tickMinStep": 1},
    }
    x["scale"] = {"nice": False, "padding": 8}
    y = {"scale": {"zero": False}, "axis": {"title": None, "tickCount": 6}}
    shown = {"participant": "nominal", "mean": "quantitative", "low": "quantitative", "high": "quantitative"}
    named: Spec = {"tooltip": [{"field": name, "type": kind, "format": ".3f"} for name, kind in shown.items()]}
    del named["tooltip"][0]["format"]
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "color": ACCENT, "strokeDash": [6, 3], "strokeWidth": 1.5},
            "encoding": {"y": {"aggregate": "min", "field": "typical", "type": "quantitative", **y}},
        },
        {
            "mark": {"type": "rule", "color": MODEL, "opacity": 0.55},
            "encoding": {"x": x, "y": {"field": "low", "type": "quantitative", **y}, "y2": {"field": "high"}, **named},
        },
        {
            "mark": {"type": "point", "filled": True, "color": MODEL, "size": 34},
            "encoding": {"x": x, "y": {"field": "mean", "type": "quantitative", **y}, **named},
        },
    ]
    return Chart(name, alt, caption, {"height": 240, "layer": layers}, table, choices)


def _x(field: str, title: str) -> Spec:
    return {
        "field": field, "type": "quantitative", "scale": {"zero": False}, "axis": {"title": title, "tickCount": 6},
    }  # fmt: skip


def _told() -> Spec:
    """The words of a mark: of its tooltip, and for those who do not see it."""
    return {"tooltip": {"field": "told", "type": "nominal"}, "description": {"field": "told", "type": "nominal"}}
