"""What differs between conditions: all pairs of cells."""

from __future__ import annotations

import pandas as pd

from hddm_sbi.report.charts.chart import Chart
from hddm_sbi.report.charts.intervals import rows
from hddm_sbi.report.differences import MOST_CELLS, differences
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.sections.writing import Section, hint, number, wide

# A picture of more rows than a screen holds is no help beside the table.
_MOST_ROWS = 40
_SHORT = {"direction": "probability", "ess": "ESS", "r_hat": "R-hat"}


def section(fit: Fit) -> Section | None:
    """Pictures by parameter, and the table; None where no parameter differs between conditions."""
    table = differences(fit.posterior, fit.model.conditions)
    if table.empty:
        return None
    parts: list[str | Chart] = [
        hint(
            "The typical participant's value in one condition less that in another, on the natural scale: posterior "
            "mean and equal-tailed 95% interval, and the probability of the more probable direction. Every row reads "
            "as model.contrast(idata, ...) takes it, which also answers for the population's mean, each participant, "
            "ratios and regions of no practical effect. Many differences are shown at once: those that a question was "
            "asked about before the data were seen count for more."
        )
    ]
    if len(fit.model.conditions) > MOST_CELLS:
        parts.append(hint(f"Of more than {MOST_CELLS} cells, those are compared that differ in one factor."))
    for parameter, own in table.groupby("parameter", sort=False):
        if len(own) <= _MOST_ROWS:
            parts.append(_picture(str(parameter), own))
    shown = table.drop(columns=["label", "p_direction"])
    parts.append(wide(shown, "differences", labels=_SHORT))
    return Section("contrasts", "Contrasts", parts)


def _picture(parameter: str, own: pd.DataFrame) -> Chart:
    told = [
        f"{row.contrast}: {number(row.mean)}, 95% interval {number(row.low)} to {number(row.high)}, {row.direction}"
        for row in own.rename(columns={"2.5%": "low", "97.5%": "high"}).itertuples()
    ]
    drawn = own.assign(
        low=own["2.5%"],
        high=own["97.5%"],
        told=told,
    )[["label", "mean", "low", "high", "told"]]
    alt = (
        f"Differences of {parameter} between conditions, posterior means and 95% intervals. "
        + "; ".join(told[:12])
        + "."
    )
    return rows(f"contrast-{parameter}", drawn, alt, "", f"difference of {parameter}", origin=0.0)
