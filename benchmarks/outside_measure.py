"""A correlation across participants: in the model, and from the estimates of a model without the measure.

Run ``python benchmarks/outside_measure.py`` (``--experiments 10`` for a first look). In each simulated experiment drift
rates correlate by 0.5 with a measure in the population that participants are drawn from. It is fitted twice, with
``v ~ measure`` and without; of the second fit the participants' posterior means, and each posterior draw, are
correlated with the measure, as is often done.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as a plain script, this file knows its own folder only

import hddm_sbi as hs
from hddm_sbi.results.to_arviz import group

PARTICIPANTS, TRIALS = 40, 15
RHO, SD = 0.5, 0.5
QUICK = {"draws": 400, "tune": 400, "chains": 2, "progress": False}


class Found(NamedTuple):
    """The correlation in one experiment.

    Args:
        mean: of its posterior, the measure in the model.
        low: end of the 95% interval.
        high: the other end.
        of_means: of posterior means of a model without the measure.
        of_draws: of draws of that model, on average.
        of_true: of the simulated participants' true drift rates.
    """

    mean: float
    low: float
    high: float
    of_means: float
    of_draws: float
    of_true: float


def experiment(seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Trials of simulated participants, and these participants' drift rates."""
    rng = np.random.default_rng(seed)
    measure, rest = rng.normal(size=(2, PARTICIPANTS))
    v = 1.0 + SD * (RHO * measure + np.sqrt(1.0 - RHO**2) * rest)
    a, t0 = (np.exp(np.log(mean) + sd * rng.normal(size=PARTICIPANTS)) for mean, sd in ((1.5, 0.15), (0.3, 0.1)))
    theta = np.column_stack([v, a, np.full(PARTICIPANTS, 0.5), t0])
    rt, choice = hs.simulate("ddm", theta, TRIALS, seed)
    columns = {"subject": np.arange(PARTICIPANTS), "questionnaire": 50.0 + 10.0 * measure}
    table = pd.DataFrame({name: np.repeat(values, TRIALS) for name, values in columns.items()})
    return table.assign(rt=rt.ravel(), response=choice.ravel()), v


def fit(table: pd.DataFrame, formula: str | None, seed: int) -> tuple[hs.HierarchicalDDM, Any]:
    """A model of the experiment and its posterior."""
    model = hs.HierarchicalDDM(
        table, groupby="subject", formula=formula, likelihood="exact", fixed={"z": 0.5}, p_outlier=0
    )
    return model, model.sample(seed=seed, **QUICK)


def correlate(seed: int) -> Found:
    """One experiment, correlated in three ways."""
    table, v = experiment(seed)
    measure = table.groupby("subject")["questionnaire"].first().to_numpy()
    model, idata = fit(table, "v ~ questionnaire", seed)
    row = model.correlation(idata, "v", "questionnaire").table.iloc[0]
    draws = group(fit(table, None, seed)[1], "posterior")["v_subject"].values.reshape(-1, PARTICIPANTS)
    of_draws = float(np.mean([np.corrcoef(measure, values)[0, 1] for values in draws]))
    of_means, of_true = (float(np.corrcoef(measure, values)[0, 1]) for values in (draws.mean(axis=0), v))
    return Found(row["mean"], row["2.5%"], row["97.5%"], of_means, of_draws, of_true)


def main() -> None:
    """Print the correlations over the experiments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=60)
    found = pd.DataFrame([correlate(seed) for seed in range(parser.parse_args().experiments)])
    held = ((found["low"] <= RHO) & (found["high"] >= RHO)).sum()
    error = found.std() / np.sqrt(len(found))
    print(f"{len(found)} experiments of {PARTICIPANTS} participants and {TRIALS} trials each, true correlation {RHO}:")
    print(f"  the 95% interval of model.correlation holds it in {held} of {len(found)}")
    for name, what in {
        "mean": "model.correlation, posterior mean",
        "of_means": "posterior means of a model without it",
        "of_draws": "draws of a model without it",
        "of_true": "true drift rates of these participants",
    }.items():
        print(f"  {what}: {found[name].mean():.2f} +- {error[name]:.2f}")


if __name__ == "__main__":
    main()
