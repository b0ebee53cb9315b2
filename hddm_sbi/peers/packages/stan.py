"""Stan's wiener density, of the upper boundary; the lower one is that of 1 - beta and -delta."""

from __future__ import annotations

from hddm_sbi.peers.base import Equivalent, Peer

STAN = Peer(
    "stan",
    "Stan",
    (
        Equivalent("wiener", "ddm", {"v": "delta", "a": "alpha", "z": "beta", "t0": "tau"}),
        Equivalent(
            "wiener",
            "full_ddm",
            {
                "v": "delta",
                "a": "alpha",
                "z": "beta",
                "t0": "tau",
                "sv": ("sv", "0"),
                "sz": ("sw", "0"),
                "st0": ("st0", "0"),
            },
            note="sv, sw and st0 are its further arguments: sw and st0 are full widths, tau is the lower end.",
        ),
    ),
    responses="wiener(rt | alpha, tau, beta, delta) is choice 1 here, and with 1 - beta and -delta it is choice 0.",
)
