"""Accuracy of fast and slow responses, observed and predicted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.plots.cells import By, cells_of
from hddm_sbi.plots.histogram import option_name
from hddm_sbi.plots.multiples import draw_over_time, multiples, need_times, option_of
from hddm_sbi.plots.observed import Predicted
from hddm_sbi.plots.panels import Canvas
from hddm_sbi.plots.reading import Source, read_source
from hddm_sbi.plots.tables import accuracy_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def conditional_accuracy(
    data: Source,
    ax: Canvas = None,
    *,
    by: By = None,
    option: object = None,
    bins: int = 5,
    average: bool = False,
    df: pd.DataFrame | None = None,
    options: Sequence[object] | None = None,
    correct: str | npt.ArrayLike | None = None,
    max_panels: int = 16,
    page: int | None = None,
) -> Axes | npt.NDArray[np.object_]:
    """How often the correct, or the upper, choice is made among fast, ..., slow responses.

    Points are the observed trials at the mean response time of their bin; the line is the median of the predicted data
    sets, the band holds 95% of them. Fast errors let the curve rise, as does a bias of the start away from the choice;
    slow errors let it fall.

    Args:
        data: a result with predicted trials, ``model.trials``, or ``Predicted``, as for ``predictive``.
        ax: axes to draw on, with ``by`` a figure or axes for each panel; default a new figure.
        by: draws a panel for each participant, level or label, as in ``predictive``.
        option: label of the choice whose share is drawn; default the last, the upper or correct one.
        bins: how many, with equally many responses each.
        average: whether to average over participants, each with bins of their own, instead of all trials together.
        df: the table of the trials, for columns that the model did not use.
        options: labels of the choices, in order; default those of the data.
        correct: the correct choice of each trial, a column or labels; the share is then that of correct responses.
        max_panels: the number of panels drawn at most.
        page: which of them, 1, 2, ...; by default some that are evenly spaced among all.

    Returns:
        The axes; with ``by`` an array of them, shape (panels,).

    Raises:
        DataError: no predicted data, no response times, or no such column, option or page.

    Example:
        >>> model = HierarchicalDDM(load_data("cavanagh_theta"), groupby="participant_id", likelihood="exact")
        >>> ax = plots.conditional_accuracy(model.trials)
        >>> ax.get_ylabel()
        'share of 1 among the responses'
    """
    trials = read_source(data, df, options, correct)
    need_times(trials, "conditional_accuracy")
    chosen = option_of(trials, option)

    def draw(part: Predicted, panel: Axes) -> None:
        table = accuracy_table(part, cells_of(part, None), chosen, bins, average)
        draw_over_time(table, panel, part.sets > 0)
        panel.set_ylim(0.0, 1.02)

    name = f"share of {option_name(trials, chosen)} among the responses"
    return multiples(trials, draw, ax, by, max_panels, page, ("response time (s)", name))
