"""Trials of which so much is missing that nothing can be made of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.trials.columns import enumerated, first_row
from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.recording import BoolArray, Recording

# Measured on 1,000 trials with the slowest 15% left out: what omissions under a deadline do when they are dropped.
BIAS = (
    "leaving omissions out biases the estimates (with the slowest 15% left out, a drift of 1 came out as 1.40 and a "
    "boundary of 2 as 1.74)"
)

# What to do with trials that are recorded as responses and are none.
REMEDY = (
    "set rt and response of these rows to missing and name the time limit with deadline= (or go= where responses were "
    f"withheld on purpose), because {BIAS}"
)

# The numbers of trials are told for as many participants.
_TOLD = 5


def missing(recording: Recording) -> Iterator[Finding]:
    """Trials without time and response, where no deadline explains them, and tables without any time or response."""
    omitted = recording.omitted
    if omitted.any() and recording.deadline is None:
        yield Finding("omissions", "error", _omissions(recording, omitted), omitted)
    if not recording.choice_seen.any() and recording.go is None:
        yield Finding("missing responses", "error", _no_responses(recording), ~recording.choice_seen)
    elif recording.times and not recording.rt_seen.any():
        yield Finding("missing response times", "error", _no_times(recording), ~recording.rt_seen)


def _omissions(recording: Recording, rows: BoolArray) -> str:
    if recording.no_trials:
        return _no_trials(recording, int(rows.sum()))
    count = int(rows.sum())
    have, they = ("has", "it is an omission") if count == 1 else ("have", "they are omissions")
    remedy = (
        f"{they}, to be fitted as such with the time limit, deadline= (seconds, or a column), or go= in go/no-go, and "
        f"not to be removed, because {BIAS}; remove only what was lost in recording, and report how many."
    )
    if not recording.times:
        return (
            f"column '{recording.response_name}' has {count:,} of {recording.n:,} responses missing"
            f"{_where(recording, rows)}: {remedy}"
        )
    return (
        f"{count:,} of {recording.n:,} trials {have} neither a response time in column '{recording.rt_name}' nor a "
        f"response in column '{recording.response_name}'{_where(recording, rows)}: {remedy}"
    )


def _no_trials(recording: Recording, count: int) -> str:
    """What is said where rows are told apart that are no trials, and the rest are omissions."""
    kinds = recording.no_trials
    column, inside = kinds[0].column, sum(kind.rows for kind in kinds)
    named = enumerated([f"{kind.label!r} ({kind.rows:,} rows)" for kind in kinds])
    many, rest = len(kinds) > 1, count - inside
    where = f"{column} not in {tuple(kind.label for kind in kinds)!r}" if many else f"{column} != {kinds[0].label!r}"
    omissions = (
        f"; the other {rest:,} {'are omissions' if rest > 1 else 'is an omission'}, to be fitted as such with the time "
        f"limit, deadline= (seconds, or a column), and not to be removed, because {BIAS}"
        if rest
        else ""
    )
    return (
        f"{count:,} of {recording.n:,} rows have neither a response time in column '{recording.rt_name}' nor a "
        f"response in column '{recording.response_name}': nobody ever responded where column '{column}' is {named}, "
        f'so that these rows are no trials and may be left out (hs.read does, or where="{where}" in it){omissions}.'
    )


def _no_responses(recording: Recording) -> str:
    return (
        f"column '{recording.response_name}' has {recording.n:,} of {recording.n:,} responses missing, so that nothing "
        "says which option is chosen how often; name the column that holds the responses with response=."
    )


def _no_times(recording: Recording) -> str:
    alone = ', or fit the choices alone with observed="response"' if recording.go is None else ""
    return (
        f"{recording.n:,} of {recording.n:,} values in column '{recording.rt_name}' are missing; name the column that "
        f"holds the response times with rt={alone}."
    )


def _where(recording: Recording, rows: BoolArray) -> str:
    """Whose they are, with numbers where the participants are few, and the first of them."""
    first = f", the first {first_row(rows, recording.index)}"
    if not recording.subjects:
        return first
    counts = recording.counts(rows)
    people = np.flatnonzero(counts).tolist()
    if len(people) > _TOLD or len(people) == 1:
        return f"{recording.whose(rows).replace(' of ', ', of ', 1)}{first}"
    told = [f"{int(counts[person])} of {recording.who([person])}" for person in people]
    return f", {enumerated(told)}{first}"
