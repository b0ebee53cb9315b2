"""A user's table -> validated, frozen trials."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import check_table, get_column
from hddm_sbi.trials.plausibility import check, missing
from hddm_sbi.trials.recording import Recording
from hddm_sbi.trials.response_times import read_rt
from hddm_sbi.trials.responses import read_responses, response_codes
from hddm_sbi.trials.subjects import IntArray, read_subjects
from hddm_sbi.trials.trials import Trials


def read_trials(
    df: pd.DataFrame,
    *,
    groupby: str | None = None,
    rt: str = "rt",
    response: str = "response",
    rt_unit: str = "s",
    coding: str = "response",
    choices: Sequence[object] | None = None,
    counts: Collection[int] = (2,),
) -> Trials:
    """The trials of an experiment, read and validated; the table is left as it is.

    Args:
        df: one row per trial.
        groupby: column of the participant, or None for one population.
        rt: column of the response times.
        response: column of the responses, as many classes as there are options. The order of 0 and 1, -1 and 1, False
            and True, error (or incorrect) and correct, left and right, lower and upper, and of more than two options
            0, 1, 2, ... is known; for others ``choices`` names it.
        rt_unit: ``"s"``, or ``"ms"``, which is converted.
        coding: ``"response"`` and ``"stimulus"``: responses are the two options; ``"accuracy"``: error and correct.
        choices: the labels of the options, lower first; in a race of accumulators in their order.
        counts: the numbers of options that the model may have.

    Warns:
        HDDMWarning: the data are such as they are rarely meant to be; see ``plausibility``.

    Raises:
        DataError: the table cannot be read as trials; the message names the column, the value and what to do.
    """
    df = check_table(df)
    _check_distinct({"rt": rt, "response": response, "groupby": groupby})
    rt_column = get_column(df, rt, "rt")
    response_column = get_column(df, response, "response")
    subject_column = None if groupby is None else get_column(df, groupby, "groupby")

    codes, labels = response_codes(response_column, choices)
    everyone: tuple[IntArray, tuple[object, ...]] = np.zeros(len(df), dtype=np.int64), ()
    subject, subjects = everyone if subject_column is None else read_subjects(subject_column)
    recording = Recording(
        rt=read_rt(rt_column, rt_unit), unit=rt_unit, choice=codes, subject=subject, subjects=subjects, index=df.index,
        coding=coding, rt_name=rt, response_name=response, groupby=groupby,
    )  # fmt: skip
    check(recording, (missing,))  # before the responses are counted and put in order
    choice, options, responses_in_words = read_responses(
        codes, labels, response, coding=coding, choices=choices, counts=counts
    )
    recording = replace(recording, choice=choice)
    check(recording)
    unit_in_words = "in seconds" if rt_unit == "s" else "in milliseconds, converted to seconds"
    return Trials(
        rt=recording.seconds,
        choice=choice,
        options=options,
        frame=df.reset_index(drop=True),
        groupby=groupby,
        subject=subject,
        subjects=subjects,
        reading=f"{rt} {unit_in_words}; {responses_in_words}.",
        recording=recording,
    )


def _check_distinct(columns: dict[str, str | None]) -> None:
    seen: dict[str, str] = {}
    for argument, column in columns.items():
        if isinstance(column, str):
            if column in seen:
                raise DataError(
                    f"{seen[column]} and {argument} both name the column '{column}'; each needs a column of its own."
                )
            seen[column] = argument
