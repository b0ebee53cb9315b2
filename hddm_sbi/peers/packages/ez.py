"""EZ (Wagenmakers, van der Maas & Grasman 2007) and EZ2 (Grasman, Wagenmakers & van der Maas 2009), with s = 0.1."""

from __future__ import annotations

from hddm_sbi.peers.base import Equivalent, Peer

_SCALE = "Its scale is s = 0.1 unless s is given."

EZ = Peer(
    "ez",
    "EZ",
    (Equivalent("EZ", "ddm", {"v": "v / s", "a": "a / s", "z": "0.5", "t0": "Ter"}, defaults={"s": 0.1}, note=_SCALE),),
    responses="Errors and correct responses are the choices 0 and 1 here.",
)

EZ2 = Peer(
    "ez2",
    "EZ2",
    (
        Equivalent(
            "EZ2",
            "ddm",
            {"v": "nu / s", "a": "a / s", "z": "z / a", "t0": "Ter"},
            defaults={"s": 0.1, "Ter": 0.0},
            note=f"{_SCALE} Its z is absolute.",
        ),
    ),
    responses="Its lower boundary, which pe is the probability of, is choice 0 here.",
)
