"""What does a gradient of the joint log density cost? Run ``python -m benchmarks.gradient_cost``.

Simulated experiments of 20 participants, from 1,000 to 1,000,000 trials, v, a, z and t0 by participant, on one core.
Equal trials of a participant are merged, which helps where rts are rounded (to 10 ms here), not where they are exact.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.optimize import minimize

import hddm_sbi as hs
from benchmarks.process import machine

PARTICIPANTS, SEED = 20, 3
SECONDS = 1.0  # of repetitions for each number, at least five of them
CLIMB = 40  # evaluations with which a typical point is found
RESULTS = Path(__file__).resolve().parent / "results"


def experiment(trials: int, rounded: bool) -> pd.DataFrame:
    """A simulated experiment of about as many trials."""
    rng = np.random.default_rng(SEED)
    v, log_a, logit_z, log_t0 = (
        rng.normal(mean, sd, PARTICIPANTS) for mean, sd in ((0.8, 0.4), (0.5, 0.2), (0.0, 0.1), (-1.2, 0.15))
    )
    theta = np.column_stack([v, np.exp(log_a), 1.0 / (1.0 + np.exp(-logit_z)), np.exp(log_t0)])
    rt, choice = hs.simulate("ddm", theta, trials // PARTICIPANTS, SEED)
    rt = np.maximum(rt.round(2), 0.01) if rounded else rt
    subject = np.repeat(np.arange(PARTICIPANTS), trials // PARTICIPANTS)
    return pd.DataFrame({"subject": subject, "rt": rt.ravel(), "response": choice.ravel()})


def typical(potential) -> np.ndarray:
    """A point of high density, since trials that are certain lapses would cost less."""

    def value(u: np.ndarray) -> tuple[float, np.ndarray]:
        log_density, gradient = potential.log_density_grad(u)
        return (-log_density, -gradient) if np.isfinite(log_density) else (1e300, np.zeros_like(u))

    return minimize(value, np.zeros(potential.ndim), jac=True, method="L-BFGS-B", options={"maxfun": CLIMB}).x


def seconds(call) -> float:
    """Median of repeated calls."""
    times: list[float] = []
    while len(times) < 5 or sum(times) < SECONDS:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


def cost(likelihood: str, trials: int, rounded: bool) -> dict[str, object]:
    """A row of the table."""
    model = hs.HierarchicalDDM(
        experiment(trials, rounded), groupby="subject", likelihood=likelihood, p_outlier=0.05, lapse=(0.0, 20.0)
    )
    potential = model.potential
    u = typical(potential)
    took = seconds(lambda: potential.log_density_grad(u))
    rts = "in steps of 10 ms" if rounded else "not rounded"
    row = {"likelihood": likelihood, "rts": rts, "trials": trials}
    return row | {"gradient_ms": took * 1e3, "ns_per_trial": took / trials * 1e9}


def plot(table: pd.DataFrame, path: Path) -> None:
    """Milliseconds against trials, both logarithmic."""
    figure, ax = plt.subplots(figsize=(5.2, 3.6), layout="constrained")
    colours = {"exact": "#1f5fa8", "nle": "#c8661a"}
    for (likelihood, rts), rows in table.groupby(["likelihood", "rts"], sort=False):
        style = "-" if rts == "not rounded" else "--"
        ax.plot(
            rows["trials"],
            rows["gradient_ms"],
            style,
            marker="o",
            color=colours[likelihood],
            label=f"{likelihood}, rts {rts}",
        )
    ax.set(xscale="log", yscale="log", xlabel="trials (20 participants)", ylabel="milliseconds per gradient, one core")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize=8, frameon=False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main() -> None:
    """Write the table and the plot, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", default="1000,10000,100000,1000000")
    parser.add_argument("--results", type=Path, default=RESULTS)
    settings = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows = []
    for likelihood in ("exact", "nle"):
        for rounded in (True, False):
            for trials in map(int, settings.trials.split(",")):
                rows.append(cost(likelihood, trials, rounded))
                print(rows[-1], flush=True)
    table = pd.DataFrame(rows).assign(
        date=pd.Timestamp.now().date().isoformat(), machine=machine(), version=hs.__version__
    )
    settings.results.mkdir(parents=True, exist_ok=True)
    table.to_csv(settings.results / "gradient_cost.csv", index=False, float_format="%.4g")
    plot(table, settings.results / "gradient_cost.png")


if __name__ == "__main__":
    main()
