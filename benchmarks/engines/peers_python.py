"""Log densities of PyDDM, moments of EZ2, estimates of EZ and draws of sinistra, in an environment that has them.

Tasks and answers as in ``peers_hssm``; an answer of EZ2 is the probability of the lower boundary, the mean and the
variance of all response times, one of EZ its estimates.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from typing import Any

import numpy as np

Task = dict[str, Any]


def pyddm(task: Task) -> list[float]:
    import pyddm as ddm

    given = dict(task["parameters"])
    grid = {"dx": task["dx"], "dt": task["dt"], "T_dur": given.pop("T_dur", 2.0)}
    if task["model"] == "gddm":
        model = ddm.gddm(**given, **grid)
    else:
        model = ddm.Model(**components(ddm, given), **grid)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        solution = model.solve_analytical() if task["solver"] == "analytical" else model.solve_numerical_implicit()
    log_pdf = {1: np.log(solution.pdf("_top") + 1e-300), 0: np.log(solution.pdf("_bottom") + 1e-300)}
    return [
        float(np.interp(rt, model.t_domain(), log_pdf[c])) for rt, c in zip(task["rt"], task["choice"], strict=True)
    ]


def components(ddm: Any, given: dict[str, float]) -> dict[str, Any]:
    """A model of the components that have the parameters."""

    def one_of(*kinds: tuple[str, tuple[str, ...]], default: Any) -> Any:
        for owner, names in kinds:
            if all(name in given for name in names):
                return getattr(ddm, owner)(**{name.rpartition(".")[2]: given[name] for name in names})
        return default

    overlays = [
        one_of(
            ("OverlayNonDecisionUniform", ("nondectime", "halfwidth")),
            ("OverlayNonDecision", ("nondectime",)),
            default=ddm.OverlayNone(),
        ),
        one_of(("OverlayUniformMixture", ("umixturecoef",)), default=ddm.OverlayNone()),
    ]
    return {
        "drift": one_of(
            ("DriftLinear", ("drift", "DriftLinear.x", "DriftLinear.t")), ("DriftConstant", ("drift",)), default=None
        ),
        "noise": one_of(("NoiseConstant", ("noise",)), default=ddm.NoiseConstant(noise=1.0)),
        "bound": one_of(
            ("BoundCollapsingLinear", ("B", "BoundCollapsingLinear.t")),
            ("BoundCollapsingExponential", ("B", "BoundCollapsingExponential.tau")),
            ("BoundConstant", ("B",)),
            default=None,
        ),
        "IC": one_of(
            ("ICPointRatio", ("ICPointRatio.x0",)),
            ("ICPoint", ("ICPoint.x0",)),
            ("ICRange", ("ICRange.sz",)),
            default=ddm.ICPointSourceCenter(),
        ),
        "overlay": ddm.OverlayChain(overlays=overlays),
    }


def ez2(task: Task) -> list[float]:
    import EZ2

    given = dict(task["parameters"])
    pe = EZ2.pe(given["nu"], given["z"], given["a"], s=given["s"])
    mrt = EZ2.mrt(given["nu"], given["z"], given["a"], Ter=given["Ter"], s=given["s"])
    vrt = EZ2.vrt(given["nu"], given["z"], given["a"], s=given["s"])
    return [float(np.squeeze(one)) for one in (pe, mrt, vrt)]


def ez(task: Task) -> list[float]:
    """Its estimates, and as the answer the moments that they come from."""
    import EZ2

    share, mean, variance = task["moments"]
    v, a, Ter = EZ2.data2ez(share, variance, mean, s=task["parameters"]["s"])
    return [float(np.squeeze(one)) for one in (v, a, Ter)]


def sinistra(task: Task) -> dict[str, Any]:
    import sinistra

    choices, rts, excluded = sinistra.simulate(**task["parameters"], n=task["n"], seed=task["seed"])
    assert not excluded
    return {"share": float(np.mean(choices)), "quantiles": np.quantile(rts, task["levels"]).tolist()}


ANSWERS = {"pyddm": (pyddm, "pyddm"), "ez2": (ez2, "EZ2"), "ez": (ez, "EZ2"), "sinistra": (sinistra, "sinistra")}


def main() -> None:
    answers = []
    for task in json.load(sys.stdin):
        function, package = ANSWERS[task["peer"]]
        answers.append({"answer": function(task), "version": version(package)})
    print("\n" + json.dumps(answers))


if __name__ == "__main__":
    main()
