"""What is asked of draws before they are used: one owner of every bound, for each quantity and for the sampler."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy.stats import chi2

from hddm_sbi.inference.stopping import Look
from hddm_sbi.results.sampler_checks import Stats, sampler_checks
from hddm_sbi.results.summary import diagnose_quantities

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021: "R-hat < 1.01", and 400 effective draws, for four chains.
R_HAT_BELOW = 1.01
ESS_NEEDED = 400
# Chance that R-hat of any of the participants' quantities exceeds its bound though the chains have converged.
CHANCE = 0.01

# What belongs to single groups, of which there may be thousands.
OF_GROUPS = ("participant", "deviation")


def r_hat_bounds(table: pd.DataFrame, chains: int) -> FloatArray:
    """What R-hat of each quantity must be below, shape (quantities,).

    1.01, for the population's. Where chains have converged, the squared split R-hat of M half chains, each worth m
    independent draws, is about 1 + X / m, with X ~ chi-square(M - 1) / (M - 1): 400 effective draws of four chains give
    1.01 on average. The largest of many participants' values may exceed that by chance alone; their bound is what one
    of them exceeds, in its location or its spread, with a chance of ``CHANCE``, given its effective draws.

    Args:
        table: the table of ``summarise``, one row for each quantity.
        chains: number of chains.
    """
    of_groups = table["kind"].isin(OF_GROUPS).to_numpy()
    halves, looks = 2 * chains, 2 * max(int(of_groups.sum()), 1)
    largest = chi2.ppf(1.0 - CHANCE / looks, halves - 1) / (halves - 1)
    effective = np.fmin(table["ess_bulk"], table["ess_tail"]).to_numpy() / halves
    with np.errstate(divide="ignore", invalid="ignore"):
        allowed = np.sqrt(1.0 + largest / np.maximum(effective, ESS_NEEDED / halves))
    return np.where(of_groups, np.fmax(R_HAT_BELOW, allowed), R_HAT_BELOW)


def disagreeing(table: pd.DataFrame, chains: int) -> BoolArray:
    """Quantities in which the chains disagree, shape (quantities,)."""
    return np.asarray(table["r_hat"].to_numpy() >= r_hat_bounds(table, chains))


def imprecise(table: pd.DataFrame) -> BoolArray:
    """Quantities with too few effective draws, in bulk or in the tails, shape (quantities,)."""
    return np.asarray((table[["ess_bulk", "ess_tail"]] < ESS_NEEDED).any(axis=1))


def look_at(posterior: xr.Dataset, stats: Stats, max_tree_depth: int) -> Look:
    """Whether the draws are enough: every varying quantity is precise, the chains agree, the sampler was sound.

    Args:
        posterior: the draws so far.
        stats: statistics of the sampler, each of shape (chains, draws).
        max_tree_depth: the limit of the trees' depth under which it ran.
    """
    table, chains, draws = diagnose_quantities(posterior), posterior.sizes["chain"], posterior.sizes["draw"]
    if flaws := [check.sentence for check in sampler_checks(stats, max_tree_depth) if not check.passed]:
        return Look(enough=False, flawed=True, missing=flaws[0].split(":")[0], expected=draws)
    few, apart = imprecise(table), disagreeing(table, chains)
    if not (few | apart).any():
        return Look(enough=True, flawed=False, missing="", expected=draws)
    effective = np.fmin(table["ess_bulk"], table["ess_tail"])
    factor = ESS_NEEDED / max(float(effective.min()), 1.0)
    if (few | apart).sum() == 1:
        what = f"{table.index[few | apart][0]} is"
    else:
        what = f"{(few | apart).sum()} of {len(table)} quantities are"
    missing = (
        f"after {draws:,} draws a chain {what} not known well enough; least effective draws {effective.min():.0f} of "
        f"the {ESS_NEEDED} needed"
    )
    return Look(enough=False, flawed=False, missing=missing, expected=int(np.ceil(draws * max(factor, 1.01))))
