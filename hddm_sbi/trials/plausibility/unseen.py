"""Participants of whom no response, no choice or no time was ever seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.recording import BoolArray, Recording


def unseen(recording: Recording) -> Iterator[Finding]:
    """Participants who are informed by the population alone, or by half of what others show."""
    if not recording.subjects:
        return
    rt_seen, choice_seen = recording.rt_seen, recording.choice_seen
    silent = _never(recording, rt_seen | choice_seen)
    if silent:
        yield _finding(
            recording, silent, "gave no response on any trial", "kept, but their estimates will be the population's"
        )
    mute = _never(recording, choice_seen, silent)
    if mute:
        yield _finding(
            recording, mute, f"have no response in column '{recording.response_name}' on any trial",
            "kept, but times alone do not say towards which option they drift",
        )  # fmt: skip
    untimed = _never(recording, rt_seen, silent) if recording.times else []
    if untimed:
        yield _finding(
            recording, untimed, f"have no time in column '{recording.rt_name}' on any trial",
            "kept, but their choices alone hardly tell drift from boundary",
        )  # fmt: skip


def _never(recording: Recording, seen: BoolArray, told: list[int] | None = None) -> list[int]:
    counts = np.bincount(recording.subject[seen], minlength=len(recording.subjects))
    return np.setdiff1d(np.flatnonzero(counts == 0), told or []).astype(np.int64).tolist()


def _finding(recording: Recording, people: list[int], what: str, so: str) -> Finding:
    verb = what.replace("have", "has", 1) if len(people) == 1 else what
    sentence = f"{recording.who(people)} in column '{recording.groupby}' {verb}: {so}."
    return Finding("unseen participants", "warning", sentence, np.isin(recording.subject, people))
