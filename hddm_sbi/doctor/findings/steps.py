"""Times that come in steps: of a screen that is refreshed, a keyboard that is asked, or a column that was rounded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Finding
from hddm_sbi.doctor.odds import ALARM
from hddm_sbi.trials.recording import FloatArray

# Refresh rates of screens (Hz), how often keyboards are asked, and what columns are rounded to; seconds, longest first.
_STEPS = (
    *(0.1, 0.05, 1.0 / 30.0, 0.025, 0.02, 1.0 / 60.0, 1.0 / 72.0, 1.0 / 75.0, 1.0 / 85.0, 0.01, 1.0 / 120.0, 0.008),
    *(1.0 / 144.0, 0.005, 0.004),
)
# Trials of a participant that are looked at, and what their phases agree by: a step with noise of a tenth of it has
# exp(-2 (pi / 10)^2) = 0.82.
_LOOKED_AT = 400
_FEWEST = 20
_AGREE = 0.8
# Steps this long, seconds, blur t0 and the drift visibly; below, the spread of response times is a hundred times that.
_LONG = 0.03


def steps(experiment: Experiment) -> Iterator[Finding]:
    """Participants whose response times stand at multiples of a step of 4 ms or more, one finding a step."""
    usable = experiment.usable & (experiment.place < _LOOKED_AT)
    times, subject = experiment.seconds[usable], experiment.subject[usable]
    counts = np.bincount(subject, minlength=experiment.people)
    chance = ALARM / (len(_STEPS) * max(1, experiment.people))
    of: FloatArray = np.zeros(experiment.people)
    for step in _STEPS:
        phase = np.mod(times / step, 1.0) * (2.0 * np.pi)
        real, imaginary = (np.bincount(subject, part, experiment.people) for part in (np.cos(phase), np.sin(phase)))
        agreement = np.hypot(real, imaginary) / np.maximum(counts, 1)
        # Rayleigh: phases that are uniform agree so well with the chance exp(-n r^2)
        found = (counts >= _FEWEST) & (agreement > _AGREE) & (np.exp(-counts * agreement**2) < chance) & (of == 0.0)
        spread = _spread(times, subject, experiment.people) if found.any() else of
        of[found & (spread > 2.0 * step)] = step
    for step in sorted(set(of[of > 0.0].tolist()), reverse=True):
        people = np.flatnonzero(of == step).tolist()
        yield _finding(experiment, step, people)


def _spread(times: FloatArray, subject: np.ndarray, people: int) -> FloatArray:
    """Standard deviation of each participant's times."""
    counts = np.maximum(np.bincount(subject, minlength=people), 1)
    mean = np.bincount(subject, times, people) / counts
    return np.sqrt(np.bincount(subject, (times - mean[subject]) ** 2, people) / counts)


def _finding(experiment: Experiment, step: float, people: list[int]) -> Finding:
    rows = experiment.usable & experiment.whose(people)
    whose = "" if len(people) == experiment.people else experiment.of(people)
    rate = 1.0 / step
    of_a_screen = min(abs(rate - hz) for hz in (30, 60, 72, 75, 85, 120, 144)) < 0.5
    like = f"those of a screen at {rate:.0f} Hz" if of_a_screen else f"{1000.0 * step:g} ms apart"
    return Finding(
        "times in steps",
        "warning" if step > _LONG else "note",
        f"the times{whose} in column '{experiment.recording.rt_name}' come in steps of {1000.0 * step:.4g} ms, {like}.",
        f"The likelihood takes times as exact: steps of {1000.0 * step:.3g} ms move t0 by up to half of that, and add "
        f"{1000.0 * step / np.sqrt(12.0):.2g} ms of noise to each trial.",
        "The model reads them as they are"
        + (
            "; steps this long are a good part of the spread of response times, so say so, and do not interpret t0."
            if step > _LONG
            else ", which the spread of response times dwarfs: report the resolution, and read t0 to that."
        ),
        rows,
    )
