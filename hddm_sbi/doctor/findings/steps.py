"""Times that come in steps: of a screen that is refreshed, a keyboard that is asked, or a column that was rounded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Finding
from hddm_sbi.doctor.odds import ALARM
from hddm_sbi.trials.recording import BoolArray, FloatArray, IntArray

# Refresh rates of screens (Hz), how often keyboards are asked, and what columns are rounded to; seconds, longest first.
_STEPS = (
    *(0.1, 0.05, 1.0 / 30.0, 0.025, 0.02, 1.0 / 60.0, 1.0 / 72.0, 1.0 / 75.0, 1.0 / 85.0, 0.01, 1.0 / 120.0, 0.008),
    *(1.0 / 144.0, 0.005, 0.004),
)
# Three digits of a time of 1 s or more leave steps of 10 ms.
_SLOW, _DIGIT = 1.0, 0.01
# Trials of a participant that are looked at, and what their phases agree by: a step with noise of a tenth of it has
# exp(-2 (pi / 10)^2) = 0.82.
_LOOKED_AT = 400
_FEWEST = 20
_AGREE = 0.8
# Steps this long, seconds, blur t0 and the drift visibly; below, the spread of response times is a hundred times that.
_LONG = 0.03


def steps(experiment: Experiment) -> Iterator[Finding]:
    """Participants whose response times stand at multiples of a step of 4 ms or more, one finding a step."""
    rows = experiment.usable & (experiment.place < _LOOKED_AT)
    slow = rows & (experiment.seconds >= _SLOW)
    digits = _steps_of(experiment, slow, (_DIGIT,))
    short = _steps_of(experiment, rows & ~slow, (_DIGIT,))
    # three digits were kept, so that times below 1 s are known to 1 ms
    if (digits > 0.0).sum() > max(2 * (short > 0.0).sum(), 0.5 * experiment.people) and (rows & ~slow).any():
        people = np.flatnonzero(digits > 0.0).tolist()
        yield _finding(experiment, _DIGIT, people, slow_only=True)
        return
    of = _steps_of(experiment, rows, _STEPS)
    for step in sorted(set(of[of > 0.0].tolist()), reverse=True):
        yield _finding(experiment, step, np.flatnonzero(of == step).tolist())


def _steps_of(experiment: Experiment, rows: BoolArray, candidates: tuple[float, ...]) -> FloatArray:
    """The longest of the steps at which each participant's times stand, 0 where they do at none, shape (people,)."""
    times, subject, people = experiment.seconds[rows], experiment.subject[rows], experiment.people
    counts = np.bincount(subject, minlength=people)
    enough = counts >= _FEWEST
    spread = _spread(times, subject, people)
    of: FloatArray = np.zeros(people)
    for step in candidates:
        phase = np.mod(times / step, 1.0) * (2.0 * np.pi)
        real, imaginary = (np.bincount(subject, part, people) for part in (np.cos(phase), np.sin(phase)))
        agreement = np.hypot(real, imaginary) / np.maximum(counts, 1)
        # Rayleigh: phases that are uniform agree so well with the chance exp(-n r^2)
        chance = ALARM / (len(_STEPS) * max(1, people))
        found = enough & (agreement > _AGREE) & (np.exp(-counts * agreement**2) < chance) & (spread > 2.0 * step)
        of[found & (of == 0.0)] = step
    return of


def _spread(times: FloatArray, subject: IntArray, people: int) -> FloatArray:
    """Standard deviation of each participant's times."""
    counts = np.maximum(np.bincount(subject, minlength=people), 1)
    mean = np.bincount(subject, times, people) / counts
    return np.sqrt(np.bincount(subject, (times - mean[subject]) ** 2, people) / counts)


def _finding(experiment: Experiment, step: float, people: list[int], *, slow_only: bool = False) -> Finding:
    rows = experiment.usable & experiment.whose(people)
    rows = rows & (experiment.seconds >= _SLOW) if slow_only else rows
    whose = "" if len(people) == experiment.people else experiment.of(people)
    rate = 1.0 / step
    of_a_screen = min(abs(rate - hz) for hz in (30, 60, 72, 75, 85, 120, 144)) < 0.5
    like = f", those of a screen at {rate:.0f} Hz" if of_a_screen else ""
    beyond = f" of {_SLOW:g} s or more" if slow_only else ""
    advice = (
        "; steps this long are a good part of the spread of response times, so say so, and do not interpret t0."
        if step > _LONG
        else ", and the spread of response times is far larger: report the resolution, and read t0 to that."
    )
    return Finding(
        "times in steps",
        "warning" if step > _LONG else "note",
        f"the times{beyond}{whose} in column '{experiment.recording.rt_name}' come in steps of {1000.0 * step:.4g} ms"
        f"{like}.",
        f"The likelihood takes times as exact: steps of {1000.0 * step:.3g} ms move t0 by up to half of that, and add "
        f"{1000.0 * step / np.sqrt(12.0):.2g} ms of noise to each trial.",
        f"The model reads them as they are{advice}",
        rows,
    )
