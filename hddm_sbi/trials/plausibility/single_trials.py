"""Participants with a single trial."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.trials.columns import listed
from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.recording import Recording


def single_trials(recording: Recording) -> Iterator[Finding]:
    """Participants about whom one trial says little."""
    single = np.flatnonzero(np.bincount(recording.subject, minlength=len(recording.subjects)) == 1)
    if recording.subjects and len(single):
        noun, have = ("participant", "has") if len(single) == 1 else ("participants", "have")
        yield Finding(
            "single trials",
            "warning",
            f"{noun} {listed(recording.subjects[i] for i in single)} in column '{recording.groupby}' {have} a single "
            "trial: kept, but the estimates will be little more than the population's.",
            np.isin(recording.subject, single),
        )
