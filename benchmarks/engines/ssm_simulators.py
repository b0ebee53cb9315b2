"""ssm-simulators: its seconds and draws at given parameters; runs in HSSM's environment."""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from ssms.basic_simulators.simulator import simulator


def main() -> None:
    """Read parameters and the number of trials from the file named first, write what was found to the second."""
    task = json.loads(Path(sys.argv[1]).read_text())
    rows = []
    for v, a, z, t0 in task["theta"]:
        theta = {"v": v, "a": a / 2.0, "z": z, "t": t0}  # its a is half of the boundary separation
        simulator(theta, model="ddm", n_samples=10)
        begin = time.perf_counter()
        found = simulator(theta, model="ddm", n_samples=task["trials"], random_state=1)  # steps of 1 ms
        took = time.perf_counter() - begin
        rt, response = np.ravel(found["rts"]), np.ravel(found["choices"])
        rows.append(
            {
                "seconds": took,
                "mean_rt": rt.mean(),
                "sd_rt": rt.std(),
                "upper": float((response > 0).mean()),
                "n": len(rt),
            }
        )
    Path(sys.argv[2]).write_text(json.dumps({"rows": rows, "version": version("ssm-simulators")}, default=float))


if __name__ == "__main__":
    main()
