"""The participants as a table: what each did, what was estimated, and how much of that comes from the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from hddm_sbi.plots.estimates import parameters_of, participant_table
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.shrinkage import shrinkage
from hddm_sbi.trials.columns import plain
from hddm_sbi.trials.trials import Trials

PARTICIPANT, CONDITION = "participant", "condition"


def estimates(fit: Fit) -> pd.DataFrame:
    """Each participant's value of each parameter that varies between them.

    Returns:
        Columns ``parameter``, ``participant`` and ``condition`` as text (empty where a parameter has none), ``mean``,
        ``low``, ``high``; no row where nothing varies by participant.
    """
    names = [name for name, dim in parameters_of(fit.posterior).items() if dim is not None]
    tables = [participant_table(fit.posterior, name).assign(parameter=name) for name in names]
    if not tables:
        return pd.DataFrame(columns=["parameter", PARTICIPANT, CONDITION, "mean", "low", "high"])
    found = pd.concat(tables, ignore_index=True)
    found = found.assign(
        **{name: found[name].map(lambda label: str(plain(label))) for name in (PARTICIPANT, CONDITION)}
    )
    # condition by condition, so that the first rows of a parameter are of its first condition
    order = {str(label): place for place, label in enumerate(fit.model.conditions.index)}
    at = found[CONDITION].map(order).fillna(0).to_numpy()
    parameter = pd.factorize(found["parameter"])[0]
    return found.iloc[np.lexsort((np.arange(len(found)), at, parameter))].reset_index(drop=True)


def participants(fit: Fit, values: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Sequence[str]]]:
    """One row for each participant, or each of their conditions.

    Args:
        fit: the fit.
        values: of ``estimates``.

    Returns:
        The table, with posterior means; and the texts that its columns of estimates show, with intervals.
    """
    conditions = [label for label in dict.fromkeys(values[CONDITION]) if label]
    keys = [PARTICIPANT, CONDITION] if conditions else [PARTICIPANT]
    table = _observed(fit, bool(conditions))
    texts: dict[str, Sequence[str]] = {}
    for parameter, own in values.groupby("parameter", sort=False):
        on = keys if (own[CONDITION] != "").any() else [PARTICIPANT]
        table = table.merge(
            own[[*on, "mean", "low", "high"]].rename(columns={"mean": str(parameter)}), on=on, how="left"
        )
        texts[str(parameter)] = [
            "-" if np.isnan(mean) else f"{mean:.3f} [{low:.3f}, {high:.3f}]"
            for mean, low, high in table[[str(parameter), "low", "high"]].to_numpy(dtype=np.float64)
        ]
        table = table.drop(columns=["low", "high"])
    shares = shrinkage(fit.posterior)
    by_label = {str(plain(label)): place for place, label in enumerate(shares.index)}
    at = table[PARTICIPANT].map(by_label)
    for parameter in shares.columns:
        share = shares[parameter].to_numpy()[at.to_numpy(dtype=np.int64)] if len(shares) else []
        table[f"pooled {parameter}"] = share
        texts[f"pooled {parameter}"] = [f"{100.0 * value:.0f}%" for value in share]
    return table, texts


def _observed(fit: Fit, by_condition: bool) -> pd.DataFrame:
    """Trials, shares of responses, the median time and omissions of each participant, or each of their conditions."""
    trials = fit.model.trials
    who = np.array([str(plain(label)) for label in trials.subjects], dtype=object)[trials.subject]
    keys = {PARTICIPANT: who} | ({CONDITION: condition_of(fit)} if by_condition else {})
    rows = pd.DataFrame({**keys, "rt": trials.rt, "silent": ~trials.rt_seen & ~trials.choice_seen})
    order = {str(plain(label)): place for place, label in enumerate(trials.subjects)}
    grouped = rows.groupby(list(keys), sort=False)
    table = grouped.agg(trials=("rt", "size"), **{"median rt": ("rt", "median")}).reset_index()
    for name, share in _shares(rows, trials).items():
        table[name] = share.groupby([rows[key] for key in keys], sort=False).mean().to_numpy()
    ordered = table.assign(_at=table[PARTICIPANT].map(order))
    by = ["_at"]
    if by_condition:
        cells = {str(label): place for place, label in enumerate(fit.model.conditions.index)}
        ordered, by = ordered.assign(_cell=table[CONDITION].map(cells)), ["_at", "_cell"]
    return ordered.sort_values(by, ignore_index=True).drop(columns=by)


def _shares(rows: pd.DataFrame, trials: Trials) -> dict[str, pd.Series]:
    """Of each response, as a share of the trials; of two the upper one alone; and of no response."""
    shown = range(len(trials.options)) if len(trials.options) > 2 else [1]
    found = {f"share {plain(trials.options[k])}": pd.Series(trials.choice == k, dtype=float) for k in shown}
    if rows["silent"].any():
        found["share withheld" if trials.go else "share omitted"] = rows["silent"].astype(float)
    return found


def condition_of(fit: Fit) -> np.ndarray:
    """The label of each trial's cell, as the results have it, shape (trials,)."""
    conditions, frame = fit.model.conditions, fit.model.trials.frame
    factors = list(conditions.columns)
    labels = {
        tuple(map(plain, levels)): str(label)
        for label, levels in zip(conditions.index, conditions.itertuples(index=False, name=None), strict=True)
    }
    cells = zip(*(frame[name].tolist() for name in factors), strict=True)
    return np.array([labels[tuple(map(plain, cell))] for cell in cells], dtype=object)
