"""What contrasts are asked of: a model and its draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hddm_sbi.design.conditions import Conditions
from hddm_sbi.design.design import Design
from hddm_sbi.spec.model_spec import ModelSpec, ParameterSpec

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """A model and the draws of its coefficients.

    Args:
        spec: the model on its own trials.
        design: what applies its formulas to other rows.
        conditions: the cells of its factors.
        groupby: column of the participant; None without participants.
        participants: their labels.
        coefficients: by site, (chains, draws, *site shape), as they are sampled: see ``spec.linear``.
        given: the variables whose priors the user stated.
    """

    spec: ModelSpec
    design: Design
    conditions: Conditions
    groupby: str | None
    participants: tuple[object, ...]
    coefficients: Mapping[str, FloatArray]
    given: frozenset[str]

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that results are about."""
        return tuple(parameter.name for parameter in self.spec.reported.parameters)

    @property
    def shape(self) -> tuple[int, int]:
        """Chains and draws."""
        chains, draws = next(iter(self.coefficients.values())).shape[:2]
        return chains, draws

    def behind(self, name: str) -> tuple[ParameterSpec, ...]:
        """The parameters that a natural value comes from, see ``ModelSpec.behind``."""
        spec = self.spec.reported
        return spec.behind(spec.parameter(name))

    def columns(self, name: str) -> tuple[str, ...]:
        """The columns that a parameter depends on."""
        found = []
        for parameter in self.behind(name):
            design = self.design.parameters.get(parameter.name)
            if design is not None:
                found += [column for term in design.terms for column in term.variables]
        return tuple(dict.fromkeys(found))

    def factors(self, name: str) -> tuple[str, ...]:
        """Those of them that are factors, in the order of the conditions' labels."""
        columns = self.columns(name)
        return tuple(column for column in self.conditions.table.columns if column in columns)

    def has_population(self, name: str) -> bool:
        """Whether a parameter has a typical value."""
        return all(parameter.common or parameter.fixed is not None for parameter in self.behind(name))

    def varies(self, name: str) -> bool:
        """Whether a parameter varies by participant, if only since each belongs to a group of another factor."""
        factors = {term.factor for parameter in self.behind(name) for term in parameter.group}
        return any((self.conditions.groups[factor] >= 0).any() for factor in factors)
