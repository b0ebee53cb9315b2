"""How quick are the parts, on one core? Run ``python benchmarks/speed.py``: medians of five runs."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

import hddm_sbi as hs
from hddm_sbi.choose import choose_likelihood
from hddm_sbi.ssm.models.ddm import _draw_at
from hddm_sbi.ssm.simulation.blocks import run_blocks

N = 1_000_000


def seconds(call: Callable[[], object]) -> float:
    """Median of five runs, after one that compiles."""
    call()
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


def main() -> None:
    """Print trials per second of the simulator and nanoseconds per trial of the likelihoods."""
    for theta in ([1.0, 2.0, 0.5, 0.3], [0.5, 1.5, 0.4, 0.3], [3.0, 2.0, 0.1, 0.3]):
        rows = np.array([theta])
        took = seconds(lambda rows=rows: run_blocks(_draw_at, rows, N, 1, threads=1))
        print(f"simulate v {theta[0]:g}, a {theta[1]:g}, z {theta[2]:g}: {N / took / 1e6:.1f} million trials/s")
    trials = hs.HierarchicalDDM(hs.load_data("cavanagh_theta"), groupby="participant_id").trials
    rng = np.random.default_rng(1)
    theta = np.column_stack(
        [rng.normal(0.5, 0.2, 14), rng.uniform(1.5, 2.5, 14), rng.uniform(0.45, 0.55, 14), np.full(14, 0.35)]
    )
    for kind in ("exact", "nle"):
        likelihood = choose_likelihood(hs.get_model("ddm"), kind).density
        took = seconds(
            lambda likelihood=likelihood: likelihood.log_prob_grad(trials.rt, trials.choice, theta, trials.subject)
        )
        print(
            f"{kind}: {took / trials.n * 1e9:.0f} ns a trial for log density and gradient ({trials.n} trials, 14 rows)"
        )


if __name__ == "__main__":
    main()
