"""What the data added to the priors, in pictures, and the priors in words."""

from __future__ import annotations

from collections.abc import Iterator

from hddm_sbi.plots.estimates import cells
from hddm_sbi.plots.population import population_names
from hddm_sbi.report.charts.chart import Chart
from hddm_sbi.report.charts.densities import prior_and_posterior
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.sections.writing import Section, folded, grid, hint, number, wide
from hddm_sbi.results.quantities import quantities_of

# Curves that can be told apart, and parameters that are drawn.
_MOST_CURVES, _MOST_PARAMETERS = 6, 16


def section(fit: Fit) -> Section:
    """Densities by parameter, and the table of the priors."""
    parts: list[str | Chart] = []
    kinds = quantities_of(fit.posterior.isel(chain=[0], draw=[0])).kinds
    if "typical" in kinds:
        charts = list(_charts(fit))
        parts.append(
            hint(
                "The typical participant's values: the posterior in each condition, and in grey the prior, which is "
                "cut off where it is wider than the picture. Where both are alike, the data said nothing; where the "
                "posterior leans on an end of the prior, the prior decided."
            )
        )
        parts += grid(charts)
    table = fit.model.priors
    parts += folded("All priors, on the scale of the link", [wide(table.astype(str), "priors", prose=True)], len(table))
    return Section("priors", "Prior against posterior", parts)


def _charts(fit: Fit) -> Iterator[Chart]:
    posterior, before = fit.posterior, fit.prior
    names = [name for name in population_names(posterior, None) if name in before]
    for name in names[:_MOST_PARAMETERS]:
        known = dict(cells(before[name]))
        pairs = [(label, known[label], draws) for label, draws in cells(posterior[name]) if label in known]
        pairs = pairs[:_MOST_CURVES]
        told = "; ".join(
            f"{label or 'posterior'} {number(float(draws.mean()))} (sd {number(float(draws.std()))}), prior "
            f"{number(float(prior.mean()))} (sd {number(float(prior.std()))})"
            for label, prior, draws in pairs
        )
        yield prior_and_posterior(f"prior-{name}", name, pairs, f"Prior and posterior of {name}, means: {told}.")
