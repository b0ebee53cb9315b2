"""sinistra: the arguments of simulate, and the names in what its fits return."""

from __future__ import annotations

from hddm_sbi.peers.base import Equivalent, Peer

SINISTRA = Peer(
    "sinistra",
    "sinistra",
    (
        Equivalent(
            "simulate",
            "ddm",
            {"v": "drift / noise_sd", "a": "boundary / noise_sd", "z": "start", "t0": "t0"},
            defaults={"noise_sd": 1.0},
        ),
        Equivalent(
            "fit",
            "ddm",
            {
                "v": "drift_rate / noise_sd",
                "a": "boundary_separation / noise_sd",
                "z": "starting_point",
                "t0": "non_decision_time",
            },
            defaults={"noise_sd": 1.0},
            note="The names in what fit_ez and fit_sim return.",
        ),
    ),
    responses="Its False and True are the choices 0 and 1 here.",
)
