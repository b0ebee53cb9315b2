"""One experiment of a plan: a population, simulated trials, a fit, and whether the goal is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from hddm_sbi.errors import ModelError
from hddm_sbi.inference.prior import prior_coefficients
from hddm_sbi.planning.design import Planned, PlannedDesign
from hddm_sbi.planning.goals import INTERVAL, FloatArray, Goal, Outcome
from hddm_sbi.planning.population import Population, value_of
from hddm_sbi.proof.experiment import Settings, fit, integer
from hddm_sbi.results.contrasts.ask import values_of
from hddm_sbi.results.contrasts.expression import Expression, is_share_of_itself
from hddm_sbi.results.contrasts.syntax import read_contrast
from hddm_sbi.spec.recoding import to_sampled

# Draws of the prior on which a measure is tried.
_PRIOR_DRAWS = 200
# participants, and trials a cell
Size = tuple[int, int]


@dataclass(frozen=True)
class PlanTask:
    """What all experiments of a plan share.

    Args:
        design: of each.
        population: that they are drawn from.
        contrast: that the goal is about.
        goal: what counts as success.
        settings: of the fits.
        sizes: of the experiments, by number.
    """

    design: PlannedDesign
    population: Population
    contrast: str
    goal: Goal
    settings: Settings
    sizes: tuple[Size, ...]


def plan_one(task: PlanTask, number: int, seeds: np.random.SeedSequence) -> pd.DataFrame:
    """One row: the size, the effect, what the posterior says of it, whether the goal is reached, how the fit went."""
    of_population, of_trials, of_fit = seeds.spawn(3)
    participants, trials = task.sizes[number]
    planned = Planned.of(task.design, participants, trials)
    truth = task.population.draw(planned, of_population)
    tree, effect = read_contrast(task.contrast), value_of(planned, truth, task.contrast)
    null = _null(tree)
    _check_direction(task.goal, task.contrast, effect, null)
    outcomes = planned.experiment.simulate(truth, integer(of_trials))

    def looked_at(posterior: xr.Dataset) -> FloatArray:
        return draws_of(planned, posterior, tree)[..., np.newaxis]

    fitted = fit(planned.experiment, outcomes, task.settings, integer(of_fit), looked_at, task.goal.needed)
    draws = draws_of(planned, fitted.posterior, tree)
    asked = planned.asked(coefficients_of(planned, fitted.posterior))
    value = task.goal.kind.measure(Outcome(asked, task.contrast, draws, effect, null))
    low, high = np.quantile(draws, (0.5 * (1.0 - INTERVAL), 0.5 * (1.0 + INTERVAL)))
    row = {
        "participants": participants, "trials": trials, "truth": effect, "mean": draws.mean(), "sd": draws.std(ddof=1),
        "low": low, "high": high, "measure": value, "reached": task.goal.reached(value),
    }  # fmt: skip
    return pd.DataFrame([row | fitted.record])


def check_measure(task: PlanTask, planned: Planned, effect: float) -> None:
    """Measure what the goal is about once on draws of the prior, before anything is fitted.

    Raises:
        ModelError: the effect has no direction, or the contrast no such measure.
    """
    tree = read_contrast(task.contrast)
    _check_direction(task.goal, task.contrast, effect, _null(tree))
    asked = planned.asked(prior_coefficients(planned.experiment.spec, _PRIOR_DRAWS, 0))
    with np.errstate(all="ignore"):  # a draw may be infinite, where a posterior's is not
        task.goal.kind.measure(Outcome(asked, task.contrast, values_of(asked, tree), effect, _null(tree)))


def _null(tree: Expression) -> float:
    return 1.0 if is_share_of_itself(tree) else 0.0


def _check_direction(goal: Goal, contrast: str, effect: float, null: float) -> None:
    """Refuse to ask for the direction of nothing.

    Raises:
        ModelError: the effect is the null itself.
    """
    if goal.kind.directed and np.isclose(effect, null, rtol=0.0, atol=1e-9):
        raise ModelError(
            f"the effect '{contrast}' is {null:g}, which has no direction to be found: give the smallest effect of "
            "interest, or plan for an interval."
        )


def coefficients_of(planned: Planned, posterior: xr.Dataset) -> Mapping[str, FloatArray]:
    """Coefficients as they are sampled, of a posterior's variables."""
    arrays = {str(name): x.transpose("chain", "draw", ...).to_numpy() for name, x in posterior.data_vars.items()}
    return to_sampled(planned.experiment.spec, arrays)


def draws_of(planned: Planned, posterior: xr.Dataset, tree: Expression) -> FloatArray:
    """Draws of the contrast, (chains, draws)."""
    return values_of(planned.asked(coefficients_of(planned, posterior)), tree)
