"""Which of several models of the same trials predicts best."""

from hddm_sbi.comparison.compare import compare
from hddm_sbi.comparison.result import Comparison

__all__ = ["Comparison", "compare"]
