"""``hs.check_data``: what is in a table of trials, and what a model will make of it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from hddm_sbi.doctor.asked import Asked, check_asked
from hddm_sbi.doctor.checkup import Checkup, checkup
from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.findings import further
from hddm_sbi.doctor.formulas import check_formulas, columns_of, model_says
from hddm_sbi.doctor.look import Look, look
from hddm_sbi.doctor.reasons import explained, in_order, rows_aside, without_consequences
from hddm_sbi.errors import DataError, HDDMWarning
from hddm_sbi.ssm.base import SSM
from hddm_sbi.trials.observed import BOTH
from hddm_sbi.trials.plausibility import Finding as Found
from hddm_sbi.trials.plausibility import find
from hddm_sbi.trials.reading import to_trials
from hddm_sbi.trials.recording import IntArray
from hddm_sbi.trials.stimulus import read_stimulus
from hddm_sbi.trials.subjects import GroupBy
from hddm_sbi.trials.trials import Trials

# Columns that programs write the correctness of a response to.
_CORRECT = ("correct", "accuracy", "acc", "corr", "is_correct")


def check_data(
    df: pd.DataFrame,
    groupby: GroupBy = None,
    formula: Any = None,
    model: str | SSM = "ddm",
    coding: str = "response",
    stimulus: str | Mapping[str, Mapping[Any, Any]] | None = None,
    rt: str = "rt",
    response: str = "response",
    rt_unit: str = "s",
    choices: Sequence[object] | None = None,
    deadline: float | str | None = None,
    truncate: tuple[float | str | None, float | str | None] | None = None,
    go: object = None,
    observed: str | Sequence[str] = BOTH,
    conditions: str | Sequence[str] | None = None,
) -> Checkup:
    """Look a table of trials over before a model is fitted: what is in it, what is odd, and what the model will do.

    Nothing in the table is refused: what ``HierarchicalDDM`` would refuse is a finding, with its sentence.

    Args:
        df: one row per trial; never changed.
        groupby: column of the participant, or columns that name the participant together; None for one population.
        formula: regressions as in ``HierarchicalDDM``; their columns are looked at, and what the model says of the
            design is among the findings.
        model: a name from ``list_models()``, or an ``SSM``; it says how many options there are.
        coding: ``"response"``, ``"accuracy"`` or ``"stimulus"``.
        stimulus: for stimulus coding, the column, or the response that each of its levels calls for.
        rt: column of the response times.
        response: column of the responses.
        rt_unit: ``"s"`` or ``"ms"``.
        choices: labels of the options, lower first.
        deadline: the time limit of responses: seconds, or a column.
        truncate: (low, high): trials with an rt outside were taken out of the data.
        go: in go/no-go, the label of the only response that is made.
        observed: ``("rt", "response")``, or ``"response"`` for choices without their times.
        conditions: columns of factors to look at, and to split the summary by; those of the formula are among them.

    Returns:
        The checkup: ``participants`` and ``findings`` as DataFrames, text when printed, a page by ``to_html``.

    Raises:
        HDDMError: an option names what is not there, such as a column; one sentence that says which and what to do.

    Example:
        >>> import hddm_sbi as hs
        >>> df = hs.load_data("cavanagh_theta")
        >>> checkup = check_data(df, groupby="participant_id", formula="v ~ conf")
        >>> checkup.participants[["participant_id", "conf", "trials", "rt_50"]].head(2)
           participant_id conf  trials  rt_50
        0               0   HC     147   1.71
        1               0   LC     151   1.55
    """
    asked = Asked(
        groupby, _listed(formula), model, coding, stimulus, rt, response, rt_unit, choices, deadline, truncate, go,
        observed, _names(conditions),
    )  # fmt: skip
    table = check_asked(df, asked)
    check_formulas(asked)
    seen = look(table, asked)
    recording = seen.recorded.recording
    found = [*seen.refused, *find(recording)]
    trials = to_trials(seen.recorded) if seen.ordered else None
    correct, more = _correct(table, seen, trials)
    found += more
    if trials is not None and asked.formula is not None and not any(one.severity == "error" for one in found):
        found += model_says(trials, asked)
    factors, covariates, uncentred = columns_of(table, asked)
    experiment = replace(
        _experiment(table, seen, tuple(dict.fromkeys((*asked.conditions, *factors))), covariates, found),
        correct=correct,
        uncentred=uncentred,
    )
    findings = [explained(one) for one in found] + further(experiment)
    reading = trials.reading if trials is not None else ""
    return checkup(experiment, in_order(without_consequences(findings)), reading)


def _experiment(
    table: pd.DataFrame, seen: Look, conditions: tuple[str, ...], covariates: tuple[str, ...], found: list[Found]
) -> Experiment:
    recorded = seen.recorded
    kinds = {one.kind for one in found}
    return Experiment(
        table=table.reset_index(drop=True),
        recording=recorded.recording,
        options=recorded.labels,
        conditions=conditions,
        covariates=covariates,
        read=seen.asked.read,
        known=frozenset(kinds),
        set_aside=rows_aside(found),
    )


def _correct(table: pd.DataFrame, seen: Look, trials: Trials | None) -> tuple[IntArray | None, list[Found]]:
    """Whether each response is correct, as far as coding, stimulus or a column say; and what is wrong with these."""
    choice = seen.recorded.recording.choice
    if seen.asked.coding == "accuracy":
        return (choice if trials is not None else None), []
    if seen.asked.coding == "stimulus" and trials is not None:
        everywhere = np.ones(trials.n, dtype=np.bool_)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", HDDMWarning)
            try:
                signs = read_stimulus(trials, seen.asked.stimulus).signs(trials.frame)
            except DataError as error:
                return None, [Found("stimulus", "error", str(error), everywhere)]
        found = [Found("stimulus", "warning", str(one.message), everywhere) for one in told]
        return np.where(choice >= 0, (choice == 1) == (signs > 0.0), -1).astype(np.int64), found
    for name in table.columns:
        if str(name).strip().lower() in _CORRECT and name not in seen.asked.read:
            values = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
            seen_values = values[np.isfinite(values)]
            if len(seen_values) and np.isin(seen_values, (0.0, 1.0)).all():
                return np.where(np.isfinite(values) & (choice >= 0), values, -1).astype(np.int64), []
    return None, []


def _listed(formula: Any) -> Any:
    """An iterator of formulas as a list, which can be read twice."""
    return formula if formula is None or isinstance(formula, (str, Mapping, list)) else list(formula)


def _names(conditions: str | Sequence[str] | None) -> tuple[str, ...]:
    if conditions is None:
        return ()
    return (conditions,) if isinstance(conditions, str) else tuple(conditions)
