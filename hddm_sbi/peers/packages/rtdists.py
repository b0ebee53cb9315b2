"""rtdists: its diffusion and LBA functions."""

from __future__ import annotations

from hddm_sbi.peers.base import Condition, Equivalent, Formulas, Peer

_DDM: dict[str, Formulas] = {"v": "v / s", "a": "a / s", "z": ("z / a", "0.5"), "t0": "t0"}
_D = Condition("d == 0", "d makes the non-decision time differ between the two responses")
_DEFAULTS = {"s": 1.0, "d": 0.0}


def _lba(n: int) -> Equivalent:
    drifts: dict[str, Formulas] = {f"v{k}": f"mean_v{k} / sd_v" for k in range(n)}
    return Equivalent(
        "LBA",
        "lba",
        {**drifts, "B": "(b - A) / sd_v", "A": "A / sd_v", "t0": "t0"},
        defaults={"sd_v": 1.0, "st0": 0.0},
        conditions=(Condition("st0 == 0", "the lba here has no range of non-decision times, st0"),),
        accumulators=n,
        note='Its distribution "norm" with posdrift = TRUE, its default, and one sd_v for all accumulators.',
    )


RTDISTS = Peer(
    "rtdists",
    "rtdists",
    (
        Equivalent("diffusion", "ddm", _DDM, defaults=_DEFAULTS, conditions=(_D,)),
        Equivalent(
            "diffusion",
            "full_ddm",
            {**_DDM, "sv": ("sv / s", "0"), "sz": ("sz / a", "0"), "st0": ("st0", "0")},
            defaults=_DEFAULTS,
            conditions=(_D,),
            note="Its z and sz are absolute, on the scale of a; t0 is the lower end of the range st0.",
        ),
        *map(_lba, (2, 3, 4)),
    ),
    responses='Its "lower" and "upper" are the choices 0 and 1 here; accumulators count from 0.',
)
