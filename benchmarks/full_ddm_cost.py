"""What does the full DDM cost on real sizes? Run ``python -m benchmarks.full_ddm_cost``, with ``--fit`` to sample, too.

A simulated experiment as that of Ratcliff & Rouder (1998): three people fitted apart, 33 stimulus strengths under two
instructions, so 198 rows, and 24,000 trials. One core for the gradient.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np
import pandas as pd
from scipy.optimize import minimize

import hddm_sbi as hs
from benchmarks.gradient_cost import seconds

STRENGTHS, TRIALS, LATEST, SEED = 33, 121, 2.5, 5
# a under accuracy and speed, t0, z, sv, sz, st0, and drift at the largest strength
PEOPLE = {
    "jf": (1.9, 0.9, 0.26, 0.49, 0.9, 0.25, 0.10, 4.5),
    "kr": (2.2, 1.0, 0.28, 0.51, 1.1, 0.20, 0.14, 5.0),
    "nh": (1.7, 0.8, 0.25, 0.47, 0.7, 0.30, 0.08, 4.0),
}


def experiment(step: float) -> pd.DataFrame:
    """The trials, their rts in steps of so many seconds."""
    strength, frames = np.arange(STRENGTHS), []
    for i, (name, (accuracy, speed, t0, z, sv, sz, st0, largest)) in enumerate(PEOPLE.items()):
        drift = largest * np.tanh((strength - STRENGTHS // 2) / 6.0)
        for j, (instruction, a) in enumerate((("accuracy", accuracy), ("speed", speed))):
            theta = np.column_stack([drift, *(np.full(STRENGTHS, x) for x in (a, z, t0, sv, sz, st0))])
            rt, choice = hs.simulate("full_ddm", theta, TRIALS, SEED + 10 * i + j)
            rows = {"id": name, "instruction": instruction, "strength": np.repeat(strength, TRIALS)}
            response = np.where(choice.ravel() == 1, "light", "dark")
            frames.append(pd.DataFrame(rows | {"rt": np.round(rt.ravel() / step) * step, "response": response}))
    trials = pd.concat(frames, ignore_index=True)
    return trials[trials["rt"] < LATEST]


def model(trials: pd.DataFrame, likelihood: str) -> hs.HierarchicalDDM:
    return hs.HierarchicalDDM(
        trials, groupby="id", model="full_ddm", likelihood=likelihood, pooling="none", choices=["dark", "light"],
        formula={"v": "0 + C(strength)", "a": "0 + instruction"},
    )  # fmt: skip


def mode(potential) -> np.ndarray:
    """The point of the highest density: what a gradient costs depends on where."""

    def value(u: np.ndarray) -> tuple[float, np.ndarray]:
        log_density, gradient = potential.log_density_grad(u)
        return (-log_density, -gradient) if np.isfinite(log_density) else (1e300, np.zeros_like(u))

    first = np.zeros(potential.ndim)
    return minimize(value, first, jac=True, method="L-BFGS-B", options={"maxiter": 1000, "maxfun": 2000}).x


def main() -> None:
    """Print a line for each likelihood and resolution."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--likelihoods", default="exact,nle")
    parser.add_argument("--steps", default="0.001,0.01", help="of rts, in seconds")
    parser.add_argument(
        "--fit", action="store_true", help="sample with the exact likelihood until the draws are enough"
    )
    settings = parser.parse_args()
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set()
    for step in map(float, settings.steps.split(",")):
        trials = experiment(step)
        for likelihood in settings.likelihoods.split(","):
            if cores:
                os.sched_setaffinity(0, {min(cores)})
            potential = model(trials, likelihood).potential
            u = mode(potential)
            took = seconds(lambda potential=potential, u=u: potential.log_density_grad(u))
            different = len(trials.drop_duplicates())
            print(
                f"{likelihood}, {len(trials)} trials, {different} different: {took * 1e3:.2f} ms a gradient", flush=True
            )
        if settings.fit:
            if cores:
                os.sched_setaffinity(0, cores)
            begin = time.perf_counter()
            idata = model(trials, "exact").sample(seed=SEED)
            steps = int(idata.sample_stats["n_steps"].sum())
            print(f"draws='auto': {time.perf_counter() - begin:.0f} s, {steps} gradients after warm-up; {idata.attrs}")


if __name__ == "__main__":
    main()
