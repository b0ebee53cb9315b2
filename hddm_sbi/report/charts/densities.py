"""Densities of the prior and the posterior of one parameter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hddm_sbi.plots.estimates import FEWEST_DRAWS, FloatArray, density_curve
from hddm_sbi.plots.panels import PRIOR
from hddm_sbi.report.charts.chart import Chart, Spec, colours_of

_WIDTH, _HEIGHT = 280, 150
# A curve of so many points looks smooth at this size.
_POINTS = 60
# The prior is shown over so many ranges of the posterior on either side.
_BESIDE = 2.0
_DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 1], [1, 3]]


def prior_and_posterior(name: str, parameter: str, cells: list[tuple[str, FloatArray, FloatArray]], alt: str) -> Chart:
    """A curve for the posterior in each condition, and a grey one for the prior.

    Args:
        name: of the chart.
        parameter: on the horizontal axis.
        cells: label, draws of the prior and draws of the posterior of each condition.
        alt: what it shows.
    """
    tables = []
    labels = []
    low, high = _window([posterior for _, _, posterior in cells])
    for k, (label, prior, posterior) in enumerate(cells):
        shown = label or "posterior"
        labels.append(shown)
        if k == 0:
            tables.append(_prior(prior, low, high))
        tables.append(_curve(shown, posterior))
    table = pd.concat(tables, ignore_index=True)
    scale = colours_of(labels)
    scale = {"domain": ["prior", *scale["domain"]], "range": [PRIOR, *scale["range"]]}
    dashes = {"domain": scale["domain"], "range": [[3, 2], *[_DASHES[k % len(_DASHES)] for k in range(len(labels))]]}
    axis: Spec = {"title": None, "tickCount": 5}
    x: Spec = {"field": "x", "type": "quantitative", "scale": {"zero": False, "nice": False}, "axis": axis}
    title: Spec = {"title": None, "columns": 2, "labelLimit": 130}
    spec: Spec = {
        "height": _HEIGHT,
        "title": parameter,
        "mark": {"type": "line", "strokeWidth": 1.8},
        "encoding": {
            "x": x,
            "y": {"field": "y", "type": "quantitative", "axis": None},
            "color": {"field": "of", "type": "nominal", "scale": scale, "legend": title},
            "strokeDash": {"field": "of", "type": "nominal", "scale": dashes, "legend": title},
            "order": {"field": "x", "type": "quantitative"},
        },
    }
    return Chart(name, alt, "", spec, table, width=_WIDTH)


def _window(posteriors: list[FloatArray]) -> tuple[float, float]:
    """Where the prior is shown: a wide one would squeeze all else."""
    low, high = min(map(np.min, posteriors)), max(map(np.max, posteriors))
    return float(low - _BESIDE * (high - low)), float(high + _BESIDE * (high - low))


def _prior(draws: FloatArray, low: float, high: float) -> pd.DataFrame:
    """The prior's density within a window."""
    inside = draws[(draws >= low) & (draws <= high)]
    share = len(inside) / len(draws)
    if len(inside) < FEWEST_DRAWS:  # too wide to have a shape here
        return pd.DataFrame({"of": "prior", "x": [low, high], "y": share / (high - low) if high > low else 0.0})
    curve = _curve("prior", inside)
    return curve.assign(y=share * curve["y"])


def _curve(of: str, draws: FloatArray) -> pd.DataFrame:
    at, density = density_curve(draws)
    if len(at) == 1:  # a constant
        return pd.DataFrame({"of": of, "x": [at[0], at[0]], "y": [0.0, 1.0]})
    x = np.linspace(at[0], at[-1], _POINTS)
    return pd.DataFrame({"of": of, "x": x, "y": np.interp(x, at, density)})
