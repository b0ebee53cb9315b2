"""HSSM: its likelihoods' parameters, which of the full_ddm are not those of ssm-simulators, its simulator."""

from __future__ import annotations

from dataclasses import replace

from hddm_sbi.peers.base import Equivalent, Peer
from hddm_sbi.peers.packages.shared import MINUS_ONE, NO_RANGES, collapsing, linear_ballistic

_DDM = {"v": "v", "a": "2 * a", "z": "z", "t0": "t"}


def _with_lapses(model: Equivalent) -> Equivalent:
    """Its mixture is (1 - p) f + p u without u divided by the choices, so that the odds p / (1 - p) double here."""
    return replace(
        model,
        p_outlier="2 * p_outlier / (1 + p_outlier)",
        lapse="lapse_upper",
        defaults={**model.defaults, "lapse_upper": 20.0},
    )


HSSM = Peer(
    "hssm",
    "HSSM",
    tuple(
        map(
            _with_lapses,
            (
                Equivalent("ddm", "ddm", _DDM, note="Its a is half of the boundary separation."),
                Equivalent("ddm_sdv", "full_ddm", {**_DDM, "sv": "sv", **NO_RANGES}),
                Equivalent(
                    "full_ddm",
                    "full_ddm",
                    {**_DDM, "t0": "t - st / 2", "sv": "sv", "sz": "sz", "st0": "st"},
                    note="Its likelihood takes sz and st as full widths, sz relative, and t as the middle; its "
                    "simulator is that of ssm-simulators, with half widths: data that it simulated with sz or st above "
                    "0 are not what it fits.",
                ),
                *collapsing(),
            ),
        )
    )
    + tuple(linear_ballistic(n, "its negative drifts never arrive") for n in (2, 3, 4)),
    responses=MINUS_ONE,
    without={
        "race_*": "its accumulators cannot fall below 0 and have no range of starting points",
        "ddm_seq2*": "decisions in sequence have no model here",
        "gamma_drift*": "its drift changes within a trial",
        "poisson_race*": "accumulators that count events have no model here",
        "softmax_*": "choices without response times have no model of their own here",
    },
)
