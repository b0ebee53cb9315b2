"""What participants lend one another: estimates of each alone against those of all together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.plots.estimates import draws_of, interval_words, participant_table, population_table
from hddm_sbi.plots.panels import ACCENT, MODEL, Canvas, as_array, shared_legend
from hddm_sbi.plots.rows import draw_reference, of_rows, ordered, row_panels
from hddm_sbi.results.to_arviz import Results, recorded_model
from hddm_sbi.trials.columns import listed

if TYPE_CHECKING:
    from typing import Literal


def shrinkage(
    pooled: Results,
    own: Results,
    parameter: str,
    ax: Canvas = None,
    *,
    interval: float = 0.95,
    sort: Literal["value", "label"] = "value",
    max_panels: int = 4,
    page: int = 1,
) -> npt.NDArray[np.object_]:
    """Each participant's own estimate of a parameter, and where the hierarchical model moves it.

    Own estimates come from the same model with ``pooling="none"``: the same likelihood, lapses and what was seen of a
    trial, and priors that are wide beside the population's, so that a participant without errors still has an
    estimate, where maximum likelihood has none. Estimates that are extreme and uncertain move most towards the typical
    participant.

    Args:
        pooled: what ``sample`` of the hierarchical model returned.
        own: what ``sample`` of the model with ``pooling="none"`` returned.
        parameter: its name, such as ``"v"``.
        ax: a figure, or axes for each panel; default a new figure.
        interval: probability of the intervals.
        sort: participants by their own ``"value"``, or by ``"label"``.
        max_panels: the number of panels drawn at most.
        page: which of them, 1, 2, ...

    Returns:
        An array of axes, shape (panels,).

    Raises:
        DataError: no such parameter, one that does not vary by participant, other participants or conditions, results
            of the same kind, no such page, or fewer than 20 draws.

    Example:
        >>> options = {"groupby": "participant_id", "likelihood": "exact"}
        >>> both = [
        ...     HierarchicalDDM(load_data("cavanagh_theta"), pooling=pooling, **options).sample(
        ...         draws=20, tune=20, chains=2, progress=False
        ...     )
        ...     for pooling in ("partial", "none")
        ... ]
        >>> panels = plots.shrinkage(*both, "v")
        >>> panels[0].get_xlabel()
        'v'
    """
    if recorded_model(own).get("pooling", "none") != "none":
        raise DataError(
            "own holds results of a hierarchical model; give those of the same model with pooling='none' as own."
        )
    posterior = draws_of(pooled)
    table = shrinkage_table(pooled, own, parameter, interval)
    typical = population_table(posterior, parameter, interval)
    alone = table[["participant", "condition"]].assign(mean=table["own_mean"])
    conditions = table["condition"].drop_duplicates().tolist()
    found = row_panels(ordered(alone, sort), conditions, ax, max_panels, page, parameter)
    for panel in found:
        draw_reference(typical, panel, ACCENT, "typical participant")
        rows = of_rows(table, panel)
        between = interval_words(interval)
        above, below = rows["at"] + 0.17, rows["at"] - 0.17
        panel.ax.hlines(
            above, rows["own_low"], rows["own_high"], color="0.55", linewidth=0.9, label=f"alone, {between}"
        )
        panel.ax.hlines(below, rows["low"], rows["high"], color=MODEL, linewidth=1.3, label=f"pooled, {between}")
        panel.ax.plot(
            np.stack([rows["own_mean"], rows["mean"]]), np.stack([above, below]), color="black", linewidth=0.5
        )
        panel.ax.plot(rows["own_mean"], above, "o", color="0.4", markerfacecolor="white", markersize=3.2, label="alone")
        panel.ax.plot(rows["mean"], below, "o", color=MODEL, markersize=3.2, label="pooled")
    shared_legend([panel.ax for panel in found])
    return as_array([panel.ax for panel in found])


def shrinkage_table(pooled: Results, own: Results, parameter: str, interval: float = 0.95) -> pd.DataFrame:
    """Both estimates of each participant.

    Returns:
        A row for each participant and condition; columns ``participant``, ``condition``, of the hierarchical model
        ``mean``, ``low``, ``high``, and of the participants alone ``own_mean``, ``own_low``, ``own_high``.

    Raises:
        DataError: the results are of other participants or conditions.
    """
    keys = ["participant", "condition"]
    one, other = (participant_table(draws_of(idata), parameter, interval) for idata in (pooled, own))
    for name, what in zip(keys, ("participants", "conditions"), strict=True):
        apart = set(one[name].map(str)) ^ set(other[name].map(str))
        if apart:
            raise DataError(
                f"the two results have other {what}: {listed(sorted(apart))} are in one of them only; fit the same "
                "trials and formula with pooling='none'."
            )
    other = other.rename(columns={name: f"own_{name}" for name in ("mean", "low", "high")})
    # a label may have come back from a file with another type
    left, right = (part.assign(key=part["participant"].map(str)) for part in (one, other))
    return left.merge(right.drop(columns="participant"), on=["key", "condition"]).drop(columns="key")
