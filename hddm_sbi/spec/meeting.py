"""Whether omissions alone set the angle of boundaries that meet."""

from __future__ import annotations

import numpy as np

from hddm_sbi.errors import warn
from hddm_sbi.likelihoods.observation.lapses import P_OUTLIER, Lapses
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.ssm.base import SSM
from hddm_sbi.trials.trials import Trials


def check_meeting(ssm: SSM, spec: ModelSpec, trials: Trials, lapses: Lapses | None) -> None:
    """Say so where boundaries meet, and nothing but a slow decision explains omissions.

    When straight boundaries have met a response was made for certain, so that an omission has no probability unless
    they meet after its deadline.

    Args:
        ssm: the process.
        spec: the model's structure.
        trials: the experiment.
        lapses: mixed into the process, or None.

    Warns:
        HDDMWarning: names the angle and the number of omissions.
    """
    omitted = trials.omitted
    if ssm.diffusion is None or ssm.diffusion.collapse != "linear" or not omitted.any():
        return
    by_name = {parameter.name: parameter for parameter in spec.parameters}
    angle = by_name[ssm.diffusion.collapsing[0]]
    if angle.fixed == 0.0 or _explained(by_name[P_OUTLIER].fixed if P_OUTLIER in by_name else 0.0, lapses, trials):
        return
    count = int(np.count_nonzero(omitted))
    those = "the omission" if count == 1 else f"each of the {count:,} omissions"
    warn(
        f"when the boundaries of '{ssm.name}' have met, all have decided, and without lapses that do not respond "
        f"{those} forces '{angle.name}' so low that they meet after the deadline: leave p_outlier and lapse_omission "
        "to be estimated, unless nobody can have missed a trial."
    )


def _explained(p: float | None, lapses: Lapses | None, trials: Trials) -> bool:
    """Whether each omission may be a lapse: one that never responds, or responds after the deadline."""
    if lapses is None or p == 0.0:
        return False
    return lapses.omissions or (lapses.high is not None and bool((trials.deadline[trials.omitted] < lapses.high).all()))
