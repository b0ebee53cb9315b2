"""Rows that are no trials, told from omissions: nobody ever responded on any of their kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.trials.columns import labels_of
from hddm_sbi.trials.missing import is_empty

# Columns in which experiment software, and people, say what kind of row it is.
_KINDS = (
    "trial_type", "sender", "sender_type", "task", "phase", "screen", "screen_name", "event", "event_type",
    "trial_part", "test_part", "part", "stage", "procedure", "running", "plugin", "display", "zone type", "loop",
)  # fmt: skip
# A condition in which nobody happened to respond is rarer than one in a thousand.
_CHANCE = 1e-3


@dataclass(frozen=True)
class Kind:
    """Rows of a kind that is never answered.

    Args:
        column: that tells it apart.
        label: of the kind, as it stands there.
        rows: how many, all without a response.
    """

    column: str
    label: object
    rows: int


def no_trials(df: pd.DataFrame, omitted: npt.NDArray[np.bool_]) -> tuple[Kind, ...]:
    """The kinds of rows on which nobody ever responded, by the first column that has any.

    Args:
        df: one row per trial, as the user believes.
        omitted: rows without rt and response, shape (n,).
    """
    if not omitted.any() or omitted.all():
        return ()
    for column in df.columns:
        if isinstance(column, str) and column.strip().lower() in _KINDS:
            found = tuple(_silent(df[column], omitted))
            if found:
                return found
    return ()


def _silent(column: pd.Series, omitted: npt.NDArray[np.bool_]) -> Iterator[Kind]:
    codes, labels = labels_of(column.mask(is_empty(column)))
    for code, label in enumerate(labels):
        inside = codes == code
        count = int(inside.sum())
        elsewhere = float(omitted[~inside].mean()) if (~inside).any() else 1.0
        if omitted[inside].all() and elsewhere**count < _CHANCE:
            yield Kind(str(column.name), label, count)
