"""ssm-simulators: its seconds and draws at given parameters; runs in HSSM's environment.

Tasks and answers are lines of JSON: the first line written is the version, then one for each line read.
"""

from __future__ import annotations

import json
import math
import sys
import time
from importlib.metadata import version
from typing import Any

import numpy as np
from ssms.basic_simulators.simulator import simulator


def translate(model: str, theta: list[float]) -> tuple[str, dict[str, float], float]:
    """Its name of the model, its parameters, and what its response times lack."""
    if model in ("rdm", "lba"):
        *v, B, A, t0 = theta
        drifts = {f"v{k}": value for k, value in enumerate(v)}
        if model == "lba":  # slopes have an sd of 0.1 unless told, and there is no non-decision time
            return f"lba{len(v)}", {**drifts, "A": A, "b": A + B, "sd": 1.0}, t0
        return f"racing_diffusion_{len(v)}", {**drifts, "A": A, "b": A + B, "t": t0}, 0.0
    v, a, z, t0, *more = theta
    found = {"v": v, "a": a / 2.0, "z": z, "t": t0}  # its a is half of the boundary separation
    match model:
        case "full_ddm":  # its ranges are half of ours, that of the start in units of x; its t is in the middle
            sv, sz, st0 = more
            found |= {"sv": sv, "sz": 0.5 * sz * a, "st": 0.5 * st0, "t": t0 + 0.5 * st0}
        case "angle":
            found["theta"] = more[0]
        case "weibull":
            found |= {"alpha": more[0], "beta": more[1]}
        case "ornstein":
            found["g"] = more[0]
        case "levy":  # the noise that is of variance 2 at alpha = 2
            found |= {"v": v * math.sqrt(2.0), "a": a / math.sqrt(2.0), "alpha": more[0]}
    return model, found, 0.0


def answer(task: dict[str, Any]) -> dict[str, Any]:
    """Seconds of the processor, and rt and choice in a file."""
    model, theta, lacking = translate(task["model"], task["theta"])
    begin = time.process_time()
    found = simulator(theta, model=model, n_samples=task["n"], random_state=task["seed"])  # steps of 1 ms
    seconds = time.process_time() - begin
    rt = np.ravel(found["rts"]).astype(np.float64) + lacking
    choice = np.ravel(found["choices"]).astype(np.int64)
    if model not in ("rdm", "lba") and choice.min() < 0:
        choice = (choice > 0).astype(np.int64)
    np.savez(task["draws"], rt=rt, choice=choice)
    return {"seconds": seconds}


def main() -> None:
    """Answer tasks until there are none."""
    print(json.dumps({"version": version("ssm-simulators")}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
