"""The same drawing for each cell of the trials, in small multiples on common axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.likelihoods.observation.seen import UNSEEN
from hddm_sbi.plots.cells import By, cells_of
from hddm_sbi.plots.histogram import shares_of
from hddm_sbi.plots.observed import Predicted
from hddm_sbi.plots.panels import MEDIUM, MODEL, SMALL, Canvas, as_array, axes, on_page, panels, shared_legend, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# draws some trials on axes
Draw = Callable[[Predicted, "Axes"], None]

_COLUMNS = 4


def multiples(
    data: Predicted,
    draw: Draw,
    ax: Canvas,
    by: By,
    max_panels: int,
    page: int | None,
    labels: tuple[str, str],
    legend: Literal["best", "upper left"] = "best",
) -> Axes | npt.NDArray[np.object_]:
    """Draw all trials, or a panel for each cell.

    Args:
        data: the trials.
        draw: draws trials on axes.
        ax: what to draw on.
        by: what the trials are divided by; None draws them together.
        max_panels, page: as of ``predictive``.
        labels: of the two axes.
        legend: where it stands on a single pair of axes.

    Returns:
        The axes; with ``by`` an array of them, shape (panels,).
    """
    if by is None:
        one = axes(ax)
        draw(data, one)
        tidy(one)
        one.set(xlabel=labels[0], ylabel=labels[1])
        one.set_title(omission_words(data), loc="right", fontsize=SMALL)
        one.legend(frameon=False, fontsize=SMALL, loc=legend)
        return one
    cells = cells_of(data, by)
    shown, which = on_page(len(cells.labels), max_panels, page, cells.of)
    found = panels(ax, len(shown), size=(2.3, 1.9), columns=_COLUMNS, sharex=True, sharey=True)
    for panel, cell in zip(found, shown, strict=True):
        own = data.at(cells.rows(int(cell)))
        draw(own, panel)
        tidy(panel)
        missing = omission_words(own)
        panel.set_title(cells.labels[cell] + (f"\n{missing}" if missing else ""), fontsize=SMALL)
    figure = found[0].figure
    figure.supxlabel(labels[0], fontsize=MEDIUM)
    figure.supylabel(labels[1], fontsize=MEDIUM)
    shared_legend(found, which)
    return as_array(found)


def draw_over_time(table: pd.DataFrame, ax: Axes, predicted: bool) -> None:
    """Draw what depends on how slow responses are: points for the observed, line and band for the predicted.

    Args:
        table: columns ``rt`` and ``observed``; of the predicted data sets ``rt_median``, ``low``, ``median``, ``high``.
        ax: the axes.
        predicted: whether there are predicted data sets.
    """
    if predicted:
        ax.fill_between(table["rt_median"], table["low"], table["high"], color=MODEL, alpha=0.25, linewidth=0.0)
        ax.plot(table["rt_median"], table["median"], color=MODEL, label="predicted (95%)")
    ax.plot(table["rt"], table["observed"], "o", color="black", markersize=4.0, label="observed")


def omission_words(data: Predicted) -> str:
    """The share of trials without a response, observed and predicted; empty where there are none."""
    if not data.omits:
        return ""
    observed, (low, _, high) = shares_of(data, UNSEEN)
    return f"no response: {observed:.1f}%" + (f" ({low:.1f} to {high:.1f}%)" if data.sets else "")


def need_times(data: Predicted, plot: str) -> None:
    """Refuse a plot of response times where none were seen.

    Raises:
        DataError: none were.
    """
    if not data.timed:
        raise DataError(f"{plot} shows response times, and none were seen; hs.plots.predictive draws the choices.")


def option_of(data: Predicted, option: object, argument: str = "option") -> int:
    """The index of the option that a user names by its label; None stands for the last, the upper one.

    Raises:
        DataError: there is no such option.
    """
    if option is None:
        return len(data.options) - 1
    for k, label in enumerate(data.options):
        if str(label) == str(option):
            return k
    raise DataError(f"{argument} is {option!r}; choose one of {', '.join(map(repr, data.options))}.")
