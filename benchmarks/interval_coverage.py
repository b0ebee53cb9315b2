"""Do intervals cover? Fits simulated experiments and counts how often the truth lies inside.

Run ``python benchmarks/interval_coverage.py --experiments 40``. Each has 20 participants with 100 trials each, and a
two-level factor on the drift rate whose effect varies between participants with an sd of 0.3.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import hddm_sbi as hs

# The population: location and sd between participants on the link scale.
TRUTH = {
    "v_Intercept": (0.8, 0.4), "v_condition": (0.5, 0.3), "a_Intercept": (np.log(1.5), 0.2),
    "z_Intercept": (0.0, 0.2), "t0_Intercept": (np.log(0.3), 0.15),
}  # fmt: skip
LEVELS = (0.5, 0.8, 0.95)
SUBJECTS, TRIALS = 20, 100


def experiment(seed: int) -> tuple[pd.DataFrame, dict[str, float]]:
    """A simulated experiment, and the true value of each population quantity."""
    rng = np.random.default_rng(seed)
    b = {name: rng.normal(mean, sd, SUBJECTS) for name, (mean, sd) in TRUTH.items()}
    condition = np.tile([0, 1], TRIALS // 2)
    v = b["v_Intercept"][:, None] + b["v_condition"][:, None] * condition
    rest = [np.exp(b["a_Intercept"]), 1.0 / (1.0 + np.exp(-b["z_Intercept"])), np.exp(b["t0_Intercept"])]
    theta = np.stack([v, *(np.repeat(values[:, None], TRIALS, 1) for values in rest)], -1)
    rt, choice = hs.simulate("ddm", theta, 1, seed)
    df = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(SUBJECTS), TRIALS),
            "condition": np.tile(np.where(condition, "b", "a"), SUBJECTS),
            "rt": rt.ravel(),
            "response": choice.ravel(),
        }
    )
    truth = {name: mean for name, (mean, _) in TRUTH.items()}
    return df, truth | {f"{name}_subject_sd": sd for name, (_, sd) in TRUTH.items()}


def main() -> None:
    """Print the share of experiments whose interval holds the truth, for each quantity and level."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=40)
    parser.add_argument("--likelihood", default="nle")
    options = parser.parse_args()
    inside: dict[str, list[list[bool]]] = {}
    for seed in range(options.experiments):
        df, truth = experiment(seed)
        model = hs.HierarchicalDDM(
            df, groupby="subject", formula="v ~ condition", likelihood=options.likelihood, p_outlier=0
        )
        idata = model.sample(draws=500, tune=500, chains=2, seed=seed, progress=False)
        for name, value in truth.items():
            rank = float((idata.posterior[name] < value).mean())
            inside.setdefault(name, []).append([abs(rank - 0.5) < 0.5 * level for level in LEVELS])
        divergent = int(idata.sample_stats["diverging"].sum())
        print(f"experiment {seed}: {divergent} of 1000 draws diverged", flush=True)
    table = pd.DataFrame({name: np.mean(rows, axis=0) for name, rows in inside.items()}, index=LEVELS).T
    table.loc["all"] = table.mean()
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
