"""What the descriptions of several peers share."""

from __future__ import annotations

from hddm_sbi.peers.base import Condition, Equivalent

MINUS_ONE = "Its responses -1 and 1 are the choices 0 and 1 here."
LOWER_UPPER = "Its lower and upper boundary are the choices 0 and 1 here."
SAME_CHOICES = "Its responses 0 and 1 are the choices 0 and 1 here."

# without differences between trials, as the full_ddm has them
NO_RANGES = {"sz": "0", "st0": "0"}


def linear_ballistic(n: int, negative: str, sd: str = "0.1") -> Equivalent:
    """The linear ballistic accumulator of ssm-simulators and HSSM with n accumulators.

    Args:
        n: how many there are.
        negative: what the peer does with negative drifts, a main clause.
        sd: of the drifts, a number or the name of a parameter that is 0.1 unless given.
    """
    drifts = tuple(f"v{k}" for k in range(n))
    return Equivalent(
        f"lba{n}",
        "lba",
        {**{name: f"{name} / {sd}" for name in drifts}, "B": f"(b - A) / {sd}", "A": f"A / {sd}", "t0": "0"},
        defaults={sd: 0.1} if sd.isidentifier() else {},
        conditions=tuple(Condition(f"{name} >= 3 * {sd}", f"{negative}, and {name} is below 3 sd") for name in drifts),
        accumulators=n,
        note=f"Drifts have an sd of 0.1 and there is no non-decision time; {negative}, while here each drift is "
        "truncated at 0, which is the same while drifts are above 3 sd.",
    )


def collapsing(v: str = "v", a: str = "2 * a", z: str = "z", t0: str = "t") -> tuple[Equivalent, ...]:
    """The models of ssm-simulators, and of HSSM's networks, that take more than the ddm's parameters."""
    theta = {"v": v, "a": a, "z": z, "t0": t0}
    note = "Boundaries are at a - tan(theta) t above and below the middle."
    return (
        Equivalent("angle", "angle", {**theta, "theta": "theta"}, note=note),
        Equivalent("angle_extended", "angle", {**theta, "theta": "theta"}, note=note),
        Equivalent("weibull", "weibull", {**theta, "alpha": "alpha", "beta": "beta"}),
        Equivalent(
            "ornstein", "ornstein", {**theta, "g": "g"}, note="Its order of parameters is v, a, z, g, t."
        ),
        Equivalent(
            "levy",
            "levy",
            {**theta, "v": "v / sqrt(2)", "a": "sqrt(2) * a", "alpha": "alpha"},
            note="Its noise has variance 2 at alpha = 2; its order of parameters is v, a, z, alpha, t.",
        ),
        Equivalent(
            "racing_diffusion_3",
            "rdm",
            {"v0": "v0", "v1": "v1", "v2": "v2", "B": "b - A", "A": "A", "t0": "t"},
            accumulators=3,
        ),
    )  # fmt: skip
