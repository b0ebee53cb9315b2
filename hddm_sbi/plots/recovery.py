"""Estimates against the true values that data were simulated from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.plots.panels import ACCENT, MODEL, SMALL, Canvas, as_array, on_page, panels, shared_legend, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE, _COLUMNS = (2.9, 2.7), 4
# Points that a panel draws one by one; of more, some at random.
_MOST_POINTS = 2_000


def recovery(
    found: Any,
    of: Literal["participants", "population"] = "participants",
    ax: Canvas = None,
    *,
    max_panels: int = 12,
    page: int | None = 1,
) -> npt.NDArray[np.object_]:
    """Estimates against true values, a panel for each parameter.

    Args:
        found: what ``model.recover`` returned.
        of: ``"participants"``, a point for each participant of each data set; ``"population"``, coefficients and sds
            on the scale of the link, a point for each data set, with its 95% interval.
        ax: a figure, or axes for each panel; default a new figure.
        max_panels: the number of panels drawn at most.
        page: which of them, 1, 2, ...

    Returns:
        An array of axes, shape (panels,).

    Raises:
        DataError: there is nothing of the kind, no such page, or ``found`` is something else.

    Example:
        >>> import pandas as pd
        >>> truth = np.linspace(0.0, 1.0, 20)
        >>> rows = {"task": range(20), "quantity": "v", "family": "v", "kind": "coefficient", "truth": truth}
        >>> estimates = pd.DataFrame({**rows, "mean": truth, "sd": 0.1, "low": truth - 0.2, "high": truth + 0.2})
        >>> plots.recovery(estimates, "population")[0].get_title()
        'v'
    """
    rows = recovery_rows(found, of)
    names = list(dict.fromkeys(rows["family"]))
    shown, words = on_page(len(names), max_panels, page, "parameters")
    axes = panels(ax, len(shown), size=_SIZE, columns=_COLUMNS)
    for one, k in zip(axes, shown, strict=True):
        part = rows[rows["family"] == names[k]]
        _draw(one, part, of)
        one.set_title(names[k], pad=14)
        one.text(0.5, 1.02, _words(part, of), transform=one.transAxes, ha="center", fontsize=SMALL)
    shared_legend(axes, words)
    return as_array(axes)


def recovery_rows(found: Any, of: str) -> pd.DataFrame:
    """The estimates that are drawn.

    Raises:
        DataError: as ``recovery``.
    """
    rows = getattr(found, "estimates", found)
    if not isinstance(rows, pd.DataFrame) or not {"family", "kind", "truth", "mean", "low"}.issubset(rows.columns):
        raise DataError(f"found is {type(found).__name__}; give what model.recover returned.")
    if of not in ("participants", "population"):
        raise DataError(f"of is {of!r}; give 'participants' or 'population'.")
    kinds = ["participant"] if of == "participants" else ["coefficient", "sd", "correlation"]
    some = rows[rows["kind"].isin(kinds)]
    if some.empty:
        raise DataError(f"the recovery has no values of {of} (of={of!r}).")
    return some


def _draw(ax: Axes, part: pd.DataFrame, of: str) -> None:
    part = part if len(part) <= _MOST_POINTS else part.sample(_MOST_POINTS, random_state=0)
    truth, mean = part["truth"].to_numpy(), part["mean"].to_numpy()
    ax.axline((truth[0], truth[0]), slope=1.0, color="0.5", linewidth=0.8, zorder=0, label="estimate = true value")
    if of == "population":
        ends = part["low"].to_numpy(), part["high"].to_numpy()
        held = (ends[0] <= truth) & (truth <= ends[1])
        for some, colour, label in ((held, MODEL, "95% interval"), (~held, ACCENT, "one that misses the true value")):
            ax.vlines(truth[some], *(end[some] for end in ends), color=colour, linewidth=0.7, label=label)
            ax.plot(truth[some], mean[some], "o", color=colour, markersize=2.8)
    else:
        alpha = float(np.clip(150.0 / len(part), 0.25, 0.8))
        ax.plot(truth, mean, "o", color=MODEL, markersize=2.8, alpha=alpha, markeredgewidth=0.0)
    ax.set_xlabel("true value")
    ax.set_ylabel("estimate")
    tidy(ax)


def _words(part: pd.DataFrame, of: str) -> str:
    """Correlation, of participants within data sets, and bias."""
    apart = [group for _, group in part.groupby("task")] if of == "participants" else [part]
    r = [np.corrcoef(one["truth"], one["mean"])[0, 1] for one in apart if len(one) > 2 and one["truth"].std() > 0.0]
    bias = f"bias {(part['mean'] - part['truth']).mean():.2g}"
    return f"r = {np.mean(r):.2f}, {bias}" if r else bias
