"""Posterior predictive checks: what was observed beside what the model predicts."""

from __future__ import annotations

from hddm_sbi.likelihoods.observation.seen import UNSEEN
from hddm_sbi.plots.cells import cells_of
from hddm_sbi.plots.histogram import option_name
from hddm_sbi.plots.observed import Predicted
from hddm_sbi.plots.tables import share_table
from hddm_sbi.report.charts.chart import Chart
from hddm_sbi.report.charts.times import times
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.sections.writing import Section, heading, hint, wide
from hddm_sbi.report.times import binned_times


def section(fit: Fit) -> Section:
    """Shares of responses and omissions, quantiles by cell, and times to look at closely."""
    data = fit.predicted
    conditions = [str(name) for name in fit.model.conditions.columns]
    parts: list[str | Chart] = [
        hint(
            f"Observed trials beside {data.sets} experiments that were simulated from the posterior, with the same "
            "participants, trials and limits. A model that fits has about 95% of the observed values inside the bands."
        )
    ]
    if data.timed:
        parts.append(_picture(data, conditions))
    parts += [heading("Shares of responses"), _shares(data, conditions)]
    return Section("checks", "Does the model fit?", parts)


def _shares(data: Predicted, conditions: list[str]) -> str:
    table = share_table(data, cells_of(data, conditions or None))
    names = [option_name(data, k) for k in range(len(data.options))]
    made = [k for k in range(len(data.options)) if data.shows(k)]
    silent = "no response" if 0 in made else "withheld"
    table = table[table["option"].isin([*made, UNSEEN])].copy()
    table["option"] = [names[k] if k >= 0 else silent for k in table["option"]]
    if not conditions:
        table = table.drop(columns="cell")
    labels = {"cell": "condition", "option": "response", "observed": "observed %", "median": "predicted %"}
    labels |= {"low": "2.5%", "high": "97.5%"}
    percents = ("observed", "low", "median", "high")
    texts = {name: [f"{value:.1f}" for value in table[name]] for name in percents}
    return wide(table, "responses", labels=labels, texts=texts)


def _picture(data: Predicted, conditions: list[str]) -> Chart:
    table = binned_times(data, conditions)
    names = [option_name(data, k) for k in range(len(data.options)) if data.shows(k)]
    choices = {
        column: label
        for column, label in (("participant", "Participant"), ("condition", "Condition"))
        if table[column].nunique() > 1
    }
    alt = (
        "Response times by response, of everybody in all conditions: bars of the observed trials, and the median and "
        "95% band of the predicted ones. The tables below have the numbers."
    )
    caption = (
        "Bars: observed. Line and band: median and 95% of the predicted experiments. Choose a participant or a "
        "condition to look closer."
    )
    return times("times", table, names, alt, caption, choices)
