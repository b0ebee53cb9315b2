"""Trials of which the response time, the response or both are missing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.trials.columns import enumerated, first_row
from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.recording import BoolArray, Recording

# Measured on 1,000 trials with the slowest 15% left out: what omissions under a deadline do when they are dropped.
BIAS = (
    "leaving them out biases the estimates (with the slowest 15% left out, a drift of 1 came out as 1.40 and a "
    "boundary of 2 as 1.74); if you do remove them, do it deliberately and report how many"
)

_CAUTION = (
    "find out why, because leaving out omissions or time-outs biases the estimates and they cannot be fitted as "
    "censored trials here; if you do remove them, do it deliberately and report it."
)

# The numbers of trials are told for as many participants.
_TOLD = 5


def missing(recording: Recording) -> Iterator[Finding]:
    """Trials without a response time, without a response, and without both, in this order: the worst last."""
    no_rt, no_response = np.isnan(recording.rt), recording.choice < 0
    both = no_rt & no_response
    if both.any():
        yield Finding("omissions", "error", _omissions(recording, both), both)
    if (no_rt & ~both).any():
        rows = no_rt & ~both
        sentence = f"{_count(rows, recording)} missing{_where(recording, rows)}: {_CAUTION}"
        yield Finding("missing response times", "error", sentence, rows)
    if (no_response & ~both).any():
        rows = no_response & ~both
        sentence = (
            f"column '{recording.response_name}' has {int(rows.sum()):,} of {recording.n:,} responses missing"
            f"{_where(recording, rows)}: find out why before removing trials, because leaving out omissions biases the "
            "estimates."
        )
        yield Finding("missing responses", "error", sentence, rows)


def _omissions(recording: Recording, rows: BoolArray) -> str:
    count = int(rows.sum())
    have, they = ("has", "it is an omission") if count == 1 else ("have", "they are omissions")
    return (
        f"{count:,} of {recording.n:,} trials {have} neither a response time in column '{recording.rt_name}' nor a "
        f"response in column '{recording.response_name}'{_where(recording, rows)}: {they}, which cannot be fitted as "
        f"such here, and {BIAS}."
    )


def _where(recording: Recording, rows: BoolArray) -> str:
    """Whose they are, with numbers where the participants are few, and the first of them."""
    first = f", the first {first_row(rows, recording.index)}"
    if not recording.subjects:
        return first
    people = np.unique(recording.subject[rows]).tolist()
    if len(people) > _TOLD or len(people) == 1:
        return f"{recording.whose(rows).replace(' of ', ', of ', 1)}{first}"
    told = [f"{int(rows[recording.of(person)].sum())} of {recording.who([person])}" for person in people]
    return f", {enumerated(told)}{first}"


def _count(rows: BoolArray, recording: Recording) -> str:
    count = int(rows.sum())
    are = "is" if count == 1 else "are"
    return f"{count:,} of {recording.n:,} values in column '{recording.rt_name}' {are}"
