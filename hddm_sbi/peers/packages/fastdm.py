"""fast-dm: the parameters of its version 30, as its manual has them."""

from __future__ import annotations

from hddm_sbi.peers.base import Condition, Equivalent, Formulas, Peer
from hddm_sbi.peers.packages.shared import SAME_CHOICES

_DDM: dict[str, Formulas] = {"v": "v", "a": "a", "z": ("zr", "0.5"), "t0": "t0"}
_CONDITIONS = (
    Condition("d == 0", "d makes the non-decision time differ between the two responses"),
    Condition("p == 0", "p, its contaminants, are spread as the data are; leave it out, and state p_outlier and lapse"),
)
_DEFAULTS = {"d": 0.0, "p": 0.0}

FAST_DM = Peer(
    "fast-dm",
    "fast-dm",
    (
        Equivalent("diffusion", "ddm", _DDM, defaults=_DEFAULTS, conditions=_CONDITIONS),
        Equivalent(
            "diffusion",
            "full_ddm",
            {
                **_DDM,
                "t0": ("t0 - st0 / 2", "t0"),
                "sv": ("sv", "0"),
                "sz": ("szr", "0"),
                "st0": ("st0", "0"),
            },
            defaults=_DEFAULTS,
            conditions=_CONDITIONS,
            note="Its t0 is the middle of the range st0, where rtdists has the lower end; precision is no parameter.",
        ),
    ),
    responses=SAME_CHOICES,
    aliases=("fastdm", "fast_dm"),
)
