"""Response times in bins: bars of the data, a line and a band of the model."""

from __future__ import annotations

import pandas as pd

from hddm_sbi.plots.panels import DATA, MODEL
from hddm_sbi.report.charts.chart import Chart, Spec


def times(
    name: str, table: pd.DataFrame, responses: list[str], alt: str, caption: str, choices: dict[str, str]
) -> Chart:
    """Of two responses the second is drawn to the right and the first to the left; of more the reader chooses one.

    Args:
        name: of the chart.
        table: of ``binned_times``.
        responses: those that are made, in the order of the options.
        alt: what it shows.
        caption: how to read it.
        choices: as ``Chart`` has them.
    """
    mirrored = len(responses) == 2
    left = (table["response"] == responses[0]).to_numpy() & mirrored
    sign = 1.0 - 2.0 * left
    rows = table.assign(x=sign * table["start"], x2=sign * table["end"])
    rows["middle"] = 0.5 * (rows["x"] + rows["x2"])
    title = "response time (s)"
    title += f", {responses[0]} to the left, {responses[1]} to the right" if mirrored else ""
    axis: Spec = {"title": title, "grid": False, "format": ".2~f"}
    if mirrored:
        axis["labelExpr"] = "format(abs(datum.value), '.2~f')"
    x = {"field": "x", "type": "quantitative", "axis": axis, "scale": {"nice": False}}
    middle = {**x, "field": "middle"}
    y: Spec = {"type": "quantitative", "axis": {"title": "% of trials", "tickCount": 5}}
    detail = {"detail": {"field": "response", "type": "nominal"}}
    told = {"tooltip": [{"field": field, "type": "nominal" if field == "response" else "quantitative"} for field in (
        "response", "start", "end", "observed", "median", "low", "high")]}  # fmt: skip
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "color": DATA},
            "encoding": {"x": x, "x2": {"field": "x2"}, "y": {"field": "observed", **y}, "y2": {"datum": 0}, **told},
        },
        {
            "mark": {"type": "area", "color": MODEL, "opacity": 0.3, "interpolate": "step"},
            "encoding": {"x": middle, "y": {"field": "low", **y}, "y2": {"field": "high"}, **detail},
        },
        {
            "mark": {"type": "line", "color": MODEL, "interpolate": "step", "strokeWidth": 1.6},
            "encoding": {"x": middle, "y": {"field": "median", **y}, **detail, **told},
        },
    ]
    further = {"response": "Response"} if len(responses) > 2 else {}
    return Chart(name, alt, caption, {"height": 240, "layer": layers}, rows, {**choices, **further})
