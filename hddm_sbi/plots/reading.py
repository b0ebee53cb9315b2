"""What a plot is given, a result or trials, as observed and predicted trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.likelihoods.observation.seen import UNSEEN
from hddm_sbi.plots.observed import IntArray, Predicted
from hddm_sbi.results.to_arviz import Results, group, has_group, recorded_model, spaced
from hddm_sbi.trials.columns import listed, plain
from hddm_sbi.trials.trials import Trials

# a result, trials of a model (``model.trials``), or the arrays themselves
Source: TypeAlias = Results | Trials | Predicted

# 95% ends of this many data sets are known to about 1% of probability; more only cost time.
MOST_DATA_SETS = 400


def read_source(
    data: Source,
    df: pd.DataFrame | None = None,
    options: Sequence[object] | None = None,
    correct: str | npt.ArrayLike | None = None,
    subject: npt.ArrayLike | None = None,
    subjects: Sequence[object] = (),
) -> Predicted:
    """Observed and predicted trials that can be compared, with the columns that they may be divided by.

    Args:
        data: a result with the groups ``observed_data`` and ``posterior_predictive`` or ``prior_predictive``; the
            trials of a model, which are then drawn alone; or the arrays as ``Predicted``.
        df: the table of the trials, for columns that the model did not use.
        options: labels of the options, in order; by default those of the data.
        correct: the correct option of each trial, a column or labels: choices become errors and correct responses.
        subject: participant of each trial, by label, or by place where ``subjects`` are given.
        subjects: labels of the participants.

    Raises:
        DataError: a group, a column or a label is missing, or numbers of trials differ.
    """
    told: Mapping[str, Mapping[str, object]] = {}
    if isinstance(data, Predicted):
        found = data
    elif isinstance(data, Trials):
        found = _of_trials(data)
    elif isinstance(data, pd.DataFrame) or hasattr(data, "trials"):
        what = "a table" if isinstance(data, pd.DataFrame) else "a model"
        raise DataError(f"plots draw a result of sample, or the trials of a model, model.trials; this is {what}.")
    else:
        found = from_results(data, options)
        told = recorded_model(data).get("stimulus") or {}
    if options is not None and not isinstance(data, Predicted):
        found = replace(found, options=_enough(options, found))
    if subject is not None:
        found = _with_subjects(found, np.asarray(subject), subjects)
    if df is not None:
        found = replace(found, columns={**found.columns, **_columns(df, len(found.rt))})
    found = found.thinned(MOST_DATA_SETS)
    return (found if correct is None else found.scored(_right(found, correct, told))).comparable()


def from_results(idata: Results, options: Sequence[object] | None = None) -> Predicted:
    """Observed trials of a result, and predicted ones: the posterior's, or the prior's where it has no others.

    Raises:
        DataError: one of the groups is missing, or there are more choices than labels.
    """
    prior_alone = has_group(idata, "prior_predictive") and not has_group(idata, "posterior_predictive")
    name = "prior_predictive" if prior_alone else "posterior_predictive"
    if not has_group(idata, name):
        raise DataError(
            "the results have no group 'posterior_predictive', predicted trials: ask for it by "
            "model.sample(..., groups=['posterior_predictive'])."
        )
    observed, predictive = group(idata, "observed_data"), group(idata, name)
    n = observed.sizes["trial"]
    predictive = predictive.isel(draw=spaced(predictive.sizes["draw"], MOST_DATA_SETS // predictive.sizes["chain"]))
    predicted = {name: predictive[name].transpose("chain", "draw", "trial") for name in ("rt", "choice")}
    if predicted["rt"].sizes["trial"] != n:
        raise DataError(
            f"the results have {n:,} observed trials and {predicted['rt'].sizes['trial']:,} predicted ones; predict "
            "the trials that were observed."
        )
    recorded = recorded_model(idata)
    columns = _constant(idata, n)
    highest = (float(values.max()) for values in (observed["choice"], predicted["choice"]) if values.size)
    count = 1 + int(max((one for one in highest if one == one), default=0.0))
    labels = recorded.get("choices") if options is None else options
    if labels is None:
        labels = ("lower", "upper") if count <= 2 else range(count)
    found = Predicted(
        rt=observed["rt"].to_numpy(),
        choice=indices(observed["choice"].to_numpy()),
        predicted_rt=predicted["rt"].to_numpy().reshape(-1, n),
        predicted_choice=indices(predicted["choice"].to_numpy()).reshape(-1, n),
        options=tuple(labels),
        columns=columns,
    )
    _enough(labels, found)
    groupby = recorded.get("groupby")
    who = ":".join(groupby) if isinstance(groupby, list) else groupby
    return replace(_with_subjects(found, columns[who]), groupby=who) if who in columns else found


def _of_trials(trials: Trials) -> Predicted:
    """The observed trials, without predictions."""
    nothing = np.empty((0, trials.n))
    return Predicted(
        rt=trials.rt, choice=trials.choice, predicted_rt=nothing, predicted_choice=nothing.astype(np.int64),
        options=trials.options, subject=trials.subject if trials.groupby else None, subjects=trials.subjects,
        groupby=trials.groupby, columns=_columns(trials.frame, trials.n),
    )  # fmt: skip


def _enough(options: Sequence[object], data: Predicted) -> tuple[object, ...]:
    """The labels, if there is one for every choice.

    Raises:
        DataError: there are more choices.
    """
    count = 1 + max(int(data.choice.max(initial=-1)), int(data.predicted_choice.max(initial=-1)))
    if count > len(options):
        raise DataError(f"there are {count} choices, but options names {len(options)}: {tuple(options)!r}.")
    return tuple(options)


def _columns(df: pd.DataFrame, n: int) -> dict[str, Any]:
    if not isinstance(df, pd.DataFrame):
        raise DataError(f"df must be a pandas DataFrame, one row a trial, not {type(df).__name__}.")
    if len(df) != n:
        raise DataError(f"df has {len(df):,} rows, but there are {n:,} trials; give the table that was fitted.")
    return {str(name): df[name].array for name in df.columns}


def _constant(idata: Results, n: int) -> dict[str, Any]:
    """The columns that the model used, by the names that they had in the table."""
    if not has_group(idata, "constant_data"):
        return {}
    found = group(idata, "constant_data")
    return {
        str(name).replace("÷", "/"): values.to_numpy()
        for name, values in found.data_vars.items()
        if values.dims == ("trial",) and name != "design_row" and len(values) == n
    }


def indices(choice: npt.NDArray[Any]) -> IntArray:
    """Choices as option indices, -1 where NaN stands for none."""
    if choice.dtype.kind == "i":
        return choice
    return np.where(np.isnan(choice), UNSEEN, choice).astype(np.int8)


def _with_subjects(data: Predicted, subject: npt.NDArray[Any], subjects: Sequence[object] = ()) -> Predicted:
    """The trials with their participants.

    Raises:
        DataError: the labels do not fit the trials, or the participants.
    """
    n = len(data.rt)
    if subject.shape != (n,):
        raise DataError(f"subject has {len(subject):,} labels, but there are {n:,} trials; give one for each trial.")
    if not len(subjects):
        labels = pd.unique(pd.Series(subject))
        ordered = sorted(labels.tolist(), key=lambda value: (isinstance(value, str), value))
        place = {label: k for k, label in enumerate(ordered)}
        code = np.array([place[value] for value in subject.tolist()], dtype=np.int64)
        return replace(data, subject=code, subjects=tuple(plain(label) for label in ordered))
    place = {str(plain(label)): k for k, label in enumerate(subjects)}
    as_text = [str(plain(value)) for value in subject.tolist()]
    if all(text in place for text in as_text):
        code = np.array([place[text] for text in as_text], dtype=np.int64)
    elif subject.dtype.kind in "iu" and subject.min() >= 0 and subject.max() < len(subjects):
        code = subject.astype(np.int64)
    else:
        unknown = next(text for text in as_text if text not in place)
        raise DataError(f"subject names '{unknown}', who is not among subjects, {listed(subjects)}.")
    return replace(data, subject=code, subjects=tuple(subjects))


def _right(data: Predicted, correct: str | npt.ArrayLike, told: Mapping[str, Mapping[str, object]]) -> IntArray:
    """The index of the correct option of each trial.

    Raises:
        DataError: there is no such column, or a label that is no option.
    """
    if isinstance(correct, str):
        if correct not in data.columns:
            raise DataError(f"the trials have no column '{correct}', only {listed(data.columns)}; pass df with it.")
        values = pd.Series(data.columns[correct]).tolist()
        named = told.get(correct, {})
        values = [named.get(str(plain(value)), value) for value in values]
    else:
        values = np.asarray(correct).tolist()
    if len(values) != len(data.rt):
        raise DataError(
            f"correct has {len(values):,} labels, but there are {len(data.rt):,} trials; give one for each."
        )
    place = {str(plain(option)): k for k, option in enumerate(data.options)}
    unknown = next((value for value in values if str(plain(value)) not in place), None)
    if unknown is not None:
        raise DataError(
            f"correct names {plain(unknown)!r}, which is no option; the options are {listed(data.options)}."
        )
    return np.array([place[str(plain(value))] for value in values], dtype=np.int64)
