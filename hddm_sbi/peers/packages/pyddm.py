"""PyDDM: parameters of its components, which may be named with them, and of its function gddm."""

from __future__ import annotations

from dataclasses import replace

from hddm_sbi.errors import ModelError
from hddm_sbi.peers.base import Condition, Equivalent, Formulas, Peer
from hddm_sbi.peers.packages.shared import LOWER_UPPER

_MIDDLE: dict[str, Formulas] = {
    "v": "drift / noise",
    "a": "2 * B / noise",
    "z": ("(ICPointRatio.x0 + 1) / 2", "(ICPoint.x0 / B + 1) / 2", "0.5"),
    "t0": "nondectime",
}
_DEFAULTS = {"noise": 1.0, "nondectime": 0.0, "T_dur": 2.0}


def _model(there: str, here: str, theta: dict[str, Formulas], note: str = "") -> Equivalent:
    return Equivalent(there, here, theta, defaults=_DEFAULTS, p_outlier="umixturecoef", lapse="T_dur", note=note)


# components without parameters that are what goes without saying
_PLAIN = ("ICPointSourceCenter", "OverlayNone", "OverlayChain")


def _components(model: object) -> dict[str, float] | None:
    """The parameters of a model of PyDDM's, by component and name; None if it is none."""
    parts = getattr(model, "dependencies", None)
    if parts is None:
        return None
    found: dict[str, float] = {}
    for part in [one for each in parts for one in (each, *getattr(each, "overlays", ()))]:
        owner = type(part).__name__
        if owner in _PLAIN:
            continue
        if not part.required_parameters:
            raise ModelError(
                f"PyDDM's component {owner} does not tell its parameters, or has no equivalent; give the parameters by "
                'name, those of a function gddm with model="gddm".'
            )
        found |= {f"{owner}.{name}": getattr(part, name) for name in part.required_parameters}
    lapses = "OverlayUniformMixture.umixturecoef" in found
    return found | {"T_dur": getattr(model, "T_dur", 2.0)} if lapses else found


PYDDM = Peer(
    "pyddm",
    "PyDDM",
    (
        _model("BoundConstant", "ddm", _MIDDLE, "B is half of the boundary separation."),
        _model(
            "ICRange",
            "full_ddm",
            {
                **_MIDDLE,
                "z": "0.5",
                "t0": ("nondectime - halfwidth", "nondectime"),
                "sv": "0",
                "sz": "ICRange.sz / B",
                "st0": ("2 * halfwidth", "0"),
            },
            "ICRange's sz and OverlayNonDecisionUniform's halfwidth are half widths, nondectime the middle.",
        ),
        _model(
            "OverlayNonDecisionUniform",
            "full_ddm",
            {**_MIDDLE, "sv": "0", "sz": "0", "t0": "nondectime - halfwidth", "st0": "2 * halfwidth"},
        ),
        _model(
            "BoundCollapsingLinear",
            "angle",
            {**_MIDDLE, "theta": "arctan(BoundCollapsingLinear.t / noise)"},
        ),
        _model(
            "BoundCollapsingExponential",
            "weibull",
            {**_MIDDLE, "alpha": "1", "beta": "1 / BoundCollapsingExponential.tau"},
        ),
        replace(
            _model("DriftLinear", "ornstein", {**_MIDDLE, "g": "-DriftLinear.x"}),
            defaults={**_DEFAULTS, "DriftLinear.t": 0.0},
            conditions=(Condition("DriftLinear.t == 0", "its drift changes with time, by DriftLinear.t"),),
        ),
        Equivalent(
            "gddm",
            "ddm",
            {
                "v": "drift / noise",
                "a": "2 * bound / noise",
                "z": ("(starting_position + 1) / 2", "0.5"),
                "t0": "nondecision",
            },
            defaults={"noise": 1.0, "bound": 1.0, "nondecision": 0.0, "mixture_coef": 0.02, "T_dur": 2.0},
            p_outlier="mixture_coef",
            lapse="T_dur",
            note="Its function gddm has 2% lapses unless mixture_coef says otherwise.",
        ),
    ),
    responses=LOWER_UPPER,
    without={
        "ICGaussian": "its starting points are normal, here they are uniform",
        "ICUniform": "its starting points reach the boundaries",
        "OverlayNonDecisionGamma": "its non-decision times have a gamma distribution, here they are uniform",
        "OverlayExponentialMixture": "its lapses are exponential, here they are uniform",
        "OverlayPoissonMixture": "its lapses are exponential, here they are uniform",
        "NoiseLinear": "its noise changes within a trial",
    },
    read=_components,
)
