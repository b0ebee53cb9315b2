"""What the trials were: whose, how many, what was seen of them, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.report.protocol import Model
from hddm_sbi.report.references import Citations
from hddm_sbi.report.words import counted
from hddm_sbi.trials.columns import enumerated
from hddm_sbi.trials.datasets import load_data
from hddm_sbi.trials.recording import Limit
from hddm_sbi.trials.trials import Trials

# The shortest times in which a stimulus is seen and answered (Luce 1986, Response Times, chapter 2).
_FASTEST = 0.1
# The bundled experiments, and what they are to be cited by.
_SOURCES = {"cavanagh_theta": ("cavanagh2011", "wiecki2013")}


def of_experiment(model: Model, cite: Citations) -> Iterator[str]:
    """The sentences on the data."""
    trials = model.trials
    yield _count(trials, cite)
    if trials.rt_seen.any():
        yield _times(trials)
    else:
        yield "Choices were analysed without their times."
    yield from _taken_out(trials)
    yield from _unseen(trials)


def _count(trials: Trials, cite: Citations) -> str:
    source = _source(trials)
    of = f" {cite(*source)}" if source else ""
    if not trials.subjects:
        return f"The data{of} were {counted(trials.n, 'trial')}, which were not told apart by participant."
    each = np.bincount(trials.subject, minlength=len(trials.subjects))
    spread = f"{each.min():,}" if each.min() == each.max() else f"{each.min():,} to {each.max():,}"
    return (
        f"The data{of} were {counted(trials.n, 'trial')} of {counted(len(trials.subjects), 'participant')} ({spread} "
        "each)."
    )


def _source(trials: Trials) -> tuple[str, ...]:
    """What a bundled experiment is cited by, where the trials are one: rows may have lost their times, not others."""
    for name, keys in _SOURCES.items():
        bundled = load_data(name)["rt"].to_numpy()
        if len(bundled) == trials.n and (np.isclose(trials.rt, bundled) | ~trials.rt_seen).all():
            return keys
    return ()


def _times(trials: Trials) -> str:
    rt = trials.rt[trials.rt_seen]
    fast = int((rt < _FASTEST).sum())
    below = "none of them" if fast == 0 else f"{fast:,} of them"
    return (
        f"Response times ranged from {rt.min():.3g} to {rt.max():.3g} s, with a median of {np.median(rt):.3g} s; "
        f"{below} {'was' if fast < 2 else 'were'} below {_FASTEST:g} s."
    )


def _taken_out(trials: Trials) -> Iterator[str]:
    """What is not in the data, by the rows of files and by truncation."""
    told = trials.frame.attrs.get("reading")
    rows = str(told.get("rows_in_words", "")) if isinstance(told, dict) else ""
    if rows:
        yield f"Of the files, {rows}."
    recording = trials.recording
    if trials.truncated and recording is not None:
        ends = [(recording.low, "before"), (recording.high, "after")]
        limits = " or ".join(f"{side} {limit.words}" for limit, side in ends if limit is not None)
        yield (
            f"Trials with a response {limits} had been taken out of the data; the likelihood of every other trial is "
            "divided by the probability of being kept."
        )


def _unseen(trials: Trials) -> Iterator[str]:
    """Trials of which less than a time and a choice was seen, and how each entered the likelihood."""
    deadline = None if trials.recording is None else trials.recording.deadline
    limit = "" if deadline is None else f" {_by(deadline)}"
    if trials.go:
        yield (
            f"The response was withheld on {counted(int(trials.withheld.sum()), 'trial')}, whose likelihood is the "
            f"probability of no go response{limit or ' at any time'}."
        )
    elif trials.omitted.any():
        yield (
            f"On {counted(int(trials.omitted.sum()), 'trial')} no response came{limit}; the likelihood of such an "
            "omission is the probability of no response by then."
        )
    elif deadline is not None:
        yield f"Every trial had a response{limit}."
    halves = [(~trials.rt_seen & trials.choice_seen & trials.times, "a choice was seen without its time")]
    halves.append((trials.rt_seen & ~trials.choice_seen & ~trials.withheld, "a time was seen without its choice"))
    told = [f"on {counted(int(rows.sum()), 'trial')} {what}" for rows, what in halves if rows.any()]
    if told and trials.rt_seen.any():
        text = enumerated(told)
        yield (
            f"{text[0].upper()}{text[1:]}; the likelihood sums over what is missing, which is taken not to depend on "
            "the time itself."
        )


def _by(deadline: Limit) -> str:
    return f"by the deadline ({deadline.words})"
