"""Participants whose labels start anew in each group: asked about, since merging them would be silent."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import enumerated, labels_of, listed
from hddm_sbi.trials.subjects import Participants

# What people call columns that say something about a person, and so have one value for each.
_OF_PEOPLE = (
    "age.?group|center|centre|clinic|clinical.?group|cohort|country|diagnosis|dx|experiment|gender|group|hospital|is.?"
    "patient|lab|laboratory|nationality|patient|patients|population|school|sex|site|university"
)
_NAME = re.compile(f"(participant|subject|subj|sub|exp)?.?({_OF_PEOPLE})s?.?(id|no|nr|num|number|name|code)?", re.I)
_NAMED = 3


def check_labels_once(df: pd.DataFrame, participants: Participants) -> None:
    """Ask where participants are in several levels of a column that says something about people.

    A list for ``groupby`` is the answer, one of a single column included.

    Raises:
        DataError: names the column, the participants, and both ways to say what they are.
    """
    if participants.name is None or participants.stated:
        return
    for column in df.columns:
        if not isinstance(column, str) or column == participants.name or not _NAME.fullmatch(column.strip()):
            continue
        codes, labels = labels_of(df[column])
        pairs = np.unique((participants.index * len(labels) + codes)[codes >= 0])
        people, counts = np.unique(pairs // max(1, len(labels)), return_counts=True)
        several = people[counts > 1].tolist()
        if several:
            raise DataError(_question(column, labels, participants, several))


def _question(column: str, labels: tuple[object, ...], participants: Participants, several: list[int]) -> str:
    names = [repr(participants.labels[i]) for i in several[:_NAMED]]
    who = enumerated(names) if len(several) <= _NAMED else f"{', '.join(names)} and {len(several) - _NAMED} more"
    plural, have = ("s", "have") if len(several) > 1 else ("", "has")
    return (
        f"participant{plural} {who} of column '{participants.name}' {have} trials in several levels of '{column}' "
        f"({listed(labels)}); if these are different people with the same label, say groupby="
        f"{[column, participants.name]!r}, and if they are the same people, groupby={[participants.name]!r}."
    )
