"""The effects that a participant does not share with others: what is integrated over when the participant is left out.

A group of any factor belongs to a participant where all of its trials are that participant's: the participant itself, a
session of it in ``(1 | subject:session)``, but no item in ``(1 | item)``, which others have seen as well. The vector of
a participant's effects is made of those of all of its groups, one after the other, as raw coefficients rho: given the
population, deviations are b = C rho with rho ~ N(0, 1), independently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hddm_sbi.comparison.fitted import Coefficients, FloatArray, count
from hddm_sbi.spec.group_block import GroupBlock, blocks_of, cut
from hddm_sbi.spec.model_spec import ModelSpec

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class OwnGroups:
    """The groups of a block that belong to single participants.

    Args:
        block: the block.
        group: their indices, shape (groups,).
        unit: the participant of each, shape (groups,).
        start: place of each group's first effect in its participant's vector, shape (groups,).
    """

    block: GroupBlock
    group: IntArray
    unit: IntArray
    start: IntArray

    @property
    def places(self) -> IntArray:
        """Places of each group's effects in its participant's vector, shape (groups, effects)."""
        return self.start[:, np.newaxis] + np.arange(self.block.n_effects)


@dataclass(frozen=True)
class Effects:
    """The effects of all participants, in vectors of one length; what a participant does not use has no influence.

    Args:
        n_units: number of participants.
        size: length of the vectors.
        own: the groups, block by block.
    """

    n_units: int
    size: int
    own: tuple[OwnGroups, ...]

    @property
    def used(self) -> BoolArray:
        """Which places of its vector each participant uses, shape (participants, size)."""
        used = np.zeros((self.n_units, self.size), dtype=np.bool_)
        for own in self.own:
            used[own.unit[:, np.newaxis], own.places] = True
        return used

    def factor(self, coefficients: Coefficients) -> FloatArray:
        """C, shape (draws, participants, size, size), lower triangular; 1 on the diagonal where nothing is used.

        Args:
            coefficients: draws by site, each of shape (draws, *site shape).
        """
        result: FloatArray = np.tile(np.eye(self.size), (count(coefficients), self.n_units, 1, 1))
        for own in self.own:
            root = own.block.population_cholesky(coefficients)[:, own.block.groups.of_group[own.group]]
            rows, columns = own.places[:, :, np.newaxis], own.places[:, np.newaxis, :]
            result[:, own.unit[:, np.newaxis, np.newaxis], rows, columns] = root
        return result

    def deviations(self, coefficients: Coefficients) -> FloatArray:
        """b, shape (draws, participants, size), from draws by site, each of shape (draws, *site shape)."""
        result = np.zeros((count(coefficients), self.n_units, self.size))
        for own in self.own:
            result[:, own.unit[:, np.newaxis], own.places] = own.block.stacked(coefficients)[:, own.group]
        return result

    def replaced(self, coefficients: Coefficients, deviations: FloatArray) -> dict[str, FloatArray]:
        """The coefficients with other deviations in the place of the participants' own.

        Args:
            coefficients: draws by site, each of shape (draws, *site shape).
            deviations: b, shape (draws, participants, size).
        """
        result = dict(coefficients)
        for own in self.own:
            whole = own.block.stacked(coefficients).copy()
            whole[:, own.group] = deviations[:, own.unit[:, np.newaxis], own.places]
            result |= cut(own.block.terms, whole)
        return result


def effects_of(spec: ModelSpec, unit: IntArray, n_units: int) -> Effects:
    """The effects of participants.

    Args:
        spec: the model's structure.
        unit: participant of each trial, shape (trials,).
        n_units: number of participants.
    """
    size, own = np.zeros(n_units, dtype=np.int64), []
    for block in blocks_of(spec):
        of_trial = block.groups.index[spec.row]
        known = of_trial >= 0
        first, last = (np.full(block.groups.n, end) for end in (n_units, -1))
        np.minimum.at(first, of_trial[known], unit[known])
        np.maximum.at(last, of_trial[known], unit[known])
        group = np.flatnonzero(first == last)
        start = np.empty(len(group), dtype=np.int64)
        for place, owner in enumerate(first[group]):
            start[place] = size[owner]
            size[owner] += block.n_effects
        if len(group):
            own.append(OwnGroups(block, group, first[group], start))
    return Effects(n_units, int(size.max(initial=0)), tuple(own))
