"""ssm-simulators: its simulators' parameters, which of the full_ddm are not those of HSSM's likelihood."""

from __future__ import annotations

from hddm_sbi.peers.base import Equivalent, Peer
from hddm_sbi.peers.packages.shared import MINUS_ONE, NO_RANGES, collapsing, linear_ballistic

_DDM = {"v": "v", "a": "2 * a", "z": "z", "t0": "t"}
_RANGES = "Its ranges are half widths around the middle, t included, sz in units of evidence."
_FLOOR = "its accumulators cannot fall below 0 and have no range of starting points"

SSM_SIMULATORS = Peer(
    "ssm-simulators",
    "ssm-simulators",
    (
        Equivalent("ddm", "ddm", _DDM, note="Its a is half of the boundary separation."),
        Equivalent("ddm_legacy", "ddm", _DDM),
        Equivalent("ddm_sdv", "full_ddm", {**_DDM, "sv": "sv", **NO_RANGES}),
        Equivalent(
            "ddm_st",
            "full_ddm",
            {**_DDM, "t0": "t - st", "sv": "0", "sz": "0", "st0": "2 * st"},
            note="Its st is a half width around t.",
        ),
        *(
            Equivalent(
                name, "full_ddm", {**_DDM, "t0": "t - st", "sv": "sv", "sz": "sz / a", "st0": "2 * st"}, note=_RANGES
            )
            for name in ("full_ddm", "full_ddm2")
        ),
        Equivalent(
            "full_ddm_rv",
            "full_ddm",
            {**_DDM, "t0": "t - st", "sv": "sv", "sz": "2 * sz", "st0": "2 * st"},
            note="Its ranges are half widths around the middle, t included, sz relative.",
        ),
        *collapsing(),
        *(linear_ballistic(n, "its negative drifts are folded", "sd") for n in (2, 3, 4)),
    ),
    responses=MINUS_ONE,
    without={
        "race_*": _FLOOR,
        "lca_*": f"{_FLOOR}, and they leak and inhibit each other",
        "ddm_normal_st": "its non-decision times are normal, here they are uniform",
        "ddm_truncnormt": "its non-decision times are normal, here they are uniform",
        "ddm_rayleight": "its non-decision times have a Rayleigh distribution, here they are uniform",
        "gamma_drift*": "its drift changes within a trial",
        "conflict_*": "its drift changes within a trial",
        "shrink_spot*": "its drift changes within a trial",
        "*addm*": "its drift changes within a trial",
        "ornstein_angle": "here boundaries collapse without a leak",
        "levy_angle": "here boundaries collapse under Brownian motion alone",
        "lba_*": "its boundaries or drifts are tied to each other",
        "poisson_race*": "accumulators that count events have no model here",
        "ddm_seq2*": "decisions in sequence have no model here",
        "ddm_par2*": "decisions in parallel have no model here",
        "ddm_mic2*": "decisions that inform each other have no model here",
        "tradeoff*": "decisions that inform each other have no model here",
    },
    aliases=("ssms", "ssm_simulators"),
)
