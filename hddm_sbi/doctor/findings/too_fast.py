"""Times too short for a stimulus to be seen and answered."""

from __future__ import annotations

from collections.abc import Iterator

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Finding

# The shortest visual and auditory reaction times: nobody sees, decides and presses a key faster (Luce 1986, Response
# Times, chapter 2).
FASTEST = 0.1


def too_fast(experiment: Experiment) -> Iterator[Finding]:
    """Response times below 100 ms."""
    rows = experiment.usable & (experiment.recording.seconds < FASTEST)
    if not rows.any():
        return
    count, total = int(rows.sum()), int(experiment.usable.sum())
    are, them = ("time is", "it a lapse") if count == 1 else ("times are", "them lapses")
    yield Finding(
        "too fast for a response",
        "warning",
        f"{count:,} of {total:,} {are} below {1000 * FASTEST:g} ms{experiment.recording.whose(rows)} in column "
        f"'{experiment.recording.rt_name}', the shortest {1000.0 * experiment.seconds[rows].min():.3g} ms "
        f"({experiment.at(rows)}): too short to see a stimulus, decide and press a key.",
        "The non-decision time t0 lies below all times that the process makes, so that an anticipation, a key that was "
        "still pressed or a trial that began too early draws it towards 0.",
        f'With p_outlier="estimate" the model can call {them}'
        f"; where they were no responses at all, take them out and say so with truncate=({FASTEST:g}, None).",
        rows,
    )
