"""EMC2: its parameters as they are sampled and printed, on logarithmic and probit scales, and as they are mapped."""

from __future__ import annotations

from hddm_sbi.peers.base import Equivalent, Formulas, Peer

_SAMPLED = "On the scale on which it samples and prints."
_MAPPED = "On the natural scale, as credint(map = TRUE) gives them."


def _race(model: str, n: int, scale: str, mapped: bool) -> Equivalent:
    """A race of n accumulators, RDM or LBA."""

    def natural(name: str) -> str:
        return name if mapped else f"exp({name})"

    drifts: dict[str, Formulas] = {}
    for k in range(n):
        drift = f"v{k}" if model == "LBA" else natural(f"v{k}")  # the LBA's may be negative
        drifts[f"v{k}"] = f"{drift} / {natural(scale)}"
    return Equivalent(
        f"{model} mapped" if mapped else model,
        model.lower(),
        {
            **drifts,
            "B": f"{natural('B')} / {natural(scale)}",
            "A": (f"{natural('A')} / {natural(scale)}", "0"),
            "t0": natural("t0"),
        },
        defaults={scale: 1.0 if mapped else 0.0},
        accumulators=n,
        note=_MAPPED if mapped else _SAMPLED,
    )


EMC2 = Peer(
    "emc2",
    "EMC2",
    (
        Equivalent(
            "DDM",
            "full_ddm",
            {
                "v": "v / exp(s)",
                "a": "exp(a) / exp(s)",
                "z": ("pnorm(Z)", "0.5"),
                "t0": "exp(t0)",
                "sv": ("exp(sv) / exp(s)", "0"),
                "sz": ("2 * pnorm(SZ) * minimum(pnorm(Z), 1 - pnorm(Z))", "pnorm(SZ)", "0"),
                "st0": ("exp(st0)", "0"),
            },
            defaults={"s": 0.0},
            note=f"{_SAMPLED} Its SZ is the proportion of the largest range that fits.",
        ),
        Equivalent(
            "DDM mapped",
            "full_ddm",
            {
                "v": "v / s",
                "a": "a / s",
                "z": ("Z", "z / a", "0.5"),
                "t0": "t0",
                "sv": ("sv / s", "0"),
                "sz": ("sz / a", "2 * SZ * minimum(Z, 1 - Z)", "SZ", "0"),
                "st0": ("st0", "0"),
            },
            defaults={"s": 1.0},
            note=f"{_MAPPED} SZ is then the proportion of the largest range that fits; mapped_pars() prints SZ as the "
            "range itself, of which only sz, which is absolute, can be taken.",
        ),
        *(_race("RDM", n, "s", mapped) for mapped in (False, True) for n in (2, 3, 4)),
        *(_race("LBA", n, "sv", mapped) for mapped in (False, True) for n in (2, 3, 4)),
    ),
    responses="The levels of its R are the choices 0, 1, ... here; v0, v1, ... are v of each accumulator.",
    without={"LNR": "the lognormal race has no model here", "SS*": "stop signals have no model here"},
)
