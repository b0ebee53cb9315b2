"""HDDM: the parameters of its Navarro-Fuss likelihood (``wfpt.full_pdf`` in its source)."""

from __future__ import annotations

from hddm_sbi.peers.base import Equivalent, Formulas, Peer
from hddm_sbi.peers.packages.shared import SAME_CHOICES

_DDM: dict[str, Formulas] = {"v": "v", "a": "a", "z": ("z", "0.5"), "t0": "t"}
# it adds p_outlier w_outlier to the density of either response, uniform up to 1 / (2 w_outlier) = 5 s
_LAPSES = {"w_outlier": 0.1}

HDDM = Peer(
    "hddm",
    "HDDM",
    (
        Equivalent("HDDM", "ddm", _DDM, defaults=_LAPSES, p_outlier="p_outlier", lapse="1 / (2 * w_outlier)"),
        Equivalent(
            "HDDM",
            "full_ddm",
            {**_DDM, "t0": ("t - st / 2", "t"), "sv": ("sv", "0"), "sz": ("sz", "0"), "st0": ("st", "0")},
            defaults=_LAPSES,
            p_outlier="p_outlier",
            lapse="1 / (2 * w_outlier)",
            note="Its t is the middle of the range st; beyond the window it goes on to give lapses a density.",
        ),
    ),
    responses=SAME_CHOICES,
)
