"""The model on the cells of its design: what population and participant summaries are computed from."""

from __future__ import annotations

from dataclasses import dataclass

from hddm_sbi.design.conditions import Conditions
from hddm_sbi.design.design import Design
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.spec.newdata import respec, rows_of


@dataclass(frozen=True)
class ConditionSpecs:
    """The model in its reported parameters on the conditions.

    Args:
        population: one design row for each cell; use its population terms, and its group terms for variances only.
        participants: one design row for each participant and cell, participant by participant; None without them.
    """

    population: ModelSpec
    participants: ModelSpec | None


def condition_specs(spec: ModelSpec, design: Design, conditions: Conditions) -> ConditionSpecs:
    """The model with the design of the conditions in place of the trials'."""
    spec = spec.reported
    population = respec(spec, rows_of(design, conditions.population))
    if conditions.participants is None:
        return ConditionSpecs(population, None)
    participants = rows_of(design, conditions.participants, conditions.groups)
    return ConditionSpecs(population, respec(spec, participants))
