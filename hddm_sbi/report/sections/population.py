"""The population in numbers: the typical participant, the mean, and what they are computed from."""

from __future__ import annotations

import pandas as pd

from hddm_sbi.likelihoods.observation.lapses import LAPSE_PARAMETERS
from hddm_sbi.report.charts.chart import Chart
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.sections.writing import Section, between, folded, hint, wide

_FURTHER = {
    "coefficient": "Coefficients on the scale of the link",
    "sd": "Standard deviations between groups, on the scale of the link",
}
_LABELS = {"low": "2.5%", "high": "97.5%", "ess": "ESS", "r_hat": "R-hat"}


def section(fit: Fit) -> Section:
    """The table on the natural scale, and further ones that are folded away."""
    summary = fit.summary
    parts: list[str | Chart] = []
    natural = summary[(summary["kind"] == "typical") & ~summary.index.isin(LAPSE_PARAMETERS)]
    lapses = summary[summary.index.isin(LAPSE_PARAMETERS)]
    if len(natural) + len(lapses):
        parts += [
            hint(
                "Posterior means with equal-tailed 95% intervals, on the natural scale of each parameter (times in "
                "seconds). The typical participant is the median of the population; the "
                "population's mean also depends on how much participants differ."
            ),
            wide(*_natural(summary, natural, lapses)),
        ]
    else:
        parts.append(hint("Participants were fitted apart: there is no population, and their table has all values."))
    for kind, title in _FURTHER.items():
        rows = summary[summary["kind"] == kind]
        if len(rows):
            parts += folded(title, [wide(_plain(rows), title.lower(), labels=_LABELS)], len(rows))
    return Section("population", "Population", parts)


def _natural(summary: pd.DataFrame, natural: pd.DataFrame, lapses: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The table of the natural scale, and what its rows are."""
    table = _plain(pd.concat([natural, lapses]))
    means = []
    for label in table["quantity"]:
        name, bracket, rest = str(label).partition("[")
        key = f"{name}_mean{bracket}{rest}"
        means.append(
            f"{summary.loc[key, 'mean']:.3f} {between(summary.loc[key, '2.5%'], summary.loc[key, '97.5%'])}"
            if key in summary.index
            else ""
        )
    if any(means):
        table.insert(5, "population's mean", means)
    return table.rename(columns=_LABELS), "parameters of the population"


def _plain(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "quantity": rows.index.astype(str),
            "mean": rows["mean"].to_numpy(),
            "sd": rows["sd"].to_numpy(),
            "low": rows["2.5%"].to_numpy(),
            "high": rows["97.5%"].to_numpy(),
            "ess": rows[["ess_bulk", "ess_tail"]].min(axis=1).round().astype("Int64").array,
            "r_hat": rows["r_hat"].to_numpy(),
        }
    )
