"""Curves of a plan: how probable it is that an experiment reaches its goal, against the number of participants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.plots.panels import COLOURS, LINES, MARKERS, SMALL, Canvas, axes, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = {"trials", "participants", "power", "low", "high", "fits", "reached"}
# whole lines first
_LINES = (LINES[1], LINES[0], *LINES[2:])
# The area of a point for each fit.
_AREA, _LEAST_AREA = 5.0, 8.0


def plan(found: Any, ax: Canvas = None) -> Axes:
    """The probability to reach the goal against the number of participants, a curve for each number of trials.

    Bands are the 90% range of what the simulated experiments leave open; points the shares of those of one size that
    reached the goal, the larger the more there were; a vertical line marks the fewest participants that are enough.

    Args:
        found: what ``hs.plan`` returned.
        ax: axes; default those of a new figure.

    Returns:
        The axes.

    Raises:
        DataError: ``found`` is something else.

    Example:
        >>> import pandas as pd
        >>> from types import SimpleNamespace
        >>> curve = pd.DataFrame({"trials": 40, "participants": [10, 20], "power": [0.5, 0.9], "low": 0.4})
        >>> curve = curve.assign(high=0.95, fits=10, reached=[5, 9])
        >>> answers = pd.DataFrame({"trials": [40], "participants": [20.0]})
        >>> found = SimpleNamespace(curve=curve, answers=answers, power=0.8, goal="interval < 0.3")
        >>> plots.plan(found).get_xlabel()
        'participants'
    """
    curve, answers = getattr(found, "curve", None), getattr(found, "answers", None)
    if not isinstance(curve, pd.DataFrame) or not _COLUMNS.issubset(curve.columns) or answers is None:
        raise DataError(f"found is {type(found).__name__}; give what hs.plan returned.")
    drawn = axes(ax)
    enough = dict(zip(answers["trials"], answers["participants"], strict=True))
    for k, (trials, part) in enumerate(curve.groupby("trials", sort=False)):
        colour, line = COLOURS[k % len(COLOURS)], _LINES[k % len(_LINES)]
        drawn.fill_between(part["participants"], part["low"], part["high"], color=colour, alpha=0.15, linewidth=0)
        label = f"{trials} trials a cell" + (f": {enough[trials]:.0f}" if pd.notna(enough[trials]) else "")
        drawn.plot(part["participants"], part["power"], color=colour, linestyle=line, label=label)
        some = part[part["fits"] > 0]
        area = (_AREA * some["fits"]).clip(lower=_LEAST_AREA)
        drawn.scatter(
            some["participants"], some["reached"] / some["fits"], s=area, marker=MARKERS[k % len(MARKERS)],
            color=colour, alpha=0.5, linewidths=0,
        )  # fmt: skip
        if pd.notna(enough[trials]):
            drawn.plot([enough[trials]] * 2, [0.0, found.power], color=colour, linewidth=0.8, linestyle=line)
    drawn.axhline(found.power, color="0.5", linewidth=0.8, linestyle="--", zorder=0)
    drawn.set_ylim(-0.03, 1.03)
    drawn.set_xlabel("participants")
    drawn.set_ylabel(f"share of experiments with\n{found.goal}")
    drawn.legend(fontsize=SMALL, frameon=False, loc="lower right")
    tidy(drawn)
    return drawn
