"""What the data added to what was known before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hddm_sbi.plots.densities import draw_density, finish
from hddm_sbi.plots.estimates import FloatArray, cells, draws_of
from hddm_sbi.plots.panels import MODEL, PRIOR, Canvas, as_array, on_page, panels, shared_legend
from hddm_sbi.plots.population import population_names
from hddm_sbi.results.to_arviz import Results, has_group

_COLUMNS = 4
# Where the axis ends: this share of the prior's draws, or all of the posterior's.
_OF_PRIOR = 0.98


def prior_posterior(
    idata: Results,
    parameters: Sequence[str] | str | None = None,
    ax: Canvas = None,
    *,
    prior: Results | None = None,
    max_panels: int = 16,
    page: int | None = None,
) -> npt.NDArray[np.object_]:
    """Densities of the prior and the posterior of population parameters, in every condition.

    Where both are alike, the data said nothing. Where the posterior leans on an end of the prior, the prior decided.

    Args:
        idata: what ``sample`` returned, with the group ``prior``.
        parameters: names, such as ``"v"``, or of other variables, ``"v_conf"``; default the typical value of each
            parameter.
        ax: a figure, or axes for each panel; default a new figure.
        prior: results with the group ``prior``, such as ``model.prior_predictive()``, where ``idata`` has none.
        max_panels: the number of panels drawn at most.
        page: which of them, 1, 2, ...; by default some that are evenly spaced among all.

    Returns:
        An array of axes, shape (panels,).

    Raises:
        DataError: no draws of the prior, no such parameter or page, no population, or fewer than 20 draws.

    Example:
        >>> model = HierarchicalDDM(load_data("cavanagh_theta"), likelihood="exact")
        >>> idata = model.sample(draws=20, tune=20, chains=2, progress=False, groups=["prior"])
        >>> panels = plots.prior_posterior(idata, "a")
        >>> len(panels)
        1
    """
    posterior = draws_of(idata)
    source = idata if prior is None or has_group(idata, "prior") else prior
    before = draws_of(source, "prior")
    pairs: list[tuple[str, FloatArray, FloatArray]] = []
    for name in population_names(posterior, parameters):
        known = dict(cells(before[name])) if name in before else {}
        pairs += [
            (f"{name}[{label}]" if label else name, known[label], draws)
            for label, draws in cells(posterior[name])
            if label in known
        ]
    shown, which = on_page(len(pairs), max_panels, page, "parameters")
    found = panels(ax, len(shown), size=(2.3, 1.9), columns=_COLUMNS)
    for panel, k in zip(found, shown, strict=True):
        name, one, other = pairs[k]
        inside = within(one, other)
        draw_density(one[inside], panel, PRIOR, "prior", line="--", filled=False)
        draw_density(other, panel, MODEL, "posterior")
        panel.set_ylim(bottom=0.0)
        finish(panel, name)
    shared_legend(found, which)
    return as_array(found)


def within(prior: FloatArray, posterior: FloatArray) -> npt.NDArray[np.bool_]:
    """Which of the prior's draws the axis shows: heavy tails would squeeze all else."""
    tail = 0.5 * (1.0 - _OF_PRIOR)
    low, high = np.quantile(prior, (tail, 1.0 - tail))
    return (prior >= min(low, posterior.min())) & (prior <= max(high, posterior.max()))
