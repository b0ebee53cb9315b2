"""Ranks of true values in their posteriors: ECDFs, and the bands that hold those of calibrated ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.plots.panels import COLOURS, DATA, LINES, SMALL, Canvas, as_array, panels, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE, _COLUMNS = (4.4, 3.6), 2
_LEVEL = 0.95
_LINES = (LINES[1], LINES[0], *LINES[2:])  # whole lines first
# What panels are of, by the kind of a quantity; others are in that of the population.
_PANELS = {
    "sd": "standard deviations between participants", "correlation": "correlations between participants",
    "participant": "participants' own values", "log likelihood": "likelihood and new trials",
    "of new trials": "likelihood and new trials",
}  # fmt: skip


def ranks(found: Any, ax: Canvas = None) -> npt.NDArray[np.object_]:
    """The ECDF of the ranks of each quantity minus that of uniform ones, with bands, a panel for each kind.

    The grey band holds the whole curve of one calibrated quantity with a probability of 95%; the dashed lines those of
    all quantities at once (Säilynoja, Bürkner & Vehtari 2022). A curve above zero on the left has too many low ranks:
    truths below their posteriors, which lie too high; one that is S-shaped, below and then above, tells posteriors
    that are too wide, and the other way round too narrow.

    Args:
        found: what ``model.sbc`` returned.
        ax: a figure, or axes for each panel; default a new figure.

    Returns:
        An array of axes, shape (panels,).

    Raises:
        DataError: ``found`` is something else, or ``ax`` holds another number of panels.

    Example:
        >>> import pandas as pd
        >>> from hddm_sbi.proof.calibration import calibration
        >>> rng = np.random.default_rng(0)
        >>> rows = pd.DataFrame({"task": range(50), "rank": rng.integers(0, 100, 50), "mean": rng.normal(size=50)})
        >>> rows = rows.assign(quantity="a", kind="sd", truth=0.0, sd=1.0, worst_r_hat=1.0, divergences=0)
        >>> panel, = plots.ranks(calibration(rows, pd.DataFrame(), "the prior", False))
        >>> panel.get_title()
        'standard deviations between participants'
    """
    table, rows = getattr(found, "table", None), getattr(found, "ranks", None)
    if not isinstance(table, pd.DataFrame) or not isinstance(rows, pd.DataFrame) or not hasattr(found, "null"):
        raise DataError(f"found is {type(found).__name__}; give what model.sbc returned.")
    titles = table["kind"].map(_PANELS).fillna("population")
    names = list(dict.fromkeys(titles))
    axes = panels(ax, len(names), size=_SIZE, columns=_COLUMNS, sharey=True)
    for one, title in zip(axes, names, strict=True):
        _bands(one, found.null, len(table))
        for k, quantity in enumerate(titles.index[titles == title]):
            curve = found.null.ecdf(rows.loc[rows["quantity"] == quantity, "rank"].to_numpy()) - found.null.points
            colour, line = COLOURS[k % len(COLOURS)], _LINES[k // len(COLOURS) % len(_LINES)]
            one.plot(found.null.points, curve, linewidth=1.1, label=quantity, color=colour, linestyle=line)
        one.set_title(title)
        one.set_xlabel("rank of the true value, as a share")
        one.legend(fontsize="x-small", frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2)
        tidy(one)
    axes[0].set_ylabel("ECDF of the ranks - uniform")
    axes[0].figure.suptitle(
        f"{found.null.n} data sets; grey: {_LEVEL:.0%} of a curve; dashed: of all {len(table)} at once", fontsize=SMALL
    )
    return as_array(axes)


def _bands(ax: Axes, null: Any, together: int) -> None:
    at = null.points
    low, high = null.band(_LEVEL)
    ax.fill_between(at, low - at, high - at, step="mid", color=DATA, alpha=0.5, linewidth=0)
    for end in null.band(1.0 - (1.0 - _LEVEL) / together):
        ax.plot(at, end - at, color="0.5", linewidth=0.8, linestyle="--")
