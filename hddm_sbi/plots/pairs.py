"""Which parameters trade off with one another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from hddm_sbi.errors import DataError
from hddm_sbi.plots.estimates import (
    CONDITION,
    FloatArray,
    cells,
    draws_of,
    names_of,
    parameters_of,
    participant_values,
    trade_offs,
    variable,
)
from hddm_sbi.plots.panels import ACCENT, MODEL, SMALL, Canvas, as_array, on_page, panels, shared_legend, tidy
from hddm_sbi.plots.population import population_names
from hddm_sbi.results.to_arviz import Results, group, has_group, spaced
from hddm_sbi.trials.columns import listed

_COLUMNS = 3
# More points than this cover one another.
_MOST_POINTS = 1000


def pairs(
    idata: Results,
    parameters: Sequence[str] | str | None = None,
    ax: Canvas = None,
    *,
    subject: object = None,
    max_panels: int = 6,
    page: int | None = 1,
) -> npt.NDArray[np.object_]:
    """Draws of pairs of parameters, the pairs that are correlated most strongly first.

    What trades off is known less well alone than together: a higher boundary with a faster drift, say, explain the same
    responses. Draws that diverged stand out.

    Args:
        idata: what ``sample`` returned.
        parameters: names whose pairs are looked at, such as ``["v", "a"]``, or of other variables; default all.
        ax: a figure, or axes for each panel; default a new figure.
        subject: label of a participant, whose values they are then; default those of the population.
        max_panels: the number of pairs drawn at most.
        page: 1 for the strongest, 2 for those that follow, ...; None for some, evenly spaced among all.

    Returns:
        An array of axes, shape (panels,).

    Raises:
        DataError: no such parameter or participant, fewer than two values that vary, no such page, or fewer than 20
            draws.

    Example:
        >>> model = HierarchicalDDM(load_data("cavanagh_theta"), likelihood="exact")
        >>> panels = plots.pairs(model.sample(draws=20, tune=20, chains=2, progress=False), max_panels=2)
        >>> len(panels)
        2
    """
    posterior = draws_of(idata)
    if subject is None:
        found = [
            (f"{name}[{label}]" if label else name, draws)
            for name in population_names(posterior, parameters)
            for label, draws in cells(variable(posterior, name))
        ]
    else:
        found = _of_subject(posterior, subject, parameters)
    table = trade_offs(found)
    if not len(table):
        raise DataError("pairs needs two parameters or more that vary; name some by parameters=.")
    shown, which = on_page(len(table), max_panels, page, "pairs")
    values = dict(found)
    diverging = _diverging(idata, len(found[0][1]))
    keep = spaced(len(diverging), _MOST_POINTS)
    result = panels(ax, len(shown), size=(2.5, 2.4), columns=_COLUMNS)
    for panel, k in zip(result, shown, strict=True):
        one, other, correlation = table.iloc[k]
        x, y = values[one], values[other]
        panel.plot(x[keep], y[keep], ".", color=MODEL, alpha=0.35, markersize=3.0, label="_draws")
        if diverging.any():
            panel.plot(x[diverging], y[diverging], "x", color=ACCENT, markersize=4.0, label="diverged")
        panel.set(xlabel=one, ylabel=other)
        panel.set_title(f"r = {correlation:.2f}", fontsize=SMALL)
        tidy(panel)
    if diverging.any() or which:
        shared_legend(result, which)
    return as_array(result)


def _of_subject(
    posterior: xr.Dataset, subject: object, parameters: Sequence[str] | str | None
) -> list[tuple[str, FloatArray]]:
    """The values of one participant.

    Raises:
        DataError: nobody has that label, or no parameter varies by participant.
    """
    varying = [name for name, dim in parameters_of(posterior).items() if dim is not None]
    wanted = varying if parameters is None else names_of(parameters)
    if not wanted:
        raise DataError("no parameter varies by participant in these results; leave subject out.")
    found = []
    for name in wanted:
        values, dim = participant_values(posterior, name)
        labels = [str(label) for label in values[dim].to_numpy().tolist()]
        if str(subject) not in labels:
            raise DataError(f"subject is {subject!r}; the participants are {listed(values[dim].to_numpy())}.")
        own = values.isel({dim: labels.index(str(subject))}, drop=True)
        marked = CONDITION in own.dims
        found += [(f"{name}[{label}]" if marked else name, draws) for label, draws in cells(own)]
    return found


def _diverging(idata: Results, count: int) -> npt.NDArray[np.bool_]:
    """Which draws diverged, shape (draws,)."""
    if not has_group(idata, "sample_stats") or "diverging" not in group(idata, "sample_stats"):
        return np.zeros(count, dtype=np.bool_)
    return group(idata, "sample_stats")["diverging"].transpose("chain", "draw").to_numpy().astype(np.bool_).ravel()
