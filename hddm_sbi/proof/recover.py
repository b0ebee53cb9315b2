"""``HierarchicalDDM.recover``: puts a recovery together."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.inference.sampler import available_cores
from hddm_sbi.proof.counting import check_n
from hddm_sbi.proof.experiment import Experiment, Settings
from hddm_sbi.proof.recover_task import RecoverTask, recover_one
from hddm_sbi.proof.recovery import Recovery, participants_table, population_table, prior_sds
from hddm_sbi.proof.recovery_words import recovery_sentences
from hddm_sbi.proof.truths import Truths
from hddm_sbi.ssm.base import whole
from hddm_sbi.tasks.job import TASK, Job
from hddm_sbi.tasks.run import Finished, run

# With fewer data sets the error of a coverage of 95% is above 7%.
_LEAST = 10
_WHY = f"from fewer than {_LEAST} data sets the coverage of intervals is not known to 7%"


def check_sets(n: object) -> int:
    """The number of data sets, before anything is sampled.

    Raises:
        ModelError: it is too small.
    """
    return check_n(n, _LEAST, _WHY)


def recover(
    experiment: Experiment, truths: Truths, n: object, *, seed: int, settings: Settings, scheduler: object,
    out: str | Path | None, workers: int | None, progress: bool,
) -> Recovery:  # fmt: skip
    """Simulate and fit ``n`` data sets, or what is not done yet of them.

    Raises:
        HDDMError: see ``HierarchicalDDM.recover``.
    """
    sets, seed = check_sets(n), whole("seed", seed)
    task = RecoverTask(experiment, truths, settings)
    job = Job("recovery", recover_one, task, sets, seed, description(experiment, truths, settings))
    finished = run(job, workers=processes(workers), scheduler=scheduler, out=out, progress=progress)
    rows = rows_of(finished)
    table, participants = population_table(rows, prior_sds(experiment, seed)), participants_table(rows)
    said = recovery_sentences(experiment, table, participants, rows, finished.failed, truths.origin.partition(" (")[0])
    return Recovery(table, participants, said, rows, finished.failed)


def description(experiment: Experiment, truths: Truths, settings: Settings) -> dict[str, object]:
    """What tells the results of one proof from those of another."""
    return {
        "model": experiment.options, "weights": experiment.weights, "data": _checksum(experiment),
        "truth": truths.origin, "fits": settings.as_json,
    }  # fmt: skip


def processes(workers: object) -> int:
    """Number of processes on this machine.

    Raises:
        ModelError: it is no positive whole number.
    """
    return available_cores() if workers is None else whole("workers", workers, 1)


def rows_of(finished: Finished) -> pd.DataFrame:
    """The rows of a job of which something came.

    Raises:
        DataError: nothing did.
    """
    if finished.rows.empty:
        reason: Any = finished.failed["reason"].iloc[0]
        raise DataError(f"none of {len(finished.failed)} data sets could be simulated and fitted: {reason}")
    return finished.rows.sort_values(TASK, kind="stable", ignore_index=True)


def _checksum(experiment: Experiment) -> str:
    known, seen = hashlib.sha256(), experiment.likelihood.trials
    for values in (seen.rt, seen.choice, seen.row, seen.subject, seen.deadline, seen.low, seen.high):
        known.update(np.ascontiguousarray(values).tobytes())
    return known.hexdigest()[:16]
