"""A distribution that ends at a cliff: slower trials are not in the table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Finding
from hddm_sbi.doctor.odds import ALARM, edge_chance
from hddm_sbi.trials.plausibility.chance import comparable

# The largest times that tell how the distribution ends: as many, and twice, four times ... as many, up to this share.
_FEWEST = 30
_LARGEST_SHARE = 0.25
# The tail of people who differ, of few trials, or of a bound that collapses is not quite exponential.
_STRICT = 1e-4


def cut_off(experiment: Experiment) -> Iterator[Finding]:
    """A time limit that shows in the response times, where the table has no trials beyond it and nobody said so."""
    recording = experiment.recording
    said = recording.deadline is not None or recording.high is not None
    if said or experiment.known & {"time-outs", "omissions"}:
        return
    times = np.sort(comparable(experiment.seconds[experiment.usable]))[::-1]
    if not len(times):
        return
    times = times[times < times[0]] if (times == times[0]).sum() > 2 else times
    sizes = [_FEWEST * 2**k for k in range(12) if _FEWEST * 2**k <= _LARGEST_SHARE * len(times)]
    for size in sizes:
        end, start = float(times[0]), float(times[size])
        above = int((times[:size] > (start + end) / 2.0).sum())
        if edge_chance(above, size) < _STRICT * ALARM / len(sizes):
            rows = experiment.usable & (experiment.seconds > (start + end) / 2.0)
            yield Finding(
                "a cut at the longest times",
                "warning",
                f"the times in column '{recording.rt_name}' stop at {end:.4g} s, where there are as many of them as "
                f"before: {above} of the {size} longest, {start:.4g} to {end:.4g} s, lie in the upper half of that "
                "range, and of a distribution that ends by itself about "
                f"{max(1.0, np.sqrt(size)):.0f} would.",
                "Slow trials that were left out, or never came by a deadline, tell of drift and boundary: with the "
                "slowest 15% left out, a drift of 1 came out as 1.40 and a boundary of 2 as 1.74.",
                "The model does not know of a limit unless it is named: with its omissions in the table (rt and "
                f"response missing) deadline={_up(end)}, and where slower trials were taken out "
                f"truncate=(None, {_up(end)}), both in seconds.",
                rows,
            )
            return


def _up(seconds: float) -> str:
    """A round limit at or just above the longest time."""
    return f"{np.ceil(round(seconds * 100.0, 4)) / 100.0:g}"
