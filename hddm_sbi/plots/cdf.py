"""Cumulated response times of each choice, observed and predicted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.plots.cells import By, cells_of
from hddm_sbi.plots.histogram import option_name, until_when
from hddm_sbi.plots.multiples import multiples, need_times
from hddm_sbi.plots.observed import Predicted
from hddm_sbi.plots.panels import COLOURS, LINES, Canvas
from hddm_sbi.plots.reading import Source, read_source
from hddm_sbi.plots.tables import cdf_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 100


def cdf(
    data: Source,
    ax: Canvas = None,
    *,
    by: By = None,
    df: pd.DataFrame | None = None,
    options: Sequence[object] | None = None,
    correct: str | npt.ArrayLike | None = None,
    max_panels: int = 16,
    page: int | None = None,
) -> Axes | npt.NDArray[np.object_]:
    """Share of trials on which each choice had been made by a time (defective distribution functions).

    Black lines are the observed trials; the coloured line is the median of the predicted data sets, the band holds 95%
    of them. All choices together end at 1, less the trials without a response.

    Args:
        data: a result with predicted trials, ``model.trials``, or ``Predicted``, as for ``predictive``.
        ax: axes to draw on, with ``by`` a figure or axes for each panel; default a new figure.
        by: draws a panel for each participant, level or label, as in ``predictive``.
        df: the table of the trials, for columns that the model did not use.
        options: labels of the choices, in order; default those of the data.
        correct: the correct choice of each trial, a column or labels; curves are then of errors and correct responses.
        max_panels: the number of panels drawn at most.
        page: which of them, 1, 2, ...; by default some that are evenly spaced among all.

    Returns:
        The axes; with ``by`` an array of them, shape (panels,).

    Raises:
        DataError: no predicted data, no response times, or no such column or page.

    Example:
        >>> model = HierarchicalDDM(load_data("cavanagh_theta"), groupby="participant_id", likelihood="exact")
        >>> ax = plots.cdf(model.trials)
        >>> len(ax.lines)
        2
    """
    trials = read_source(data, df, options, correct)
    need_times(trials, "cdf")
    times = np.linspace(0.0, until_when(trials), _POINTS)

    def draw(part: Predicted, panel: Axes) -> None:
        table = cdf_table(part, cells_of(part, None), times)
        for option, rows in table.groupby("option"):
            if not trials.shows(option):  # the withheld response of go/no-go
                continue
            name, colour, line = option_name(part, option), COLOURS[option], LINES[option]
            if part.sets:
                panel.fill_between(times, rows["low"], rows["high"], color=colour, alpha=0.25, linewidth=0.0)
                panel.plot(times, rows["median"], color=colour, linestyle=line, label=f"{name}, predicted (95%)")
            panel.plot(times, rows["observed"], color="black", linestyle=line, linewidth=1.0, label=f"{name}, observed")
        panel.set_ylim(0.0, 1.0)
        panel.set_xlim(0.0, times[-1])

    return multiples(trials, draw, ax, by, max_panels, page, ("response time (s)", "share of the trials"), "upper left")
