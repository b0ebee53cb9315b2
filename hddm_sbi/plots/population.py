"""What is known of the population: densities of its parameters, by condition."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, islice
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from hddm_sbi.errors import DataError
from hddm_sbi.plots.densities import draw_density, draw_intervals, finish
from hddm_sbi.plots.estimates import FloatArray, cells, checked_interval, draws_of, interval_words, names_of, variable
from hddm_sbi.plots.panels import COLOURS, LINES, SMALL, Canvas, as_array, on_page, panels
from hddm_sbi.results.quantities import quantities_of
from hddm_sbi.results.to_arviz import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 3
# More densities than this in a panel cannot be told apart.
_MOST_DENSITIES = 6


def population(
    idata: Results,
    parameters: Sequence[str] | str | None = None,
    ax: Canvas = None,
    *,
    interval: float = 0.95,
    max_panels: int = 12,
    page: int | None = None,
) -> npt.NDArray[np.object_]:
    """Densities of the typical participant's values, or of other variables of the posterior.

    A panel is a parameter, a density one of its conditions, the bar below it the median and an equal-tailed interval.

    Args:
        idata: what ``sample`` returned.
        parameters: names, such as ``"v"``, or of other variables, ``"v_mean"`` or ``"v_Intercept_subject_sd"``; default
            all parameters.
        ax: a figure, or axes for each panel; default a new figure.
        interval: probability of the intervals.
        max_panels: the number of panels drawn at most.
        page: which of them, 1, 2, ...; by default some that are evenly spaced among all.

    Returns:
        An array of axes, shape (panels,).

    Raises:
        DataError: no such parameter, no population, more than six densities in a panel, no such page, or fewer than 20
            draws.

    Example:
        >>> model = HierarchicalDDM(load_data("cavanagh_theta"), formula="v ~ conf", likelihood="exact")
        >>> panels = plots.population(model.sample(draws=20, tune=20, chains=2, progress=False), ["v", "a"])
        >>> [panel.get_xlabel() for panel in panels]
        ['v', 'a']
    """
    checked_interval(interval)
    posterior = draws_of(idata)
    names = population_names(posterior, parameters)
    shown, which = on_page(len(names), max_panels, page, "parameters")
    found = panels(ax, len(shown), size=(2.7, 2.2), columns=_COLUMNS)
    for panel, k in zip(found, shown, strict=True):
        _draw(names[k], of_variable(posterior, names[k]), panel, interval)
    title = ", ".join(word for word in (interval_words(interval), which) if word)
    found[0].figure.suptitle(f"density, median and {title}", fontsize=SMALL)
    return as_array(found)


def population_names(posterior: xr.Dataset, parameters: Sequence[str] | str | None) -> list[str]:
    """The variables to draw, by default each parameter's typical value.

    Raises:
        DataError: there is no such variable, or no population.
    """
    if parameters is not None:
        names = names_of(parameters)
        for name in names:
            variable(posterior, name)
        return names
    found = quantities_of(posterior.isel(chain=[0], draw=[0]))
    names = [name for name, kind in zip(found.variables, found.kinds, strict=True) if kind == "typical"]
    if not names:
        raise DataError(
            "these results have no population, since participants were fitted apart; hs.plots.forest draws each."
        )
    return list(dict.fromkeys(names))


def of_variable(posterior: xr.Dataset, name: str) -> list[tuple[str, FloatArray]]:
    """Label and draws of what a panel shows of a variable.

    Raises:
        DataError: it is too much for a panel.
    """
    found = cells(variable(posterior, name))
    if len(found) > _MOST_DENSITIES:
        raise DataError(
            f"'{name}' has {len(found)} values, too many densities for a panel; "
            "hs.plots.forest draws participants, and idata.posterior.isel(...) chooses."
        )
    return found


def _draw(name: str, found: Sequence[tuple[str, FloatArray]], ax: Axes, interval: float) -> None:
    colours = list(islice(cycle(COLOURS[1:] + COLOURS[:1]), len(found)))
    lines = list(islice(cycle(LINES[1:] + LINES[:1]), len(found)))
    heights = [
        draw_density(draws, ax, colour, label, line=line)
        for (label, draws), colour, line in zip(found, colours, lines, strict=True)
    ]
    draw_intervals([draws for _, draws in found], ax, colours, max(heights), interval)
    finish(ax, name)
    if len(found) > 1:
        ax.legend(frameon=False, fontsize=SMALL, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
