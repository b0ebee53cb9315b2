"""Which model predicts best, by how much, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hddm_sbi.comparison.result import Comparison
from hddm_sbi.errors import DataError
from hddm_sbi.plots.panels import ACCENT, MODEL, SMALL, Canvas, as_array, panels, tidy
from hddm_sbi.plots.rows import label_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Standard errors to either side, and units that are named beneath.
_ERRORS, _NAMED = 2.0, 40


def comparison(result: Comparison, ax: Canvas = None) -> npt.NDArray[np.object_]:
    """How far models are behind the best one, and which participants, or trials, the best two differ about.

    On the left a row for each model, with two standard errors to either side. On the right a point for each participant
    or trial: above zero the best model predicts it better than the second. Orange squares are those whose importance
    weights cannot be relied on.

    Args:
        result: what ``compare`` returned.
        ax: a figure, or two axes; default a new figure.

    Returns:
        An array of two axes.

    Raises:
        DataError: it is no result of ``compare``.

    Example:
        >>> fits = {}
        >>> for name, formula in {"conflict": "v ~ conf", "none": "v ~ 1"}.items():
        ...     model = HierarchicalDDM(load_data("cavanagh_theta"), formula=formula, likelihood="exact")
        ...     fits[name] = model, model.sample(draws=50, tune=50, chains=2, progress=False)
        >>> left, right = plots.comparison(compare(fits, by="trial", progress=False))
        >>> right.get_ylabel()
        "elpd of 'conflict' minus 'none'"
    """
    if not isinstance(result, Comparison):
        raise DataError(f"comparison draws what hs.compare(...) returns, not {result!r:.60}.")
    left, right = panels(ax, 2, size=(4.0, 2.8), columns=2)
    _draw_models(result, left)
    _draw_units(result, right)
    return as_array([left, right])


def _draw_models(result: Comparison, ax: Axes) -> None:
    table = result.table.iloc[::-1]
    at = label_rows(ax, [f"{name}\n{verdict}" for name, verdict in table["verdict"].items()])
    error = _ERRORS * table["se_difference"]
    ax.hlines(at, table["difference"] - error, table["difference"] + error, color=MODEL, linewidth=1.2)
    ax.plot(table["difference"], at, "o", color=MODEL, markersize=4.0)
    ax.axvline(0.0, color="black", linewidth=0.6)
    ax.set_xlabel(f"elpd minus that of '{result.table.index[0]}'")
    tidy(ax)


def _draw_units(result: Comparison, ax: Axes) -> None:
    best, second = result.table.index[:2]
    values = (result.pointwise[best] - result.pointwise[second]).sort_values(kind="stable")
    hazy = result.unreliable[[best, second]].any(axis=1).loc[values.index].to_numpy()
    at, marker = np.arange(len(values)), 3.5 if len(values) <= _NAMED else 1.5
    sure, unsure = np.flatnonzero(~hazy), np.flatnonzero(hazy)
    ax.plot(at[sure], values.to_numpy()[sure], "o", color=MODEL, markersize=marker, rasterized=len(values) > 10_000)
    ax.plot(
        at[unsure], values.to_numpy()[unsure], "s", color=ACCENT, markersize=marker + 1.0, label="weights unreliable"
    )
    ax.axhline(0.0, color="black", linewidth=0.6)
    ax.set_ylabel(f"elpd of '{best}' minus '{second}'")
    ax.set_xlabel(f"{result.by}s, sorted")
    ax.set_title(f"better for {int((values > 0.0).sum()):,} of {len(values):,} {result.by}s", fontsize=SMALL)
    if len(values) <= _NAMED and result.by == "participant":
        ax.set_xticks(at, [str(label) for label in values.index], rotation=90, fontsize=6.0)
    else:
        ax.set_xticks([])
    if len(unsure):
        ax.legend(frameon=False, fontsize=SMALL)
    tidy(ax)
