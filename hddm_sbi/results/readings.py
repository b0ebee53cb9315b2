"""Why a participant's value mixes slowly: trials that are lapses in one reading of the data, responses in another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from hddm_sbi.results.to_arviz import Results, group, has_group

FloatArray = npt.NDArray[np.float64]

# A trial has two readings where either has at least this share of the draws.
_LEAST_SHARE = 0.02
# Fastest trials that are looked at, of each participant.
_FASTEST = 20
_SHIFT = "t0_"


def two_readings(idata: Results, quantities: Sequence[str]) -> Iterator[str]:
    """One sentence for each participant among the quantities whose fastest trials have two readings.

    A trial that is faster than the non-decision time can only be a lapse. Where some draws of t0 lie above a trial and
    others below, the posterior has two parts, and a sampler rarely changes from one to the other.

    Args:
        idata: what ``model.sample`` returned.
        quantities: labels of participants' quantities, such as ``t0_subject[3]``.
    """
    posterior = group(idata, "posterior")
    if not (has_group(idata, "observed_data") and has_group(idata, "constant_data")):
        return
    trials, rt = group(idata, "constant_data"), group(idata, "observed_data")["rt"].to_numpy()
    for name, variable in posterior.data_vars.items():
        factor = str(name).removeprefix(_SHIFT)
        dims = tuple(dim for dim in variable.dims if dim not in ("chain", "draw"))
        if not str(name).startswith(_SHIFT) or dims != (factor,) or factor not in trials:
            continue
        wanted = {match.group(1) for label in quantities if (match := re.search(r"\[([^,\]]*)", label))}
        who = trials[factor].to_numpy().astype(str)
        for at, participant in enumerate(map(str, variable[factor].to_numpy())):
            if participant in wanted:
                t0 = variable.isel({factor: at}).to_numpy().ravel()
                yield from _sentence(participant, t0, np.sort(rt[who == participant])[:_FASTEST])


def _sentence(participant: str, t0: FloatArray, fastest: FloatArray) -> Iterator[str]:
    lapses = (t0[:, None] > fastest).mean(axis=0)
    open_to_both = (lapses > _LEAST_SHARE) & (lapses < 1.0 - _LEAST_SHARE)
    if open_to_both.any():
        shown = ", ".join(f"{seconds:.3f}" for seconds in fastest[open_to_both])
        share = 100.0 * lapses[open_to_both].max()
        yield (
            f"The fastest trials of participant {participant} ({shown} s) have two readings: lapses in up to "
            f"{share:.0f}% of the draws, responses in the others; the chains change between them rarely. More draws "
            "settle how likely each is; if these trials are no responses, take them out."
        )
