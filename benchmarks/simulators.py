"""Simulators: trials per second on one core, and bias. Run ``python -m benchmarks.simulators``.

This package beside the Euler scheme with steps of 1 ms (in Numba, ``benchmarks.euler``) and ssm-simulators, which steps
by 1 ms as well (in HSSM's environment, see ``make bench-env``), at the same parameters and in turn. Bias is the
distance of the share of choice 1, of the mean rt and of its quantiles from ``benchmarks.truth``, which has no Monte
Carlo error.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

import hddm_sbi as hs
from benchmarks import euler
from benchmarks.process import ROOT, machine
from benchmarks.side_by_side import BENCH, ENGINES, RESULTS
from benchmarks.truth import truth

FloatArray = npt.NDArray[np.float64]
Simulate = Callable[[str, FloatArray, int, int], tuple[FloatArray, npt.NDArray[np.int64], float]]

# Middling, easy and quick, biased start, hard and slow; then what the model has beyond: strong collapse, leak, jumps.
SETS: dict[str, tuple[tuple[float, ...], ...]] = {
    "ddm": (
        (1.0, 2.0, 0.5, 0.3), (3.0, 1.2, 0.5, 0.2), (0.5, 1.5, 0.4, 0.3), (0.2, 3.0, 0.5, 0.4), (-1.0, 1.5, 0.1, 0.3),
    ),
    "full_ddm": (
        (1.0, 2.0, 0.5, 0.3, 0.5, 0.3, 0.1), (2.0, 1.2, 0.6, 0.2, 1.0, 0.4, 0.2), (-0.5, 1.5, 0.3, 0.3, 1.5, 0.2, 0.0),
    ),
    "angle": (
        (1.0, 2.0, 0.5, 0.3, 0.3), (2.5, 1.2, 0.3, 0.2, 0.2), (-0.5, 1.5, 0.2, 0.3, 1.2), (0.2, 2.5, 0.5, 0.4, 0.6),
        (-1.0, 1.5, 0.1, 0.3, 0.5),
    ),
    "weibull": (
        (1.0, 2.0, 0.5, 0.3, 2.0, 1.5), (2.5, 1.2, 0.3, 0.2, 0.7, 1.0), (-0.5, 1.5, 0.2, 0.3, 4.0, 0.5),
        (0.2, 2.5, 0.5, 0.4, 3.0, 1.0), (-1.0, 1.5, 0.1, 0.3, 1.2, 0.6),
    ),
    "ornstein": (
        (1.0, 2.0, 0.5, 0.3, 0.5), (2.5, 1.2, 0.3, 0.2, -1.4), (-0.5, 1.5, 0.2, 0.3, 1.4), (0.2, 2.5, 0.5, 0.4, -0.8),
        (-1.0, 2.5, 0.1, 0.3, 0.8),
    ),
    "levy": (
        (1.0, 2.0, 0.5, 0.3, 1.5), (2.0, 1.2, 0.3, 0.2, 1.8), (-0.5, 1.5, 0.2, 0.3, 1.3), (0.2, 2.5, 0.5, 0.4, 1.9),
        (-1.0, 2.0, 0.1, 0.3, 1.7), (3.0, 1.2, 0.5, 0.3, 1.2),
    ),
    "rdm": ((2.0, 1.5, 1.0, 1.0, 0.5, 0.3), (1.0, 0.9, 0.8, 0.6, 0.3, 0.2), (2.4, 0.5, 0.5, 1.5, 1.0, 0.2)),
    "lba": ((6.0, 5.0, 5.0, 1.0, 0.5, 0.3), (7.0, 5.0, 6.0, 2.0, 1.0, 0.2)),
}  # fmt: skip
QUANTILES = (0.1, 0.5, 0.9)
# Seconds after which all have responded.
NEVER = 1e6
STATISTICS = ("choice", "mean", "q1", "q5", "q9")
TITLES = ("choice 1", "mean rt", "quantile .1", "median", "quantile .9")
EULER = "Euler, 1 ms"


def ours(model: str, theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, npt.NDArray[np.int64], float]:
    """Draws, and the processor's seconds."""
    begin = time.process_time()
    rt, choice = hs.simulate(model, theta, n, seed)
    return rt, choice, time.process_time() - begin


def by_euler(model: str, theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, npt.NDArray[np.int64], float]:
    """The same by ``benchmarks.euler``."""
    begin = time.process_time()
    rt, choice = euler.simulate(model, theta, n, seed)
    return rt, choice, time.process_time() - begin


@contextmanager
def theirs() -> Iterator[tuple[str, Simulate] | None]:
    """ssm-simulators' version and simulator, in a process of its own; None where it is not installed."""
    python = ENGINES["hssm-numpyro"].python
    if not python.exists():
        yield None
        return
    folder = BENCH / "simulators"
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(python), "-m", "benchmarks.engines.ssm_simulators"]
    with (
        open(folder / "log.txt", "w") as log,
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None
        reading, writing = process.stdout, process.stdin

        def answer() -> dict[str, Any]:
            line = reading.readline()
            if not line:
                raise SystemExit(f"ssm-simulators failed: see {folder / 'log.txt'}")
            return json.loads(line)

        def simulate(
            model: str, theta: FloatArray, n: int, seed: int
        ) -> tuple[FloatArray, npt.NDArray[np.int64], float]:
            task = {"model": model, "theta": list(theta), "n": n, "seed": seed, "draws": str(folder / "draws.npz")}
            writing.write(json.dumps(task) + "\n")
            writing.flush()
            seconds = answer()["seconds"]
            with np.load(folder / "draws.npz") as draws:
                return draws["rt"], draws["choice"], seconds

        yield f"ssm-simulators {answer()['version']}", simulate
        writing.close()


def bias(model: str, theta: FloatArray, rt: FloatArray, choice: npt.NDArray[np.int64]) -> dict[str, float]:
    """Distances from the truth in probability and ms, with their standard errors."""
    law, n = truth(model, theta), len(rt)
    t0 = theta[-1] if model in ("rdm", "lba") else theta[3]
    share = float(law.cdf(NEVER, 1))
    found = {"choice": np.mean(choice == 1) - share, "choice_se": math.sqrt(share * (1.0 - share) / n)}
    found |= {"mean": 1e3 * (rt.mean() - t0 - law.mean), "mean_se": 1e3 * rt.std() / math.sqrt(n)}
    for q, name in zip(QUANTILES, STATISTICS[2:], strict=True):
        t = law.quantile(q)
        slope = (law.quantile(q + 0.005) - law.quantile(q - 0.005)) / 0.01
        found[name] = 1e3 * (np.quantile(rt, q) - t0 - t)
        found[f"{name}_se"] = 1e3 * slope * math.sqrt(q * (1.0 - q) / n)
    return {key: float(value) for key, value in found.items()}


def measure(models: list[str], trials: int, their_trials: int) -> pd.DataFrame:
    """One row for each model, parameter vector and simulator."""
    rows = []
    with theirs() as peer:
        if peer is None:
            print("ssm-simulators is not installed (make bench-env)")
        simulators: dict[str, tuple[Simulate, int]] = {f"hddm_sbi {hs.__version__}": (ours, trials)}
        simulators[EULER] = (by_euler, their_trials)
        if peer is not None:
            simulators[peer[0]] = (peer[1], their_trials)
        for model in models:
            for seed, theta in enumerate(map(np.array, SETS[model]), 1):
                for name, (simulate, n) in simulators.items():
                    if name == EULER and model not in euler.MODELS:
                        continue
                    simulate(model, theta, 100, 0)  # compiles
                    rt, choice, seconds = simulate(model, theta, n, seed)
                    row = {"model": model, "theta": " ".join(f"{x:g}" for x in theta), "simulator": name, "trials": n}
                    rows.append({**row, "million_per_s": n / seconds / 1e6, **bias(model, theta, rt, choice)})
                    print(
                        " ".join(f"{x:.4g}" if isinstance(x, float) else str(x) for x in rows[-1].values()), flush=True
                    )
    return pd.DataFrame(rows)


def summary(frame: pd.DataFrame) -> str:
    """The table to read: speeds, and root mean square biases beside those of the Euler scheme."""
    own = frame.simulator.iloc[0]
    lines = ["# Simulators", "", __doc__.split("\n\n", 1)[1].strip(), ""]
    lines += [
        "## Million trials per second on one core",
        "",
        "From the slowest to the fastest parameter set; *times faster*: least and median of the ratios at equal",
        "parameters.",
        "",
        "| model | sets | hddm_sbi | Euler, 1 ms | ssm-simulators | times faster than Euler | than ssm-simulators |",
        "|---|---|---|---|---|---|---|",
    ]
    for model, part in frame.groupby("model", sort=False):
        table = part.pivot(index="theta", columns="simulator", values="million_per_s")
        cells = [str(model), str(len(table))]
        peers = [next((c for c in table if c.startswith(start)), None) for start in ("Euler", "ssm-")]
        for column in (own, *peers):
            cells.append("" if column is None else f"{table[column].min():.2g} to {table[column].max():.2g}")
        for column in peers:
            ratio = None if column is None else table[own] / table[column]
            cells.append("" if ratio is None else f"{ratio.min():.0f}, {ratio.median():.0f}")
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "## Bias",
        "",
        "Root mean square over the parameter sets; times in ms. Ours is given with the standard error that the number",
        "of trials leaves in it, and as a share of that of the Euler scheme, with what that error amounts to.",
        "",
        "| model | statistic | hddm_sbi | standard error | Euler, 1 ms | ssm-simulators | of Euler's | error of it |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for model, part in frame.groupby("model", sort=False):
        for statistic, title in zip(STATISTICS, TITLES, strict=True):
            rms = part.assign(square=part[statistic] ** 2).groupby("simulator").square.mean() ** 0.5
            noise = float(np.sqrt(np.mean(part.loc[part.simulator == own, f"{statistic}_se"] ** 2)))
            cells = [str(model), title, f"{rms[own]:.2g}", f"{noise:.2g}"]
            for start in ("Euler", "ssm-"):
                column = next((c for c in rms.index if c.startswith(start)), None)
                cells.append("" if column is None else f"{rms[column]:.2g}")
            scheme = rms.get(EULER)
            cells += ["", ""] if scheme is None else [f"{rms[own] / scheme:.3f}", f"{noise / scheme:.3f}"]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the tables and print the one to read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=",".join(SETS))
    parser.add_argument("--trials", type=int, default=4_000_000, help="of ours")
    parser.add_argument("--their-trials", type=int, default=400_000, help="of the others")
    parser.add_argument("--results", type=Path, default=RESULTS)
    settings = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    frame = measure(settings.models.split(","), settings.trials, settings.their_trials)
    settings.results.mkdir(parents=True, exist_ok=True)
    stamp = {"date": pd.Timestamp.now().date().isoformat(), "machine": machine()}
    frame.assign(**stamp).to_csv(settings.results / "simulators.csv", index=False, float_format="%.6g")
    text = summary(frame) + f"\n{stamp['date']}, {stamp['machine']}; processor time, one core.\n"
    (settings.results / "simulators.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
