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
        hint(
            "Times in seconds; estimates are posterior means with 95% intervals, on the natural scale." + told
        ),
        wide(table, "participants", texts=texts),
    ]
    return Section("participants", "Participants", parts)


def _picture(fit: Fit, values: pd.DataFrame) -> Chart:
    typical = pd.concat(
        [population_table(fit.posterior, name).assign(parameter=name) for name in values["parameter"].unique()]
    )
    keys = ["parameter", CONDITION]
    drawn = values.merge(typical[[*keys, "mean"]].rename(columns={"mean": "typical"}), on=keys, how="left")
    drawn["rank"] = drawn.groupby(keys, sort=False)["mean"].rank(method="first").astype(int)
    first = drawn[(drawn[keys] == drawn[keys].iloc[0]).all(axis=1)].sort_values("rank")
    lowest, highest = first.iloc[0], first.iloc[-1]
    of = " at ".join(word for word in first.iloc[0][keys] if word)
    alt = (
        f"Estimates of {of} for {len(first)} participants with 95% intervals, from {number(float(lowest['mean']))} "
        f"({lowest[PARTICIPANT]}) to {number(float(highest['mean']))} ({highest[PARTICIPANT]})."
    )
    choices = {"parameter": "Parameter"} | ({CONDITION: "Condition"} if (drawn[CONDITION] != "").any() else {})
    caption = "Each line is a participant's 95% interval; the dashed line is the typical participant."
    return ranked("estimates", drawn, alt, caption, choices)
