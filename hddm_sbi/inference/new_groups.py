"""Groups that were not in the data: their deviations are drawn from the population, once for each posterior draw.

The deviations of one group of a factor, those of all its terms and parameters together, are one vector b ~ N(0, S)
with S = L L' for each posterior draw; L is diagonal where group effects are independent. A group that the data say
nothing about has this distribution given the draw, so that predictions hold both the spread between groups and what is
not known of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from hddm_sbi.errors import DataError, ModelError
from hddm_sbi.spec.group_block import blocks_of, cut
from hddm_sbi.spec.model_spec import Groups, ModelSpec
from hddm_sbi.spec.newdata import NewGroups
from hddm_sbi.trials.columns import listed

FloatArray = npt.NDArray[np.float64]
Coefficients = Mapping[str, FloatArray]

REFUSE, SAMPLE = "refuse", "sample"


def check_new_groups(spec: ModelSpec, new: NewGroups, choice: str) -> None:
    """Whether groups that were not in the data can be had.

    Args:
        spec: the model.
        new: labels of such groups, by factor.
        choice: ``"refuse"``, or ``"sample"`` for draws from the population.

    Raises:
        ModelError: another choice.
        DataError: there are such groups, and they are refused or have no population.
    """
    if choice not in (REFUSE, SAMPLE):
        raise ModelError(f"new_groups is {choice!r}; choose '{REFUSE}', or '{SAMPLE}' for draws from the population.")
    for factor, labels in new.items():
        groups = f"group {labels[0]}" if len(labels) == 1 else f"groups {listed(labels)}"
        subject = f"the {groups} of '{factor}' {'was' if len(labels) == 1 else 'were'} not in the data"
        if any(term.sd_prior is None for _, term in spec.group_terms() if term.factor == factor):
            raise DataError(
                f"{subject}, and with pooling 'none' there is no population to draw from; choose rows of known groups, "
                "or build the model with pooling 'partial'."
            )
        if choice == REFUSE:
            raise DataError(
                f"{subject} that the model was built on; choose rows of known groups, or draw new ones from the "
                f'population with new_groups="{SAMPLE}".'
            )


def with_new_groups(spec: ModelSpec, new: NewGroups, coefficients: Coefficients, seed: int) -> Coefficients:
    """The coefficients with those of new groups behind those of the known ones.

    A group's deviations depend on the seed, its factor and its label alone, whatever other groups or rows there are.

    Args:
        spec: the model.
        new: labels of the new groups, by factor.
        coefficients: draws by site, each of shape (chains, draws, *site shape).
        seed: a non-negative integer.
    """
    result = dict(coefficients)
    for block in blocks_of(spec.reported):
        labels = new.get(block.groups.factor, ())
        if not labels:
            continue
        name, cholesky = ":".join(filter(None, block.groups.key)), block.population_cholesky(coefficients)
        drawn = [
            draw_deviations(cholesky[..., stratum, :, :], _generator(seed, name, label))
            for label, stratum in zip(labels, _strata(block.groups, labels), strict=True)
        ]
        for site, own in cut(block.terms, np.stack(drawn, axis=2)).items():
            result[site] = np.concatenate([coefficients[site], own], axis=2)
    return result


def _strata(groups: Groups, labels: Sequence[str]) -> list[int]:
    """The stratum of each new group.

    Raises:
        DataError: its rows are in several.
    """
    found = []
    for place, label in enumerate(labels):
        own = np.unique(groups.of_row[groups.index == groups.n + place])
        if len(own) > 1:
            raise DataError(
                f"the group {label} of '{groups.factor}' is in several levels of '{groups.by}' in the new data "
                f"({listed([groups.strata[k] for k in own])}), by which groups vary; give each group one."
            )
        found.append(int(own[0]))
    return found


def draw_deviations(cholesky: FloatArray, rng: np.random.Generator) -> FloatArray:
    """One group's deviations b = L e, e standard normal, for each posterior draw, shape (chains, draws, columns).

    Args:
        cholesky: L, shape (chains, draws, columns, columns).
        rng: for e.
    """
    return np.asarray(np.einsum("...ij,...j->...i", cholesky, rng.standard_normal(cholesky.shape[:-1])))


def _generator(seed: int, factor: str, label: str) -> np.random.Generator:
    """Random numbers of one group: a hash tells groups apart in the same way everywhere, as Python's own does not."""
    digest = hashlib.sha256(f"{factor}\0{label}".encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest, dtype="<u4").tolist()])
