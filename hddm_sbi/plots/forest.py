"""Who has which value of a parameter, and how surely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hddm_sbi.plots.estimates import draws_of, interval_words, participant_table, population_table
from hddm_sbi.plots.panels import ACCENT, MODEL, Canvas, as_array, shared_legend
from hddm_sbi.plots.rows import draw_reference, of_rows, ordered, row_panels
from hddm_sbi.results.to_arviz import Results

if TYPE_CHECKING:
    from typing import Literal


def forest(
    idata: Results,
    parameter: str,
    ax: Canvas = None,
    *,
    interval: float = 0.95,
    sort: Literal["value", "label"] = "value",
    max_panels: int = 4,
    page: int = 1,
) -> npt.NDArray[np.object_]:
    """Each participant's value of a parameter on its natural scale, with the population's behind.

    A row is a participant: the mean of the draws and an equal-tailed interval. The line is the typical participant. A
    panel holds one condition and at most fifty participants.

    Args:
        idata: what ``sample`` returned.
        parameter: its name, such as ``"v"``.
        ax: a figure, or axes for each panel; default a new figure.
        interval: probability of the intervals.
        sort: participants by ``"value"``, or by ``"label"``.
        max_panels: the number of panels drawn at most.
        page: which of them, 1, 2, ...

    Returns:
        An array of axes, shape (panels,).

    Raises:
        DataError: no such parameter, one that does not vary by participant, no such page, or fewer than 20 draws.

    Example:
        >>> model = HierarchicalDDM(load_data("cavanagh_theta"), groupby="participant_id", likelihood="exact")
        >>> panels = plots.forest(model.sample(draws=20, tune=20, chains=2, progress=False), "a")
        >>> panels[0].get_xlabel()
        'a'
    """
    posterior = draws_of(idata)
    table = participant_table(posterior, parameter, interval)
    typical = population_table(posterior, parameter, interval)
    conditions = table["condition"].drop_duplicates().tolist()
    found = row_panels(ordered(table, sort), conditions, ax, max_panels, page, parameter)
    for panel in found:
        draw_reference(typical, panel, ACCENT, "typical participant")
        own = of_rows(table, panel)
        panel.ax.hlines(own["at"], own["low"], own["high"], color=MODEL, linewidth=1.2, label=interval_words(interval))
        panel.ax.plot(own["mean"], own["at"], "o", color=MODEL, markersize=3.0, label="mean")
    shared_legend([panel.ax for panel in found])
    return as_array([panel.ax for panel in found])
