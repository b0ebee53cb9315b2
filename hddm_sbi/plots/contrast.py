"""Effects, and how probable it is that they are none to speak of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hddm_sbi.errors import DataError
from hddm_sbi.plots.densities import draw_density, draw_intervals, finish
from hddm_sbi.plots.estimates import FEWEST_DRAWS
from hddm_sbi.plots.panels import ACCENT, MODEL, SMALL, Canvas, as_array, panels, tidy
from hddm_sbi.plots.rows import label_rows
from hddm_sbi.results.contrasts.answer import Contrast, ends

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 3
_ROW = 0.16


def contrast(found: Contrast | Sequence[Contrast], ax: Canvas = None) -> npt.NDArray[np.object_]:
    """Densities of contrasts, their intervals, and the region of practical equivalence where one was given.

    Contrasts of participants have a row for each of them.

    Args:
        found: what ``model.contrast`` returned, or several.
        ax: axes (of one contrast), a figure, or axes for each; default a new figure.

    Returns:
        An array of axes, shape (contrasts,).

    Raises:
        DataError: it is no contrast, or has fewer than 20 draws.

    Example:
        >>> model = HierarchicalDDM(load_data("cavanagh_theta"), formula="v ~ conf", likelihood="exact")
        >>> idata = model.sample(draws=20, tune=20, chains=2, progress=False)
        >>> effect = model.contrast(idata, "v[conf=LC] - v[conf=HC]", rope=(-0.1, 0.1))
        >>> panels = plots.contrast(effect)
        >>> panels[0].get_xlabel()
        'v[conf=LC] - v[conf=HC]'
    """
    several = [found] if isinstance(found, Contrast) else list(found) if isinstance(found, list | tuple) else []
    if not several or not all(isinstance(one, Contrast) for one in several):
        raise DataError(f"contrast draws what model.contrast(idata, ...) returns, not {found!r:.60}.")
    for one in several:
        count = one.draws.sizes["chain"] * one.draws.sizes["draw"]
        if count < FEWEST_DRAWS:
            raise DataError(f"'{one.text}' has {count} draws, too few to plot; {FEWEST_DRAWS} are the least.")
    rows = max(len(one.summary) for one in several)
    height = 2.6 if rows == 1 else max(2.6, 0.9 + _ROW * rows)
    result = panels(ax, len(several), size=(3.2, height), columns=_COLUMNS)
    for one, panel in zip(several, result, strict=True):
        _draw(one, panel)
    return as_array(result)


def _draw(found: Contrast, ax: Axes) -> None:
    low, high = ends(found.interval)
    if found.rope is not None:
        ax.axvspan(*found.rope, color=ACCENT, alpha=0.18, linewidth=0.0, zorder=0)
    if found.draws.ndim == 2:
        draws = found.draws.to_numpy().ravel()
        top = draw_density(draws, ax, MODEL, found.text)
        draw_intervals([draws], ax, [MODEL], top, found.interval)
        finish(ax, found.text)
        row = found.summary.iloc[0]
        ax.set_title("\n".join(str(row[name]) for name in ("direction", "rope") if name in row), fontsize=SMALL)
    else:
        table = found.summary.sort_values("mean", kind="stable")
        at = label_rows(ax, table.index)
        ax.hlines(at, table[low], table[high], color=MODEL, linewidth=1.2)
        ax.plot(table["mean"], at, "o", color=MODEL, markersize=3.0)
        tidy(ax)
        ax.set_xlabel(found.text)
        ax.set_title(f"{found.of}, {100.0 * found.interval:g}% intervals", fontsize=SMALL)
    ax.axvline(found.null, color="black", linewidth=0.6)
