"""What the doctor looks for, beyond what the model itself checks: one file a finding, and its place here."""

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Check, Finding
from hddm_sbi.doctor.findings.cells import cells
from hddm_sbi.doctor.findings.chance_level import chance_level
from hddm_sbi.doctor.findings.confounded import confounded
from hddm_sbi.doctor.findings.covariates import covariates
from hddm_sbi.doctor.findings.cut_off import cut_off
from hddm_sbi.doctor.findings.fastest import fastest
from hddm_sbi.doctor.findings.merged import merged
from hddm_sbi.doctor.findings.one_response import one_response
from hddm_sbi.doctor.findings.repeated import repeated
from hddm_sbi.doctor.findings.speed import speed
from hddm_sbi.doctor.findings.steps import steps
from hddm_sbi.doctor.findings.time_outs import time_outs
from hddm_sbi.doctor.findings.too_fast import too_fast

# In the order in which a person mends the data; a further finding is a file and a place here.
CHECKS: tuple[Check, ...] = (
    repeated, merged, time_outs, cut_off, too_fast, fastest, steps, chance_level, one_response, speed, confounded,
    cells, covariates,
)  # fmt: skip

__all__ = ["CHECKS", "further"]


def further(experiment: Experiment) -> list[Finding]:
    """What the model itself does not look for."""
    return [finding for one in CHECKS for finding in one(experiment)]
