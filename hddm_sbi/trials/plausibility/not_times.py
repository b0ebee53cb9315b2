"""Numbers that are no times: infinite, zero or negative."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.trials.columns import first_row
from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.plausibility.missing import REMEDY
from hddm_sbi.trials.recording import BoolArray, Recording

# More different values than this are measurements with a sign, not codes.
_MOST_CODES = 3


def not_times(recording: Recording) -> Iterator[Finding]:
    """Infinite response times; zero and negative ones, which are codes where a single value or two recur."""
    infinite = np.isinf(recording.rt)
    if infinite.any():
        sentence = f"{_those(recording, infinite, 'infinite')}; if they mark omissions, {REMEDY}."
        yield Finding("infinite response times", "error", sentence, infinite)
    negative = (recording.rt <= 0) & ~infinite
    if negative.any():
        first = f"{recording.rt[negative][0]:g}"
        values = np.unique(recording.rt[negative])
        start = _those(recording, negative, "zero or negative", f", {first},")
        if len(values) <= _MOST_CODES and (len(values) < negative.sum() or _is_code(values)):
            codes = " or ".join(f"{value:g}" for value in values)
            sentence = f"{start}, which reads as a code ({codes}) for trials without a response: {REMEDY}."
        else:
            sentence = (
                f"{start}: if the sign codes the response, give the response a column of its own and take the absolute "
                f"value; if such values mark omissions or responses before the stimulus, {REMEDY}."
            )
        yield Finding("zero or negative response times", "error", sentence, negative)


def _is_code(values: np.ndarray) -> bool:
    """Whether all are 0, -1, -9, -99, ..."""
    return all(value == 0 or set(f"{-value:.9g}") <= {"9", "."} or value == -1 for value in values)


def _those(recording: Recording, rows: BoolArray, what: str, value: str = "") -> str:
    count = int(rows.sum())
    are = "is" if count == 1 else "are"
    return (
        f"{count:,} of {recording.n:,} values in column '{recording.rt_name}'{recording.whose(rows)} {are} {what}, the "
        f"first{value} {first_row(rows, recording.index)}"
    )
