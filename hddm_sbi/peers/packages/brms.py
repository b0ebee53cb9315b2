"""brms: its family wiener, which is Stan's density."""

from __future__ import annotations

from hddm_sbi.peers.base import Equivalent, Peer

BRMS = Peer(
    "brms",
    "brms",
    (
        Equivalent(
            "wiener",
            "ddm",
            {"v": "mu", "a": "bs", "z": "bias", "t0": "ndt"},
            note="On the scale of the response, as conditional_effects shows it: by default coefficients of bs and ndt "
            "are logarithms, those of bias logits.",
        ),
    ),
    responses="What dec() says is the upper boundary is choice 1 here.",
)
