"""Simulators: trials per second on one core, and bias. Run ``python -m benchmarks.simulators``.

This package draws first-passage times exactly; ssm-simulators steps through time by 1 ms (in HSSM's environment, see
``make bench-env``). The reference is the theory of a Wiener process between 0 and a, started at x = z a: the upper
boundary is reached with probability P = (1 - e^(-2vx)) / (1 - e^(-2va)), after (a P - x) / v seconds on average (Wald's
identity).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import hddm_sbi as hs
from benchmarks.process import machine, run
from benchmarks.side_by_side import BENCH, ENGINES, RESULTS

# v, a, z, t0: middling, easy and quick, biased start, hard and slow.
THETA = ((1.0, 2.0, 0.5, 0.3), (3.0, 1.2, 0.5, 0.2), (0.5, 1.5, 0.4, 0.3), (0.2, 3.0, 0.5, 0.4))


def theory(v: float, a: float, z: float, t0: float) -> tuple[float, float]:
    """Mean rt and probability of the upper boundary."""
    upper = math.expm1(-2.0 * v * z * a) / math.expm1(-2.0 * v * a)
    return t0 + a * (upper - z) / v, upper


def ours(trials: int) -> list[dict[str, float]]:
    rows = []
    for theta in THETA:
        hs.simulate("ddm", np.array(theta), 10, 1)
        begin = time.perf_counter()
        rt, choice = hs.simulate("ddm", np.array(theta), trials, 1)
        took = time.perf_counter() - begin
        rows.append({"seconds": took, "mean_rt": rt.mean(), "sd_rt": rt.std(), "upper": choice.mean(), "n": rt.size})
    return rows


def theirs(trials: int) -> tuple[list[dict[str, float]], str] | None:
    """What ssm-simulators finds, and its version; None where it is not installed."""
    python = ENGINES["hssm-numpyro"].python
    if not python.exists():
        return None
    folder = BENCH / "simulators"
    folder.mkdir(parents=True, exist_ok=True)
    task, answer = folder / "task.json", folder / "answer.json"
    task.write_text(json.dumps({"theta": THETA, "trials": trials}))
    command = [str(python), "-m", "benchmarks.engines.ssm_simulators", str(task), str(answer)]
    if run(command, folder / "log.txt", cores=1).code != 0:
        raise SystemExit(f"ssm-simulators failed: see {folder / 'log.txt'}")
    found = json.loads(answer.read_text())
    return found["rows"], found["version"]


def table(name: str, version: str, rows: list[dict[str, float]]) -> list[dict[str, Any]]:
    """Rates and biases, with the standard errors of the biases."""
    found = []
    for theta, row in zip(THETA, rows, strict=True):
        mean, upper = theory(*theta)
        n = row["n"]
        found.append(
            {
                "simulator": f"{name} {version}",
                **dict(zip(("v", "a", "z", "t0"), theta, strict=True)),
                "million_trials_per_s": n / row["seconds"] / 1e6,
                "bias_rt_ms": 1e3 * (row["mean_rt"] - mean),
                "bias_rt_se": 1e3 * row["sd_rt"] / math.sqrt(n),
                "bias_upper": row["upper"] - upper,
                "bias_upper_se": math.sqrt(upper * (1.0 - upper) / n),
            }
        )
    return found


def main() -> None:
    """Write the table and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2_000_000, help="of ours")
    parser.add_argument("--their-trials", type=int, default=400_000)
    parser.add_argument("--results", type=Path, default=RESULTS)
    settings = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows = table("hddm_sbi", hs.__version__, ours(settings.trials))
    found = theirs(settings.their_trials)
    if found is None:
        print("ssm-simulators is not installed (make bench-env)")
    else:
        rows += table("ssm-simulators", found[1], found[0])
    frame = pd.DataFrame(rows)
    settings.results.mkdir(parents=True, exist_ok=True)
    stamped = frame.assign(date=pd.Timestamp.now().date().isoformat(), machine=machine())
    stamped.to_csv(settings.results / "simulators.csv", index=False, float_format="%.6g")
    print(frame.to_string(index=False, float_format=lambda value: f"{value:.4g}"))


if __name__ == "__main__":
    main()
