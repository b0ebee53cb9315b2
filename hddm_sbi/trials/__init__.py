"""From an experiment's table to validated, frozen trials; the bundled data sets."""

from hddm_sbi.trials.datasets import load_data
from hddm_sbi.trials.files import read_csv
from hddm_sbi.trials.reading import read_trials
from hddm_sbi.trials.trials import Trials

__all__ = ["Trials", "load_data", "read_csv", "read_trials"]
