"""How a table was read, in one sentence: for ``print`` and for the attributes of a result."""

from __future__ import annotations

import numpy as np

from hddm_sbi.trials.columns import enumerated
from hddm_sbi.trials.recording import BoolArray, Recording

# Of trials with half of what others show the likelihood takes this for granted.
_AT_RANDOM = "what is missing there is taken not to depend on the time itself"


def in_words(recording: Recording, responses: str, before: str = "") -> str:
    """The sentence.

    Args:
        recording: its choices are options.
        responses: how the responses were read.
        before: what was done to the rows before, as ``hs.read`` says it.
    """
    parts = [_times(recording), responses, _deadline(recording), _counts(recording), _truncation(recording), before]
    return "; ".join(part for part in parts if part) + "."


def _times(recording: Recording) -> str:
    if not recording.times:
        return "choices alone, without their times"
    unit = "in seconds" if recording.unit == "s" else "in milliseconds, converted to seconds"
    return f"{recording.rt_name} {unit}"


def _deadline(recording: Recording) -> str:
    limit = recording.deadline
    if limit is None:
        return ""
    without = ~limit.there
    return f"deadline {limit.words}" + (f", none for {_trials(without)}" if without.any() else "")


def _counts(recording: Recording) -> str:
    """How many trials show less than a time and a choice."""
    rt_seen, choice_seen = recording.rt_seen, recording.choice_seen
    told = []
    if recording.go is not None:
        endless = " (without a deadline: a go response is taken to count however late)"
        told.append(f"withheld on {_trials(~choice_seen)}{endless if recording.deadline is None else ''}")
    elif recording.deadline is not None:
        told.append(f"omitted on {_trials(recording.omitted)}" if recording.omitted.any() else "no omissions")
    half = []
    if recording.times and (choice_seen & ~rt_seen).any():
        half.append(f"a choice without its time on {_trials(choice_seen & ~rt_seen)}")
    if (rt_seen & ~choice_seen).any():
        half.append(f"a time without its choice on {_trials(rt_seen & ~choice_seen)}")
    sentence = enumerated([*told, *half]) if told or half else ""
    return f"{sentence} ({_AT_RANDOM})" if half else sentence


def _trials(rows: BoolArray) -> str:
    count = int(np.count_nonzero(rows))
    return "1 trial" if count == 1 else f"{count:,} trials"


def _truncation(recording: Recording) -> str:
    ends = [(recording.low, "before"), (recording.high, "after")]
    told = [f"{side} {limit.words}" for limit, side in ends if limit is not None]
    return f"trials with a response {' or '.join(told)} were taken out of the data" if told else ""
