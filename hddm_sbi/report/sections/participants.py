"""The participants: their estimates from low to high, and a table that sorts and filters."""

from __future__ import annotations

import pandas as pd

from hddm_sbi.plots.estimates import population_table
from hddm_sbi.report.charts.chart import Chart
from hddm_sbi.report.charts.intervals import ranked
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.people import CONDITION, PARTICIPANT, estimates, participants
from hddm_sbi.report.sections.writing import Section, hint, number, wide


def section(fit: Fit) -> Section | None:
    """A picture by parameter and condition, and the table; None where nothing varies by participant."""
    values = estimates(fit)
    if values.empty:
        return None
    table, texts = participants(fit, values)
    pooled = any(str(name).startswith("pooled ") for name in table.columns)
    told = (
        " 'Pooled' is the share of the estimate that comes from the population instead of the participant's own trials "
        "(Gelman & Pardoe, 2006): of its intercept, on the scale of the link."
        if pooled
        else ""
    )
    parts: list[str | Chart] = [
        _picture(fit, values),
        hint("Times in seconds; estimates are posterior means with 95% intervals, on the natural scale." + told),
        wide(table, "participants", texts=texts),
    ]
    return Section("participants", "Participants", parts)


def _picture(fit: Fit, values: pd.DataFrame) -> Chart:
    typical = pd.concat(
        [population_table(fit.posterior, name).assign(parameter=name) for name in values["parameter"].unique()]
    )
    keys = ["parameter", CONDITION]
    drawn = values.merge(typical[[*keys, "mean"]].rename(columns={"mean": "typical"}), on=keys, how="left")
    drawn["of"] = drawn["parameter"] + drawn[CONDITION].map(lambda label: f"[{label}]" if label else "")
    drawn["rank"] = drawn.groupby("of", sort=False)["mean"].rank(method="first").astype(int)
    drawn = drawn.drop(columns=keys)
    first = drawn[drawn["of"] == drawn["of"].iloc[0]].sort_values("rank")
    lowest, highest, of = first.iloc[0], first.iloc[-1], first["of"].iloc[0]
    alt = (
        f"Estimates of {of} for {len(first)} participants with 95% intervals, from {number(float(lowest['mean']))} "
        f"({lowest[PARTICIPANT]}) to {number(float(highest['mean']))} ({highest[PARTICIPANT]})."
    )
    caption = "Each line is a participant's 95% interval; the dashed line is the typical participant."
    return ranked("estimates", drawn, alt, caption, {"of": "Parameter"})
