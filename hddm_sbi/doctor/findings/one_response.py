"""Participants who give, practically always, the same response."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Finding
from hddm_sbi.doctor.odds import FEW, odds_against_the_others

# At most one clean experiment of a thousand has such a participant by this odds ratio, by a bound that is not sharp.
_ODDS = 1e3
# The share of the one response, of participants who press one key.
_ALWAYS = 0.995
_FEWEST = 10
# Drifts are spread widely where people have preferences: so many differ three times as much as most.
_STRAY = 0.1


def one_response(experiment: Experiment) -> Iterator[Finding]:
    """Participants with one response on nearly all trials, where the others have several."""
    recording = experiment.recording
    if recording.go is not None or len(experiment.options) < 2:
        return
    counts = recording.counts(recording.choice_seen)
    enough = np.flatnonzero(counts >= _FEWEST)
    if not len(enough):
        return
    stray = _STRAY if len(enough) >= FEW else 0.0  # of fewer people the spread is taken to be wide already
    for choice, label in enumerate(experiment.options):
        if recording.coding == "accuracy" and (choice == 0 or experiment.people == 1):
            continue  # errors alone are below chance, and one who is always right need not be odd
        hits = recording.counts(recording.choice == choice)
        if experiment.people == 1:
            people = enough[hits[enough] == counts[enough]].tolist()
        else:
            odds = odds_against_the_others(hits[enough], counts[enough], _ALWAYS, stray)
            mostly = hits[enough] > 0.95 * counts[enough]
            people = enough[(odds > _ODDS * len(enough)) & mostly].tolist()
        if people:
            yield _finding(experiment, people, label, int(hits[people].sum()), int(counts[people].sum()))


def _finding(experiment: Experiment, people: list[int], label: object, hits: int, count: int) -> Finding:
    return Finding(
        "one response only",
        "warning",
        f"{hits:,} of {count:,} responses{experiment.of(people)} in column '{experiment.recording.response_name}' are "
        f"{label!r}, unlike those of the others." if experiment.people > 1 else
        f"all {count:,} responses in column '{experiment.recording.response_name}' are {label!r}.",
        "Drift and starting point are told from the two responses and their times: with one of them the data do not "
        "say whether the drift is high or the start near that boundary.",
        "The model draws them towards the population and is no more certain than that: see whether a key was dead, "
        "or the task not done, and decide by a rule that you report.",
        experiment.whose(people),
    )  # fmt: skip
