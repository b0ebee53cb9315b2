"""The lapses of a model: their window, from the user's option and the trials."""

from __future__ import annotations

import numpy as np

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.observation.lapses import LAPSE_OMISSION, P_OUTLIER, Lapses
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.trials.trials import Trials


def lapses_of(window: tuple[float, float | None], trials: Trials, spec: ModelSpec) -> Lapses | None:
    """The lapses of a model; None where it has none.

    Args:
        window: lowest and highest rt of a lapse in seconds; None: the deadline, the end of truncation or the longest
            rt.
        trials: the experiment.
        spec: the model's structure.

    Raises:
        ModelError: the window is no interval of times.
    """
    try:
        low, high = window
        low, high = float(low), None if high is None else float(high)
    except (TypeError, ValueError) as error:
        raise ModelError(f"lapse is {window!r}; give the window as (lowest, highest) rt in seconds.") from error
    names = [parameter.name for parameter in spec.parameters]
    known = trials.rt[np.isfinite(trials.rt)]
    # without response times any length will do: only choices are compared
    longest = float(known.max()) if known.size else low + 1.0
    lapses = Lapses(low, high, longest, omissions=LAPSE_OMISSION in names)
    return lapses if P_OUTLIER in names else None
