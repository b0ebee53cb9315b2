"""Log densities of HSSM and of HDDM's compiled likelihood, and draws of ssm-simulators; runs in HSSM's environment.

Reads a list of tasks of ``benchmarks.peers`` from standard input and writes the answers, both as JSON: of densities
their logarithms, of simulations the share of choice 1 and quantiles of the response times.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from typing import Any

import numpy as np

Task = dict[str, Any]


def hssm(task: Task) -> list[float]:
    import bambi as bmb
    import hssm.likelihoods.analytical as analytical
    import pytensor
    from hssm.distribution_utils.dist import make_distribution
    from hssm.likelihoods.blackbox import logp_full_ddm

    parameters = dict(task["parameters"])
    races = task["model"].startswith(("lba", "racing"))
    answers = np.array(task["choice"]) if races else 2 * np.array(task["choice"]) - 1
    data = np.column_stack([task["rt"], answers]).astype(np.float64)
    if "p_outlier" in parameters:
        found = make_distribution(
            "ddm", analytical.logp_ddm, ["v", "a", "z", "t"], lapse=bmb.Prior("Uniform", lower=0.0, upper=20.0)
        )
        return np.asarray(found.logp(pytensor.tensor.as_tensor(data), *parameters.values()).eval()).tolist()
    function = {
        "ddm": analytical.logp_ddm,
        "ddm_sdv": analytical.logp_ddm_sdv,
        "full_ddm": logp_full_ddm,
        "racing_diffusion_3": analytical.logp_rdm3,
        "lba2": analytical.logp_lba2,
        "lba3": analytical.logp_lba3,
        "lba4": analytical.logp_lba4,
    }[task["model"]]
    arguments = list(parameters.values()) if task["model"] == "full_ddm" else []
    value = function(data, *arguments) if arguments else function(data, **parameters)
    return np.asarray(value.eval() if hasattr(value, "eval") else value, dtype=np.float64).tolist()


def hddm(task: Task) -> list[float]:
    from hddm_wfpt import wfpt

    given = {"sv": 0.0, "sz": 0.0, "st": 0.0, "z": 0.5, **task["parameters"]}
    signed = np.where(np.array(task["choice"]) == 1, 1.0, -1.0) * np.array(task["rt"])
    accurate = {"err": 1e-10, "n_st": 20, "n_sz": 20, "use_adaptive": True, "simps_err": 1e-10, "logp": True}
    lapses = {"p_outlier": given.pop("p_outlier", 0.0), "w_outlier": given.pop("w_outlier", 0.1)}
    return np.asarray(wfpt.pdf_array(signed, **given, **accurate, **lapses)).tolist()


def ssm_simulators(task: Task) -> dict[str, Any]:
    from ssms.basic_simulators.simulator import simulator

    np.random.seed(task["seed"])  # noqa: NPY002  # its lba knows no other seed
    found = simulator(
        task["parameters"],
        model=task["model"],
        n_samples=task["n"],
        delta_t=task["step"],
        max_t=20.0,
        random_state=task["seed"],
    )
    return summary(np.ravel(found["rts"]), np.ravel(found["choices"]) == 1, task["levels"])


def summary(rt: np.ndarray, chosen: np.ndarray, levels: list[float]) -> dict[str, Any]:
    rt = rt.astype(np.float64)
    return {"share": float(np.mean(chosen)), "quantiles": np.quantile(rt, levels).tolist()}


ANSWERS = {"hssm": (hssm, "HSSM"), "hddm": (hddm, "hddm_wfpt"), "ssm-simulators": (ssm_simulators, "ssm-simulators")}


def main() -> None:
    warnings.simplefilter("ignore")
    answers = []
    for task in json.load(sys.stdin):
        function, package = ANSWERS[task["peer"]]
        answers.append({"answer": function(task), "version": version(package)})
    print("\n" + json.dumps(answers))


if __name__ == "__main__":
    main()
