"""Response times by participant, counted in the same bins for all, so that they can be compared at a glance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.trials.columns import plain
from hddm_sbi.trials.recording import FloatArray, IntArray

_BINS = 40
# The last bin also holds the longest times, so that a single one does not flatten all others.
_SHOWN = 0.995


@dataclass(frozen=True, eq=False)
class Histograms:
    """Counts of response times.

    Args:
        labels: of the participants.
        edges: of the bins, seconds, shape (bins + 1,); the last bin also has what is longer.
        up: counts of one response, or of all, shape (people, bins).
        down: counts of the other response, which is drawn downwards; zeros where there are not two.
        names: of the two responses; empty where there are not two.
        medians: of each participant's times, seconds, NaN where there are none, shape (people,).
    """

    labels: tuple[object, ...]
    edges: FloatArray
    up: IntArray
    down: IntArray
    names: tuple[str, ...]
    medians: FloatArray


def histograms(experiment: Experiment) -> Histograms:
    """Those of an experiment: correct responses upwards and errors downwards, or the two responses."""
    recording, timed = experiment.recording, experiment.timed
    times = recording.seconds[timed]
    end = float(np.quantile(times, _SHOWN)) if len(times) else 1.0
    edges = np.linspace(0.0, end, _BINS + 1)
    place = np.minimum((times / end * _BINS).astype(np.int64), _BINS - 1)
    which, names = recording.choice, tuple(str(label) for label in experiment.options)
    if experiment.correct is not None:
        which, names = experiment.correct, ("error", "correct")
    if len(names) != 2 or recording.go is not None:
        names, up = (), np.ones(len(times), dtype=np.bool_)
    else:
        up = which[timed] != 0
    subject = experiment.subject[timed]
    counts = [
        np.bincount(subject[part] * _BINS + place[part], minlength=experiment.people * _BINS).reshape(-1, _BINS)
        for part in (up, ~up)
    ]
    labels = tuple(plain(label) for label in recording.subjects) or ("all",)
    return Histograms(labels, edges, counts[0], counts[1], names, _medians(experiment))


def _medians(experiment: Experiment) -> FloatArray:
    order, people = experiment.by_time, experiment.people
    order = order[np.argsort(experiment.subject[order], kind="stable")]
    times, counts = experiment.recording.seconds[order], np.bincount(experiment.subject[order], minlength=people)
    middle = np.cumsum(counts) - counts + np.maximum(counts - 1, 0) // 2
    found = times[np.minimum(middle, max(len(times) - 1, 0))] if len(times) else np.zeros(people)
    return np.where(counts > 0, found, np.nan)
