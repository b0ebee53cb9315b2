"""Functions that take and return matplotlib axes."""

from hddm_sbi.plots.cartoon import cartoon
from hddm_sbi.plots.cdf import cdf
from hddm_sbi.plots.comparison import comparison
from hddm_sbi.plots.conditional_accuracy import conditional_accuracy
from hddm_sbi.plots.contrast import contrast
from hddm_sbi.plots.delta import delta
from hddm_sbi.plots.forest import forest
from hddm_sbi.plots.pairs import pairs
from hddm_sbi.plots.plan import plan
from hddm_sbi.plots.population import population
from hddm_sbi.plots.predictive import plot_predictive, predictive
from hddm_sbi.plots.prior_posterior import prior_posterior
from hddm_sbi.plots.quantile_probability import quantile_probability
from hddm_sbi.plots.ranks import ranks
from hddm_sbi.plots.recovery import recovery
from hddm_sbi.plots.shrinkage import shrinkage

__all__ = [
    "cartoon",
    "cdf",
    "comparison",
    "conditional_accuracy",
    "contrast",
    "delta",
    "forest",
    "pairs",
    "plan",
    "plot_predictive",
    "population",
    "predictive",
    "prior_posterior",
    "quantile_probability",
    "ranks",
    "recovery",
    "shrinkage",
]
