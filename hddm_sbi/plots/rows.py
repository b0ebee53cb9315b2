"""Estimates in rows, a participant each, in panels that stay legible with hundreds of participants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.plots.observed import FloatArray
from hddm_sbi.plots.panels import SMALL, Canvas, checked_panels, on_page, panels, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# So many rows fill the height of a page in letters of 6 points; of fewer, labels are larger.
_MOST_ROWS, _FEW_ROWS, _SMALLEST = 50, 25, 6.0
_ROW, _LEAST_HEIGHT = 0.135, 2.0


@dataclass(frozen=True)
class RowPanel:
    """A panel of rows.

    Args:
        ax: its axes.
        condition: whose values are in it; empty where there are none.
        participants: of its rows, from the lowest.
        at: height of each row, shape (rows,).
    """

    ax: Axes
    condition: str
    participants: tuple[object, ...]
    at: FloatArray


def row_panels(
    order: Sequence[object], conditions: Sequence[str], ax: Canvas, max_panels: int, page: int, parameter: str
) -> list[RowPanel]:
    """Panels for all participants in all conditions: at most fifty rows each, conditions beside one another.

    Args:
        order: the participants, from the lowest row.
        conditions: the conditions, in the order of the panels.
        ax: what to draw on.
        max_panels: the number of panels drawn at most; conditions of the same participants stay together, if they fit.
        page: which of them.
        parameter: label of the horizontal axis.
    """
    parts = [tuple(order[k : k + _MOST_ROWS]) for k in range(0, len(order), _MOST_ROWS)]
    wanted = [(condition, part) for part in parts for condition in conditions]
    most = checked_panels(max_panels)
    together = most - most % len(conditions) if most >= len(conditions) else most
    shown, which = on_page(len(wanted), together, page, "panels")
    longest = max(len(wanted[k][1]) for k in shown)
    height = max(_LEAST_HEIGHT, _ROW * longest + 0.8)
    found = panels(ax, len(shown), size=(2.6 if len(shown) > 1 else 4.2, height), columns=4, sharex=True)
    result = []
    for panel, k in zip(found, shown, strict=True):
        condition, part = wanted[k]
        at = label_rows(panel, part)
        panel.tick_params(axis="y", length=0.0)
        panel.set_xlabel(parameter)
        panel.set_title(condition, fontsize=SMALL)
        tidy(panel)
        result.append(RowPanel(panel, condition, part, at))
    if which:
        found[0].figure.supxlabel(which, fontsize=SMALL)
    return result


def label_rows(ax: Axes, labels: Iterable[object]) -> FloatArray:
    """Write a label beside each row, in letters that fit; return the heights of the rows, from the lowest."""
    names = [str(label) for label in labels]
    at = np.arange(len(names), dtype=np.float64)
    ax.set_yticks(at, names, fontsize=SMALL if len(names) <= _FEW_ROWS else _SMALLEST)
    ax.set_ylim(-0.8, len(names) - 0.2)
    return at


def ordered(table: pd.DataFrame, sort: str) -> list[object]:
    """Participants from the lowest row: by their mean over conditions, or so that labels read from the top.

    Raises:
        DataError: it is another order.
    """
    if sort == "value":
        return table.groupby("participant", sort=False)["mean"].mean().sort_values(kind="stable").index.tolist()
    if sort == "label":
        return table["participant"].drop_duplicates().tolist()[::-1]
    raise DataError(f"sort is {sort!r}; choose 'value' or 'label'.")


def of_rows(table: pd.DataFrame, panel: RowPanel) -> pd.DataFrame:
    """The estimates in a panel, with the height of each row ``at``; participants without a value are left out."""
    own = table[table["condition"] == panel.condition].set_index("participant")
    heights = pd.Series(panel.at, index=pd.Index(list(panel.participants), name="participant"), name="at")
    return own.join(heights, how="inner").sort_values("at")


def draw_reference(table: pd.DataFrame, panel: RowPanel, colour: str, label: str) -> None:
    """Draw the typical participant's value as a line with its interval."""
    own = table[table["condition"] == panel.condition]
    if len(own):
        row = own.iloc[0]
        panel.ax.axvspan(row["low"], row["high"], color=colour, alpha=0.2, linewidth=0.0, zorder=0)
        panel.ax.axvline(row["mean"], color=colour, linewidth=1.0, zorder=0, label=label)
