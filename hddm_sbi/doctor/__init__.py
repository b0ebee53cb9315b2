"""The data doctor: what is in a table of trials, what is odd about it, and what a model will make of it."""

from hddm_sbi.doctor.check_data import check_data
from hddm_sbi.doctor.checkup import Checkup

__all__ = ["Checkup", "check_data"]
