"""Functions that take and return matplotlib axes."""

from hddm_sbi.plots.predictive import plot_predictive

__all__ = ["plot_predictive"]
