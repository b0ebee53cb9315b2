"""Log densities of Stan's wiener, in Stan's environment; tasks and answers as in ``peers_hssm``."""

from __future__ import annotations

import contextlib
import json
import sys
from importlib.metadata import version
from typing import Any

CODE = """
data {
  int N; vector[N] rt; vector[N] alpha; vector[N] tau; vector[N] beta; vector[N] delta;
  vector[N] sv; vector[N] sw; vector[N] st0; array[N] int full;
}
generated quantities {
  vector[N] value;
  for (i in 1:N) {
    if (full[i]) {
      value[i] = wiener_lpdf(rt[i] | alpha[i], tau[i], beta[i], delta[i], sv[i], sw[i], st0[i]);
    } else {
      value[i] = wiener_lpdf(rt[i] | alpha[i], tau[i], beta[i], delta[i]);
    }
  }
}
"""
NAMES = ("alpha", "tau", "beta", "delta", "sv", "sw", "st0")


def columns(tasks: list[dict[str, Any]]) -> dict[str, Any]:
    """The data: one row for each trial of each task, of the lower boundary as its mirror image."""
    data: dict[str, Any] = {name: [] for name in ("rt", *NAMES, "full")}
    for task in tasks:
        given = {"sv": 0.0, "sw": 0.0, "st0": 0.0, **task["parameters"]}
        for rt, choice in zip(task["rt"], task["choice"], strict=True):
            row = given if choice == 1 else given | {"beta": 1.0 - given["beta"], "delta": -given["delta"]}
            data["rt"].append(rt)
            data["full"].append(int(len(task["parameters"]) > 4))
            for name in NAMES:
                data[name].append(row[name])
    return data | {"N": len(data["rt"])}


def main() -> None:
    tasks = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):
        import aiohttp
        import stan

        aiohttp.client.DEFAULT_TIMEOUT = aiohttp.ClientTimeout(
            total=3600.0
        )  # compiling may take more than its 5 minutes
        data = columns(tasks)
        found = stan.build(CODE, data=data).fixed_param(num_samples=1, num_chains=1)["value"][:, 0]
    answers, at = [], 0
    for task in tasks:
        n = len(task["rt"])
        answers.append({"answer": [float(one) for one in found[at : at + n]], "version": version("httpstan")})
        at += n
    print("\n" + json.dumps(answers))


if __name__ == "__main__":
    main()
