"""Densities of draws on axes, with their median and interval, and what several plots of them share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hddm_sbi.plots.estimates import FloatArray, checked_interval, density_curve
from hddm_sbi.plots.panels import LineStyle, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_density(
    draws: FloatArray, ax: Axes, colour: str, label: str, *, line: LineStyle = "-", filled: bool = True
) -> float:
    """Draw the density of draws; a line where all are equal.

    Returns:
        Its greatest height; 0 for a line.
    """
    x, y = density_curve(draws)
    if len(x) == 1:
        ax.axvline(float(x[0]), color=colour, linestyle=line, label=label)
        return 0.0
    if filled:
        ax.fill_between(x, y, color=colour, alpha=0.25, linewidth=0.0)
    ax.plot(x, y, color=colour, linestyle=line, linewidth=1.3, label=label)
    return float(y.max())


def draw_intervals(draws: Sequence[FloatArray], ax: Axes, colours: Sequence[str], top: float, interval: float) -> None:
    """Draw median and equal-tailed interval of each below the densities, one under the other."""
    tail = 0.5 * (1.0 - checked_interval(interval))
    step = 0.06 * (top or 1.0)
    for k, (own, colour) in enumerate(zip(draws, colours, strict=True)):
        low, median, high = np.quantile(own, (tail, 0.5, 1.0 - tail))
        ax.plot([low, high], [-(k + 1) * step] * 2, color=colour, linewidth=2.0, solid_capstyle="butt")
        ax.plot(median, -(k + 1) * step, "o", color=colour, markersize=4.0)
    ax.set_ylim(-(len(draws) + 1) * step, None)


def finish(ax: Axes, name: str) -> None:
    """Write the parameter's name under the axis, and take away that of the density."""
    from matplotlib.ticker import MaxNLocator

    tidy(ax, left=False)
    ax.xaxis.set_major_locator(MaxNLocator(3))
    ax.set_xlabel(name)
