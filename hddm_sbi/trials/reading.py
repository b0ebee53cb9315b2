"""A user's table -> validated, frozen trials."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import check_table, get_column
from hddm_sbi.trials.go_nogo import read_go
from hddm_sbi.trials.limits import read_deadline, read_truncation
from hddm_sbi.trials.no_trials import no_trials
from hddm_sbi.trials.observed import BOTH, sees_times
from hddm_sbi.trials.plausibility import check, missing
from hddm_sbi.trials.recording import FloatArray, Limit, Recording
from hddm_sbi.trials.response_times import check_unit, read_times
from hddm_sbi.trials.responses import Labels, read_responses, response_codes
from hddm_sbi.trials.same_labels import check_labels_once
from hddm_sbi.trials.subjects import GroupBy, Participants, names_of, read_participants
from hddm_sbi.trials.trials import Trials
from hddm_sbi.trials.wording import in_words

# Under which a table carries how it was read from files.
READING = "reading"


def read_trials(
    df: pd.DataFrame,
    *,
    groupby: GroupBy = None,
    rt: str = "rt",
    response: str = "response",
    rt_unit: str = "s",
    coding: str = "response",
    choices: Sequence[object] | None = None,
    counts: Collection[int] = (2,),
    deadline: float | str | None = None,
    truncate: tuple[float | str | None, float | str | None] | None = None,
    go: object = None,
    observed: str | Sequence[str] = BOTH,
) -> Trials:
    """The trials of an experiment, read and validated; the table is left as it is.

    A trial without rt and response is an omission, which takes a ``deadline``; with one of the two, that is what was
    seen of it.

    Args:
        df: one row per trial.
        groupby: column of the participant, or columns that name the participant together; None for one population.
        rt: column of the response times; not read where ``observed`` leaves them out.
        response: column of the responses, as many classes as there are options. The order of 0 and 1, -1 and 1, False
            and True, error (or incorrect) and correct, left and right, lower and upper, and of more than two options
            0, 1, 2, ... is known; for others ``choices`` names it.
        rt_unit: ``"s"``, or ``"ms"``, which is converted: of the response times and of columns of limits.
        coding: ``"response"`` and ``"stimulus"``: responses are the two options; ``"accuracy"``: error and correct.
        choices: the labels of the options, lower first; in a race of accumulators in their order.
        counts: the numbers of options that the model may have.
        deadline: by which a response had to come: seconds, or a column (missing in trials that had none).
        truncate: trials with an rt outside (low, high) were taken out of the data; each end is seconds, a column, or
            None.
        go: in go/no-go, the label of the only response that is made; any other, or none, says that it was withheld.
        observed: ``("rt", "response")``, or ``"response"`` for choices without their times.

    Warns:
        HDDMWarning: the data are such as they are rarely meant to be; see ``plausibility``.

    Raises:
        DataError: the table cannot be read as trials; the message names the column, the value and what to do.
    """
    recorded = record(
        df, groupby=groupby, rt=rt, response=response, rt_unit=rt_unit, coding=coding, choices=choices,
        deadline=deadline, truncate=truncate, go=go, observed=observed,
    )  # fmt: skip
    check(recorded.recording, (missing,))  # before the responses are counted and put in order
    ordered = order_responses(recorded, choices, counts)
    check(ordered.recording)
    return to_trials(ordered)


@dataclass(frozen=True)
class Recorded:
    """What the columns of a table say, before it is judged.

    Args:
        df: the table.
        recording: its columns; choices are places in ``labels`` before they are put in order, then of ``options``.
        labels: the responses, or the options of the model in order.
        participants: whose trial each is.
        words: how responses were read; empty before they are put in order.
    """

    df: pd.DataFrame
    recording: Recording
    labels: Labels
    participants: Participants
    words: str = ""


def record(
    df: pd.DataFrame,
    *,
    groupby: GroupBy = None,
    rt: str = "rt",
    response: str = "response",
    rt_unit: str = "s",
    coding: str = "response",
    choices: Sequence[object] | None = None,
    deadline: float | str | None = None,
    truncate: tuple[float | str | None, float | str | None] | None = None,
    go: object = None,
    observed: str | Sequence[str] = BOTH,
) -> Recorded:
    """The columns of a table as they stand; see ``read_trials`` for the arguments.

    Raises:
        DataError: a column is not there, or holds what it cannot.
    """
    df = check_table(df)
    check_arguments(rt=rt, response=response, rt_unit=rt_unit, groupby=groupby, coding=coding, deadline=deadline,
                    go=go, observed=observed)  # fmt: skip
    times = sees_times(observed)
    rt_column = get_column(df, rt, "rt") if times else None
    response_column = get_column(df, response, "response")
    participants = read_participants(df, groupby)
    check_labels_once(df, participants)
    codes, labels = response_codes(response_column, choices, go)
    low, high = read_truncation(df, truncate, rt_unit)
    recording = Recording(
        rt=np.full(len(df), np.nan) if rt_column is None else read_times(rt_column), unit=rt_unit, choice=codes,
        subject=participants.index, subjects=participants.labels, index=df.index, coding=coding, rt_name=rt,
        response_name=response, groupby=participants.name, deadline=read_deadline(df, deadline, rt_unit), low=low,
        high=high, go=go, times=times,
    )  # fmt: skip
    recording = replace(recording, no_trials=no_trials(df, recording.omitted))
    return Recorded(df, recording, labels, participants)


def order_responses(recorded: Recorded, choices: Sequence[object] | None, counts: Collection[int]) -> Recorded:
    """The same with choices that are options of the model.

    Raises:
        DataError: there are not so many responses, or their order is not known.
    """
    recording, name = recorded.recording, recorded.recording.response_name
    codes, labels = recording.choice, recorded.labels
    if recording.go is None:
        choice, options, words = read_responses(
            codes, labels, name, coding=recording.coding, choices=choices, counts=counts
        )
    else:
        choice, options, words = read_go(codes, labels, name, recording.go, choices=choices, counts=counts)
    return replace(recorded, recording=replace(recording, choice=choice), labels=options, words=words)


def to_trials(ordered: Recorded) -> Trials:
    """The trials, of choices that are options."""
    recording, participants = ordered.recording, ordered.participants
    return Trials(
        rt=recording.seconds,
        choice=recording.choice,
        options=ordered.labels,
        frame=participants.frame(ordered.df),
        groupby=participants.name,
        subject=participants.index,
        subjects=participants.labels,
        reading=in_words(recording, ordered.words, _before(ordered.df)),
        recording=recording,
        deadline=_seconds(recording.deadline, np.inf),
        low=_seconds(recording.low, 0.0),
        high=_seconds(recording.high, np.inf),
        truncated=recording.low is not None or recording.high is not None,
        go=recording.go is not None,
        times=recording.times,
        named_by=participants.columns,
        stated=participants.stated,
    )


def check_arguments(
    *, rt: str, response: str, rt_unit: str, groupby: GroupBy, coding: str, deadline: object, go: object,
    observed: str | Sequence[str],
) -> None:  # fmt: skip
    """Refuse arguments that no table could be read by; see ``read_trials``.

    Raises:
        DataError: names the argument.
    """
    check_unit(rt_unit)
    times = sees_times(observed)
    if go is not None:
        _check_go(coding, times)
    _check_distinct({"rt": rt if times else None, "response": response, "deadline": deadline}, groupby)


def _before(df: pd.DataFrame) -> str:
    """Which rows of files were left out before, as the table tells."""
    told = df.attrs.get(READING)
    return str(told.get("rows_in_words", "")) if isinstance(told, dict) else ""


def _seconds(limit: Limit | None, none: float) -> FloatArray:
    return np.array(none) if limit is None else limit.seconds


def _check_go(coding: str, times: bool) -> None:
    if coding == "accuracy":
        raise DataError(
            'go and coding="accuracy" exclude each other: in go/no-go the options are the go response and withholding '
            "it, whether right or wrong; leave coding out, and tell go from no-go stimuli in the formula of v."
        )
    if not times:
        raise DataError(
            'go and observed="response" exclude each other: without the times of the go responses, go/no-go data are a '
            "share; leave observed out, or go, and give the withheld response a label of its own to fit choices alone."
        )


def _check_distinct(columns: dict[str, object], groupby: GroupBy) -> None:
    seen: dict[str, str] = {}
    for argument, column in (*columns.items(), *(("groupby", name) for name in names_of(groupby))):
        if isinstance(column, str):
            if column in seen:
                raise DataError(
                    f"{seen[column]} and {argument} both name the column '{column}'; each needs a column of its own."
                )
            seen[column] = argument
