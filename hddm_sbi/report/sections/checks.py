"""Posterior predictive checks: what was observed beside what the model predicts, of the same people and of new ones."""

from __future__ import annotations

import pandas as pd

from hddm_sbi.plots.histogram import option_name
from hddm_sbi.plots.observed import Predicted
from hddm_sbi.report.charts.chart import Chart
from hddm_sbi.report.charts.quantiles import quantiles
from hddm_sbi.report.charts.times import times
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.quantiles import NEW, QUANTILE, SAME, SHARE
from hddm_sbi.report.sections.writing import Section, folded, heading, hint, number, wide
from hddm_sbi.report.times import binned_times

_PEOPLE = {SAME: "the same people", NEW: "new people"}
_LABELS = {"cell": "condition", "low": "5%", "high": "95%", "median": "predicted"}
# A picture of more rows than a screen holds is no help beside the table.
_MOST_ROWS = 40


def section(fit: Fit) -> Section:
    """Times to look at closely, quantiles by cell and response, shares of responses and omissions."""
    data, table = fit.predicted, fit.quantiles
    sets, without = table.attrs["data_sets"], table.attrs["without_new"]
    told = " and ".join(f"{count:,} with {_PEOPLE[people]}" for people, count in sets.items())
    parts: list[str | Chart] = [
        hint(
            f"Observed trials beside experiments that were simulated from the posterior, {told}. Those with the same "
            "people tell whether the model describes this experiment, those with new people, drawn from the population "
            "with the same conditions and limits, what it says of a replication. Of a model that fits, about 90% of "
            "what was observed lies within the bands."
        )
    ]
    if without:
        parts.append(hint(f"There are no predictions for new people: {without}"))
    if data.timed:
        parts.append(_times(data, [str(name) for name in fit.model.conditions.columns]))
    shown = table.assign(people=table["people"].map(_PEOPLE))
    of_times, shares = (shown[shown["what"] == what] for what in (QUANTILE, SHARE))
    if len(of_times):
        parts += [heading("Quantiles of response times"), _picture(of_times)]
        parts += folded("The quantiles in numbers", [wide(_times_table(of_times), "quantiles", labels=_LABELS)])
    parts += [heading("Shares of responses and omissions, percent"), _shares(shares)]
    return Section("checks", "Posterior predictive checks", parts)


def _times_table(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[["people", "cell", "response", "probability", "observed", "median", "low", "high"]]


def _shares(rows: pd.DataFrame) -> str:
    table = rows[["people", "cell", "response", "observed", "median", "low", "high"]]
    texts = {name: [f"{value:.1f}" for value in table[name]] for name in ("observed", "median", "low", "high")}
    return wide(table, "responses", labels=_LABELS, texts=texts)


def _picture(rows: pd.DataFrame) -> Chart:
    drawn = rows.assign(label=rows["cell"] + ": " + rows["response"])
    drawn = drawn[["people", "label", "probability", "observed", "low", "median", "high"]]
    shown = drawn["label"].unique()[:_MOST_ROWS]
    drawn = drawn[drawn["label"].isin(shown)]
    same = drawn[drawn["people"] == _PEOPLE[SAME]]
    inside = (same["observed"] >= same["low"]) & (same["observed"] <= same["high"])
    known = same["observed"].notna()
    alt = (
        f"Quantiles .1, .3, .5, .7 and .9 of the response times by condition and response: {int(inside.sum())} of the "
        f"{int(known.sum())} observed ones lie within the 90% band of what is predicted for the same people."
    )
    caption = "Crosses: observed quantiles .1, .3, .5, .7 and .9. Bars and ticks: 90% and median of what is predicted."
    choices = {"people": "Predicted for"} if drawn["people"].nunique() > 1 else {}
    return quantiles("quantiles", drawn, alt, caption, choices)


def _times(data: Predicted, conditions: list[str]) -> Chart:
    table = binned_times(data, conditions)
    names = [option_name(data, k) for k in range(len(data.options)) if data.shows(k)]
    choices = {
        column: label
        for column, label in (("participant", "Participant"), ("condition", "Condition"))
        if table[column].nunique() > 1
    }
    first = table[(table["participant"] == table["participant"].iloc[0])]
    first = first[first["condition"] == table["condition"].iloc[0]]
    within = (first["observed"] >= first["low"]) & (first["observed"] <= first["high"])
    alt = (
        "Response times by response, of everybody in all conditions: bars of the observed trials, and the median and "
        f"90% band of the predicted ones; {number(int(within.sum()))} of {len(first)} bars end within the band."
    )
    caption = (
        f"Bars: observed. Line and band: median and 90% of {data.sets} predicted experiments with the same people. "
        "Choose a participant or a condition to look closer."
    )
    return times("times", table, names, alt, caption, choices)
