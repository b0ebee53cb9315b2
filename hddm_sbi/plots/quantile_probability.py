"""Speed and accuracy over conditions at a glance, observed and predicted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.plots.cells import By, Cells, cells_of
from hddm_sbi.plots.histogram import option_name
from hddm_sbi.plots.multiples import need_times, omission_words
from hddm_sbi.plots.observed import Predicted
from hddm_sbi.plots.panels import COLOURS, LINES, MARKERS, SMALL, Canvas, axes, on_page, tidy
from hddm_sbi.plots.reading import Source, read_source
from hddm_sbi.plots.tables import QUANTILES, quantile_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# More columns of points than this cannot be told apart.
_MOST_CELLS = 12


def quantile_probability(
    data: Source,
    ax: Canvas = None,
    *,
    by: By = None,
    quantiles: Sequence[float] = QUANTILES,
    average: bool = False,
    df: pd.DataFrame | None = None,
    options: Sequence[object] | None = None,
    correct: str | npt.ArrayLike | None = None,
    page: int | None = None,
) -> Axes:
    """Quantile-probability plot: quantiles of response times over how often a choice is made, in each condition.

    Every condition has a column of points for each choice (Ratcliff & McKoon 2008, Neural Computation 20, 873-922).
    Points are the observed trials; lines connect the medians of the predicted data sets, bars hold 95% of them.

    Args:
        data: a result with predicted trials, ``model.trials``, or ``Predicted``, as for ``predictive``.
        ax: axes to draw on; default a new figure.
        by: the conditions: a column, several, or labels by trial, as in ``predictive``.
        quantiles: their probabilities.
        average: whether to average over participants the quantiles of each, instead of all trials together.
        df: the table of the trials, for columns that the model did not use.
        options: labels of the choices, in order; default those of the data.
        correct: the correct choice of each trial, a column or labels; columns are then errors and correct responses.
        page: which twelve conditions, 1, 2, ..., where there are more; by default some, evenly spaced among all.

    Returns:
        The axes.

    Raises:
        DataError: no predicted data, no response times, or no such column or page.

    Example:
        >>> model = HierarchicalDDM(load_data("cavanagh_theta"), groupby="participant_id", likelihood="exact")
        >>> ax = plots.quantile_probability(model.trials, by="stim")
        >>> [text.get_text() for text in ax.texts]
        ['stim=LL', 'stim=WL', 'stim=WW', 'stim=LL', 'stim=WL', 'stim=WW']
    """
    trials = read_source(data, df, options, correct)
    need_times(trials, "quantile_probability")
    cells = cells_of(trials, by)
    shown, which = on_page(len(cells.labels), _MOST_CELLS, page, cells.of)
    cells = Cells(tuple(cells.labels[k] for k in shown), _renumbered(cells.code, shown), cells.of)
    table = quantile_table(trials, cells, quantiles, average)
    one = axes(ax, (7.0, 4.6))
    for option in filter(trials.shows, range(len(trials.options))):
        _draw_option(trials, table[table["option"] == option], option, one)
    one.set(xlabel="share of the trials", ylabel="response time (s)")
    tidy(one)
    one.margins(y=0.1)
    title = "\n".join(word for word in (which, omission_words(trials)) if word)
    one.legend(
        frameon=False, fontsize=SMALL, title_fontsize=SMALL, title=title or None, loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
    )  # fmt: skip
    return one


def _renumbered(code: npt.NDArray[np.int64], shown: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Codes as places among the cells that are shown, -1 for others."""
    place = np.full(int(code.max()) + 1, -1)
    place[shown] = np.arange(len(shown))
    return np.where(code < 0, -1, place[code])


def _draw_option(data: Predicted, table: pd.DataFrame, option: int, ax: Axes) -> None:
    """Draw the columns of one choice, those of all conditions."""
    name, colour = option_name(data, option), COLOURS[option]
    if data.sets:
        for k, (_, rows) in enumerate(table.groupby("probability")):
            ordered = rows.sort_values("share_median")
            spread = [ordered["median"] - ordered["low"], ordered["high"] - ordered["median"]]
            ax.errorbar(
                ordered["share_median"], ordered["median"], yerr=spread, color=colour, linestyle=LINES[option],
                linewidth=1.0, elinewidth=2.5, alpha=0.55, label="_" if k else f"{name}, predicted (95%)",
            )  # fmt: skip
    ax.plot(
        table["share"], table["observed"], MARKERS[option], color="black", markersize=4.5,
        markerfacecolor="white" if option == 0 else "black", label=f"{name}, observed",
    )  # fmt: skip
    for cell, rows in table.groupby("cell", sort=False):
        top = np.nanmax(rows[["observed", "high"]].to_numpy(), initial=-np.inf)
        if cell and np.isfinite(top):
            ax.annotate(
                str(cell), (rows["share"].iloc[0], top), xytext=(0, 5), textcoords="offset points", rotation=90,
                ha="center", va="bottom", fontsize="x-small",
            )  # fmt: skip
