"""The effect of a condition on fast and slow responses, observed and predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.plots.cells import By, Cells, cells_of
from hddm_sbi.plots.histogram import option_name
from hddm_sbi.plots.multiples import draw_over_time, multiples, need_times, option_of
from hddm_sbi.plots.observed import Predicted
from hddm_sbi.plots.panels import Canvas
from hddm_sbi.plots.reading import Source, read_source
from hddm_sbi.plots.tables import delta_table
from hddm_sbi.trials.columns import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ALL = "all"
_PAIR = "which of the pair"


def delta(
    data: Source,
    between: str,
    ax: Canvas = None,
    *,
    levels: Sequence[object] | None = None,
    option: object = None,
    by: By = None,
    average: bool | None = None,
    df: pd.DataFrame | None = None,
    options: Sequence[object] | None = None,
    correct: str | npt.ArrayLike | None = None,
    max_panels: int = 16,
    page: int | None = None,
) -> Axes | npt.NDArray[np.object_]:
    """Delta plot: by how much quantiles of response times differ between two conditions, from fast to slow.

    Points are the observed trials; the line is the median of the predicted data sets, the band holds 95% of them. The
    effect of more difficulty grows towards slow responses; one that shrinks there, as Simon's does, is no difference in
    drift alone.

    Args:
        data: a result with predicted trials, ``model.trials``, or ``Predicted``, as for ``predictive``.
        between: the column whose levels are compared.
        ax: axes to draw on, with ``by`` a figure or axes for each panel; default a new figure.
        levels: the two levels, the first is taken from the second; default both levels of the column.
        option: label of the choice whose times are compared, or ``"all"``; default the last, the upper or correct one.
        by: draws a panel for each participant, level or label, as in ``predictive``.
        average: whether to average over participants the quantiles of each, as it is done by default where they are
            known: quantiles of all trials together also show how much participants differ in speed.
        df: the table of the trials, for columns that the model did not use.
        options: labels of the choices, in order; default those of the data.
        correct: the correct choice of each trial, a column or labels; times are then those of correct responses.
        max_panels: the number of panels drawn at most.
        page: which of them, 1, 2, ...; by default some that are evenly spaced among all.

    Returns:
        The axes; with ``by`` an array of them, shape (panels,).

    Raises:
        DataError: no predicted data, no response times, no such column, option or page, or not two levels.

    Example:
        >>> model = HierarchicalDDM(load_data("cavanagh_theta"), groupby="participant_id", likelihood="exact")
        >>> ax = plots.delta(model.trials, "conf", levels=("LC", "HC"))
        >>> ax.get_ylabel()
        'conf=HC less conf=LC, rt of 1 (s)'
    """
    trials = read_source(data, df, options, correct)
    need_times(trials, "delta")
    chosen = None if option == _ALL else option_of(trials, option)
    averaged = trials.subject is not None if average is None else average
    pair = _pair(cells_of(trials, between), between, levels)
    # a column that goes along with the trials of each panel
    compared = replace(trials, columns={**trials.columns, _PAIR: pair.code}).at(pair.code >= 0)

    def draw(part: Predicted, panel: Axes) -> None:
        own = Cells(pair.labels, np.asarray(part.columns[_PAIR]), pair.of)
        table = delta_table(part, own, chosen, average=averaged)
        panel.axhline(0.0, color="black", linewidth=0.6)
        draw_over_time(table, panel, part.sets > 0)

    whose = "" if chosen is None else f" of {option_name(trials, chosen)}"
    name = f"{pair.labels[1]} less {pair.labels[0]}, rt{whose} (s)"
    return multiples(compared, draw, ax, by, max_panels, page, ("response time, mean of both (s)", name))


def _pair(cells: Cells, between: str, levels: Sequence[object] | None) -> Cells:
    """The two levels in their order, as cells; -1 for trials of others.

    Raises:
        DataError: there are not two.
    """
    wanted = list(cells.labels)
    if levels is not None:
        if not isinstance(levels, list | tuple):
            raise DataError(f"levels is {levels!r:.60}; give two levels of '{between}', the first is taken off.")
        bare = {label.removeprefix(f"{between}="): label for label in cells.labels}
        unknown = [level for level in levels if str(level) not in bare]
        if unknown:
            raise DataError(f"levels names {unknown[0]!r}, but '{between}' has {', '.join(bare)}.")
        wanted = [bare[str(level)] for level in levels]
    if len(wanted) != 2:
        raise DataError(
            f"delta compares two levels, and '{between}' has {len(wanted)}, {listed(wanted)}; choose two by levels=."
        )
    code = np.full(len(cells.code), -1)
    for k, name in enumerate(wanted):
        code[cells.code == cells.labels.index(name)] = k
    return Cells(tuple(wanted), code, cells.of)
