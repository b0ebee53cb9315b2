"""The model on the cells of its design: what summaries of the population, participants and other groups come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from hddm_sbi.design.conditions import Conditions
from hddm_sbi.design.design import Design
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.spec.newdata import respec, rows_of


@dataclass(frozen=True)
class ConditionSpecs:
    """The model in its reported parameters on the conditions; each is made when it is asked for.

    Args:
        spec: the model in its reported parameters.
        design: its design on the trials.
        conditions: the cells.
    """

    spec: ModelSpec
    design: Design
    conditions: Conditions

    @cached_property
    def population(self) -> ModelSpec:
        """One design row for each cell; use its population terms, and its group terms for variances only."""
        return respec(self.spec, rows_of(self.design, self.conditions.population))

    @cached_property
    def participants(self) -> ModelSpec | None:
        """One design row for each participant and cell, participant by participant; None without them."""
        return self._on(self.conditions)

    @cached_property
    def by_condition(self) -> Mapping[str, ModelSpec]:
        """One for each group and cell, group by group, by grouping factor."""
        return self._of({factor: self.conditions.of(factor) for factor in self.conditions.grouped_by})

    @cached_property
    def regardless(self) -> Mapping[str, ModelSpec]:
        """One for each group, for parameters that do not differ between cells, by grouping factor."""
        return self._of({factor: self._merged(factor) for factor in self.conditions.grouped_by})

    def _merged(self, factor: str) -> Conditions:
        """All cells as one, in which no participant has a part, ``subject:cond``, unless all have a single one."""
        found = self.conditions.of(factor).merged([np.arange(len(self.conditions.table))])
        if factor != self.conditions.factor:
            return found
        several = [part for part in self.conditions.parts if (found.groups[part] < 0).any()]
        return replace(found, groups=found.groups | {part: np.full(len(found.seen), -1) for part in several})

    def _of(self, conditions: Mapping[str, Conditions]) -> Mapping[str, ModelSpec]:
        found = {factor: self._on(of) for factor, of in conditions.items()}
        return {factor: spec for factor, spec in found.items() if spec is not None}

    def _on(self, of: Conditions) -> ModelSpec | None:
        if of.participants is None:
            return None
        return respec(self.spec, rows_of(self.design, of.participants, of.groups))


def condition_specs(spec: ModelSpec, design: Design, conditions: Conditions) -> ConditionSpecs:
    """The model with the design of the conditions in place of the trials'."""
    return ConditionSpecs(spec.reported, design, conditions)
