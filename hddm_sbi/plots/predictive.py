"""Does the model fit? Response times by choice, observed and predicted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.likelihoods.observation.seen import UNSEEN
from hddm_sbi.plots.cells import By, cells_of
from hddm_sbi.plots.histogram import draw_histogram, draw_shares, label_histogram, option_name, until_when
from hddm_sbi.plots.observed import IntArray, Predicted
from hddm_sbi.plots.panels import MEDIUM, SMALL, Canvas, as_array, axes, on_page, panels, shared_legend
from hddm_sbi.plots.reading import Source, read_source

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 4


def predictive(
    data: Source,
    ax: Canvas = None,
    *,
    by: By = None,
    df: pd.DataFrame | None = None,
    options: Sequence[object] | None = None,
    correct: str | npt.ArrayLike | None = None,
    subject: npt.ArrayLike | None = None,
    subjects: Sequence[object] = (),
    max_panels: int = 16,
    page: int | None = None,
) -> Axes | npt.NDArray[np.object_]:
    """Posterior predictive plot of response time by choice.

    The upper choice is drawn to the right, the lower choice to the left; more than two choices stand side by side. Bars
    are the observed responses, normalised over all choices; the line is the median of the predicted data sets in each
    bin, the band holds 95% of them. A model that fits has most bars end inside the band. The share of trials without a
    response stands in the middle; without any response times the shares of the choices are all that is drawn.

    Args:
        data: a result with the groups ``observed_data`` and ``posterior_predictive``, or only ``prior_predictive``, as
            of ``model.prior_predictive()``; ``model.trials``, which are drawn without predictions; or the arrays as
            ``Predicted``.
        ax: axes to draw on, with ``by`` a figure or axes for each panel; default a new figure.
        by: draws a panel for each participant (``"subject"``, or the name of their column), for each level of another
            column, or of several columns together, or for each of the labels in an array or Series by trial.
        df: the table of the trials, for columns that the model did not use.
        options: labels of the choices, in order, lower first; default those of the data.
        correct: the correct choice of each trial, a column or labels: errors are then drawn to the left, correct
            responses to the right. A column of stimuli is understood where the model has it as its ``stimulus``.
        subject: participant of each trial, where the results do not know.
        subjects: labels of the participants, where ``subject`` holds their places 0, 1, ...
        max_panels: the number of panels drawn at most.
        page: which of them, 1, 2, ...; by default some that are evenly spaced among all.

    Returns:
        The axes; with ``by`` an array of them, shape (panels,).

    Raises:
        DataError: no predicted data, shapes that do not fit, or no such column or page.

    Example:
        >>> from hddm_sbi.plots.observed import Predicted
        >>> theta = [0.5, 1.5, 0.5, 0.3]
        >>> rt, choice = simulate("ddm", theta, n=500, seed=1)
        >>> predicted = simulate("ddm", [theta] * 20, n=500, seed=2)
        >>> ax = plot_predictive(Predicted(rt, choice, *predicted, options=("left", "right")))
        >>> ax.get_ylabel()
        'density'
    """
    trials = read_source(data, df, options, correct, subject, subjects)
    if by is None:
        one = axes(ax, (7.0, 3.8))
        if not trials.timed:
            return draw_shares(trials, one)
        draw_histogram(trials, one)
        label_histogram(trials, one)
        return one
    return _by_cell(trials, by, ax, max_panels, page)


plot_predictive = predictive


def _by_cell(data: Predicted, by: By, ax: Canvas, max_panels: int, page: int | None) -> npt.NDArray[np.object_]:
    """A panel for each cell, on common axes."""
    cells = cells_of(data, by)
    shown, which = on_page(len(cells.labels), max_panels, page, cells.of)
    wide = len(data.options) / 2.0
    columns = max(1, round(_COLUMNS / wide))
    found = panels(ax, len(shown), size=(2.2 * wide, 1.7), columns=columns, sharex=True)
    until = until_when(data) if data.timed else 1.0
    told = (1,) if len(data.options) == 2 else tuple(range(len(data.options)))
    told = (*told, UNSEEN) if data.omits else told
    for panel, cell in zip(found, shown, strict=True):
        own = data.at(cells.rows(int(cell)))
        if own.timed:
            draw_histogram(own, panel, until)
        elif data.timed:
            _nothing_timed(panel, until, len(data.options))
        else:
            draw_shares(own, panel, legend=False)
        expected = f" ({_percent(own.predicted_choice, told)})" if own.sets else ""
        panel.set_title(f"{cells.labels[cell]}: {_percent(own.choice, told)}{expected}", fontsize=SMALL)
    _around(data, found, told, which)
    return as_array(found)


def _nothing_timed(panel: Axes, until: float, options: int) -> None:
    """A cell in which nobody responded."""
    panel.set_xlim((-until, until) if options == 2 else (0.0, options * until))
    panel.set_yticks([])
    panel.text(0.5, 0.5, "no response times", transform=panel.transAxes, ha="center", fontsize=SMALL)


def _around(data: Predicted, found: Sequence[Axes], told: Sequence[int], which: str) -> None:
    """What all panels have in common: the axis, the legend, and what their titles say."""
    figure = found[0].figure
    names = [option_name(data, option) for option in range(len(data.options))]
    if data.timed:
        if len(names) == 2:
            where = f"{names[0]} to the left, {names[1]} to the right" if data.shows(0) else f"of {names[1]}"
        else:
            where = f"of {', '.join(names)}"
        figure.supxlabel(f"response time (s), {where}", fontsize=MEDIUM)
    against = ", observed (predicted)" if data.sets else ""
    title = f"share of {', '.join(option_name(data, option) for option in told)}{against}"
    title = f"{title}, {which}" if which else title
    shared_legend(found, title)


def _percent(choice: IntArray, options: Sequence[int]) -> str:
    """Shares of some options: ``48/32/20%``."""
    return "/".join(f"{100.0 * (choice == option).mean():.0f}" for option in options) + "%"
