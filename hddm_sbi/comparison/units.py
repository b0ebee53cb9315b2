"""What is left out: participants or trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hddm_sbi.comparison.fitted import Fitted
from hddm_sbi.errors import DataError, ModelError
from hddm_sbi.spec.group_block import apart_terms

IntArray = npt.NDArray[np.int64]

PARTICIPANT, TRIAL = "participant", "trial"


@dataclass(frozen=True)
class Units:
    """What is left out, one at a time.

    Args:
        by: ``"participant"`` or ``"trial"``.
        of_trial: the unit of each trial, shape (trials,).
        labels: of the units.
        cluster: the participant of each unit, shape (units,); the unit itself where no participants are known.
        of_people: whether participants are known.
    """

    by: str
    of_trial: IntArray
    labels: tuple[object, ...]
    cluster: IntArray
    of_people: bool

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.labels)

    @property
    def n_clusters(self) -> int:
        """Number of participants, or of trials where none are known."""
        return int(self.cluster.max(initial=-1)) + 1


def units_of(fits: Mapping[str, Fitted], by: str) -> Units:
    """The units of models of the same trials.

    Args:
        fits: the models by name; one that knows participants tells those of all.
        by: ``"participant"`` or ``"trial"``.

    Raises:
        ModelError: it is neither, or participants cannot be left out.
        DataError: the models know different participants.
    """
    if by not in (PARTICIPANT, TRIAL):
        raise ModelError(f"by is {by!r}; choose '{PARTICIPANT}' or '{TRIAL}'.")
    n = next(iter(fits.values())).trials.n
    known = {name: fit.trials for name, fit in fits.items() if fit.trials.groupby is not None}
    if not known:
        if by == PARTICIPANT:
            raise ModelError(
                "the models do not know which trials are whose, so that no participant can be left out; build one of "
                f"them with groupby, or leave out trials with by='{TRIAL}'."
            )
        return Units(TRIAL, np.arange(n), tuple(range(n)), np.arange(n), False)
    (first, trials), *others = known.items()
    for name, other in others:
        pairs = len(np.unique(np.column_stack([trials.subject, other.subject]), axis=0))
        if not len(trials.subjects) == len(other.subjects) == pairs:
            raise DataError(
                f"the models '{first}' and '{name}' divide the trials among other participants ('{trials.groupby}' and "
                f"'{other.groupby}'); build both with the same groupby."
            )
    if by == TRIAL:
        return Units(TRIAL, np.arange(n), tuple(range(n)), trials.subject, True)
    for name, fit in fits.items():
        if apart_terms(fit.spec):
            raise ModelError(
                f"'{name}' fits participants apart (pooling 'none'), and so predicts nothing of one who was left out; "
                f"leave it out, build it with pooling 'partial', or leave out trials with by='{TRIAL}'."
            )
    return Units(PARTICIPANT, trials.subject, trials.subjects, np.arange(len(trials.subjects)), True)
