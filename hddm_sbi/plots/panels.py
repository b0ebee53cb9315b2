"""The one style of all plots: colours, figures of one or many panels, and pages of many.

Matplotlib is imported when something is drawn. Colours are those of Okabe & Ito (2008), told apart by colour-blind
readers; line styles and markers tell them apart in grey.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from hddm_sbi.errors import DataError
from hddm_sbi.results.to_arviz import spaced

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

# axes of a single panel; a figure, or as many axes as there are panels
Canvas: TypeAlias = "Axes | FigureBase | Sequence[Axes] | npt.NDArray[Any] | None"

LineStyle: TypeAlias = "str | tuple[int, tuple[int, ...]]"

DATA = "#b9b9b9"
MODEL = "#0072b2"
PRIOR = "#7f7f7f"
ACCENT = "#d55e00"
COLOURS: tuple[str, ...] = (ACCENT, MODEL, "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
LINES: tuple[LineStyle, ...] = ("--", "-", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKERS: tuple[str, ...] = ("s", "o", "^", "D", "v", "P")

SMALL, MEDIUM = "small", "medium"


def axes(ax: Canvas, size: tuple[float, float] = (6.0, 3.8)) -> Axes:
    """The axes that were given, or those of a new figure.

    Raises:
        DataError: what was given is no axes.
    """
    return panels(ax, 1, size=size, columns=1)[0]


def panels(
    ax: Canvas, count: int, *, size: tuple[float, float], columns: int, sharex: bool = False, sharey: bool = False
) -> list[Axes]:
    """Axes for so many panels, row by row.

    Args:
        ax: axes (for a single panel), a figure or part of one, or as many axes as panels; None makes a new figure.
        count: number of panels.
        size: width and height of a panel in inches, where a figure is made.
        columns: at most so many panels stand beside one another.
        sharex: whether they have one horizontal axis.
        sharey: whether they have one vertical axis.

    Raises:
        DataError: what was given does not hold so many panels.
    """
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    if isinstance(ax, Axes):
        ax = [ax]
    if ax is None or isinstance(ax, FigureBase):
        columns = min(columns, count)
        rows = math.ceil(count / columns)
        figure = _new(columns * size[0] + 0.5 * (count > 1), rows * size[1] + 0.6 * (count > 1)) if ax is None else ax
        grid = figure.subplots(rows, columns, squeeze=False, sharex=sharex, sharey=sharey).ravel()
        for spare in grid[count:]:
            spare.remove()
        for panel in grid[max(count - columns, 0) : count]:  # the lowest of each column
            panel.tick_params(labelbottom=True)
        return list(grid[:count])
    given = list(np.ravel(np.asarray(ax, dtype=object)))
    if not all(isinstance(one, Axes) for one in given):
        raise DataError(f"ax is {ax!r:.60}; give matplotlib axes, a figure, or leave it out.")
    if len(given) != count:
        raise DataError(
            f"this plot has {count} panel{'s' * (count != 1)}, but ax holds {len(given)}; give a figure, or axes for "
            "each panel."
        )
    return given


def _new(width: float, height: float) -> FigureBase:
    import matplotlib.pyplot as plt

    return plt.figure(figsize=(width, height), layout="constrained")


def tidy(ax: Axes, *, left: bool = True) -> None:
    """Take away the frame where it says nothing, and the axis of densities, whose unit nobody reads."""
    ax.spines[["top", "right"]].set_visible(False)
    if not left:
        ax.spines["left"].set_visible(False)
        ax.set_yticks([])


def shared_legend(found: Sequence[Axes], title: str = "") -> None:
    """Write one legend for all panels above them, as wide as they are."""
    handles, labels = max((panel.get_legend_handles_labels() for panel in found), key=lambda pair: len(pair[0]))
    if not handles and not title:
        return
    figure = found[0].figure
    width = figure.bbox.width / figure.dpi
    columns = max(1, min(len(labels), int(width / (0.6 + 0.075 * max(map(len, labels), default=0)))))
    figure.legend(
        handles, labels, title=title or None, loc="outside upper center", ncols=columns, frameon=False, fontsize=SMALL
    )


def on_page(count: int, most: int, page: int | None, what: str) -> tuple[npt.NDArray[np.int64], str]:
    """Which of many panels are drawn, and the words that say which.

    Args:
        count: how many there are.
        most: how many are drawn at a time.
        page: 1, 2, ...; None for some that are evenly spaced among all.
        what: what they are, such as ``participants``.

    Raises:
        DataError: there is no such page.
    """
    pages = math.ceil(count / checked_panels(most))
    if page is None:
        shown = spaced(count, most)
        return shown, "" if len(shown) == count else f"{len(shown)} of {count} {what}"
    if isinstance(page, bool) or not isinstance(page, int) or not 1 <= page <= pages:
        raise DataError(
            f"page is {page!r}; {count} {what} fill {pages} page{'s' * (pages != 1)} of {most}: "
            f"give {'1' if pages == 1 else f'1 to {pages}'}."
        )
    first = (page - 1) * most
    shown = np.arange(first, min(first + most, count))
    range_ = f"{first + 1} to {shown[-1] + 1}" if len(shown) > 1 else f"{first + 1}"
    return shown, "" if pages == 1 else f"{what} {range_} of {count} (page {page} of {pages})"


def checked_panels(most: int) -> int:
    """The number of panels that are drawn at most.

    Raises:
        DataError: it is no positive integer.
    """
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise DataError(f"max_panels is {most!r}; give a positive integer.")
    return most


def as_array(found: Sequence[Axes]) -> npt.NDArray[np.object_]:
    """Axes as an array, shape (panels,)."""
    result = np.empty(len(found), dtype=object)
    result[:] = found
    return result
