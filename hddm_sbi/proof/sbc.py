"""``HierarchicalDDM.sbc``: puts a calibration together."""

from __future__ import annotations

from pathlib import Path

from hddm_sbi.proof.calibration import Calibration, calibration
from hddm_sbi.proof.counting import check_n
from hddm_sbi.proof.experiment import Experiment, Settings
from hddm_sbi.proof.recover import description, processes, rows_of
from hddm_sbi.proof.sbc_task import SbcTask, sbc_one
from hddm_sbi.proof.truths import FromDraws, Truths
from hddm_sbi.ssm.base import whole
from hddm_sbi.tasks.job import Job
from hddm_sbi.tasks.run import run

# With fewer, ranks whose posterior is off by a whole sd go unnoticed more often than not.
_LEAST = 20
_WHY = f"ranks of fewer than {_LEAST} data sets do not show a posterior that is off by a whole sd"


def sbc(
    experiment: Experiment, truths: Truths, n: object, *, seed: int, settings: Settings, scheduler: object,
    out: str | Path | None, workers: int | None, progress: bool,
) -> Calibration:  # fmt: skip
    """Simulate and fit ``n`` data sets, or what is not done yet of them.

    Truths that are draws of a posterior make it posterior SBC: simulated trials then stand beside the observed ones,
    given which the true values are a draw of the posterior of both (Säilynoja, Schmitt, Bürkner & Vehtari 2025).

    Raises:
        HDDMError: see ``HierarchicalDDM.sbc``.
    """
    sets, seed, beside = check_n(n, _LEAST, _WHY), whole("seed", seed), isinstance(truths, FromDraws)
    task = SbcTask(experiment, truths, settings, beside)
    job = Job("calibration", sbc_one, task, sets, seed, description(experiment, truths, settings))
    finished = run(job, workers=processes(workers), scheduler=scheduler, out=out, progress=progress)
    return calibration(rows_of(finished), finished.failed, truths.origin, beside)
