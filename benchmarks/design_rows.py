"""What does a row of the design cost? Run ``python -m benchmarks.design_rows``.

The bundled experiment with a covariate that differs from trial to trial, in cells, and by participant: milliseconds for
a gradient of the joint log density on one core, with the formula and with the network. ``--before`` names the root of
another checkout, with which each case is measured in turn.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import hddm_sbi as hs
from benchmarks.gradient_cost import seconds
from benchmarks.process import machine

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
SEED = 0
TURNS = 3
COVARIATE = ["v ~ conf", "a ~ theta"]
# model, what the rows are
CASES = [("ddm", "trials"), ("ddm", "cells"), ("ddm", "participants"), ("full_ddm", "trials")]


def experiment(rows: str) -> pd.DataFrame:
    """The bundled experiment; in cells: of 17 participants and 16 cells, at random."""
    frame = hs.load_data("cavanagh_theta")
    if rows == "cells":
        rng = np.random.default_rng(SEED)
        frame["participant_id"] = rng.integers(0, 17, len(frame))
        frame["cell"] = rng.integers(0, 16, len(frame)).astype(str)
    return frame


def measure(model: str, rows: str, likelihood: str) -> tuple[int, float]:
    """Rows of the design, and milliseconds for a gradient at the starting point."""
    formula = {"trials": COVARIATE, "cells": ["v ~ cell"], "participants": None}[rows]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hs.HDDMWarning)
        fitted = hs.HierarchicalDDM(
            experiment(rows), groupby="participant_id", model=model, likelihood=likelihood, formula=formula
        )
    potential, u = fitted.potential, fitted._start
    return fitted.spec.n_rows, 1e3 * seconds(lambda: potential.log_density_grad(u))


def in_turn(model: str, rows: str, likelihood: str, roots: list[Path]) -> list[tuple[int, float]]:
    """The least of some measurements under each checkout, each in a process of its own, in turn."""
    best: list[tuple[int, float]] = [(0, np.inf)] * len(roots)
    for _ in range(TURNS):
        for i, root in enumerate(roots):
            call = [sys.executable, str(Path(__file__)), "--case", model, rows, likelihood]
            environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{ROOT}"}
            done = subprocess.run(call, env=environment, capture_output=True, text=True, check=True)
            n, took = done.stdout.split()
            best[i] = min(best[i], (int(n), float(took)), key=lambda pair: pair[1])
    return best


def main() -> None:
    """Write the table, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, help="root of another checkout")
    parser.add_argument("--case", nargs=3, metavar=("MODEL", "ROWS", "LIKELIHOOD"), help=argparse.SUPPRESS)
    parser.add_argument("--results", type=Path, default=RESULTS)
    settings = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if settings.case:
        print(*measure(*settings.case))
        return
    roots = [ROOT] if settings.before is None else [ROOT, settings.before.resolve()]
    lines = []
    for model, rows in CASES:
        exact, network = (in_turn(model, rows, likelihood, roots) for likelihood in ("exact", "nle"))
        line = {
            "model": model,
            "rows": rows,
            "n_rows": exact[0][0],
            "exact_ms": exact[0][1],
            "network_ms": network[0][1],
        }
        line["network_to_exact"] = line["network_ms"] / line["exact_ms"]
        if len(roots) > 1:
            line |= {"exact_gain": exact[1][1] / exact[0][1], "network_gain": network[1][1] / network[0][1]}
        lines.append(line)
        print(line, flush=True)
    table = pd.DataFrame(lines).assign(
        date=pd.Timestamp.now().date().isoformat(), machine=machine(), version=hs.__version__
    )
    settings.results.mkdir(parents=True, exist_ok=True)
    table.to_csv(settings.results / "design_rows.csv", index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
