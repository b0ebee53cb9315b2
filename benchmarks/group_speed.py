"""What correlations between group effects cost: the same data with and without them, few and many participants."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

import hddm_sbi as hs
from benchmarks.group_trials import alternating, deviations, with_trials, within
from benchmarks.kept import Row, Settings
from hddm_sbi.inference.coordinates import Rounded
from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.quantities import Quantities, quantities
from hddm_sbi.results.to_arviz import group

# Ten effects of each participant: four of v, three of a, one of z, two of t0; in treatment coding.
FORMULA = ("v ~ cond * stim", "a ~ cond + stim", "t0 ~ cond")
POPULATION = (1.2, -0.3, 0.2, 0.1, 0.4, -0.15, 0.05, 0.0, -1.2, 0.05)
SDS = (0.5, 0.3, 0.3, 0.25, 0.2, 0.12, 0.12, 0.2, 0.15, 0.1)
RHO = -0.5
REPEATED = 100  # gradients that are timed
POPULATIONS = ("coefficient", "sd")


@dataclass(frozen=True)
class Case:
    """One fit whose cost is measured.

    Args:
        participants: their number.
        trials: of each.
        correlated: whether the effects have a joint covariance in the model.
    """

    participants: int
    trials: int
    correlated: bool

    @property
    def name(self) -> str:
        """For people and for files."""
        return f"{self.participants}x{self.trials}-{'correlated' if self.correlated else 'independent'}"


CASES = (
    Case(30, 100, True),
    Case(30, 100, False),
    Case(5, 100, True),
    Case(5, 100, False),
    Case(300, 100, True),
    Case(300, 100, False),
)
STATED = (FORMULA, POPULATION, SDS, RHO)


def experiment(participants: int, trials: int, seed: int) -> pd.DataFrame:
    """2 x 2 conditions within participants, with ten correlated effects of each participant."""
    rng = np.random.default_rng(seed)
    df = within(participants, trials, cond=("p", "q"), stim=("s", "t"))
    own = np.array(POPULATION) + deviations(rng, participants, SDS, alternating(len(SDS), RHO))
    b = own[df["subject"]].T
    cond, stim = (df["cond"] == "q").to_numpy(), (df["stim"] == "t").to_numpy()
    return with_trials(
        df, rng, v=b[0] + b[1] * cond + b[2] * stim + b[3] * cond * stim, a=b[4] + b[5] * cond + b[6] * stim, z=b[7],
        t0=b[8] + b[9] * cond,
    )  # fmt: skip


def measure(number: int, case: Case, settings: Settings) -> Row:
    """Fit one data set of a case and say what it cost."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", hs.HDDMWarning)
    df = experiment(case.participants, case.trials, number)
    model = hs.HierarchicalDDM(
        df, groupby="subject", formula=list(FORMULA), likelihood="exact", correlated=case.correlated, p_outlier=0
    )
    model.sample(draws=2, tune=2, chains=1, cores=1, progress=False)  # compiles
    return fit(model, settings, number) | {"gradient_ms": _gradient_ms(model)}


def fit(model: hs.HierarchicalDDM, settings: Settings, seed: int) -> Row:
    """Sample on one core, and say how it went."""
    begin, busy = time.perf_counter(), time.process_time()
    found = model.sample(
        draws=settings.draws, tune=settings.tune, chains=settings.chains, cores=1, seed=seed, progress=False
    )
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    return how_it_went(found, quantities(found), settings) | {"seconds": round(seconds, 2), "cpu": round(busy, 2)}


def how_it_went(found: Any, listed: Quantities, settings: Settings) -> Row:
    """R-hat and bulk ESS of all of the population and the worst of participants, and the sampler's statistics."""
    ess, _, r_hat = diagnostics(listed.draws)
    kinds, stats = np.array(listed.kinds), group(found, "sample_stats")
    row: Row = {"r_hat": {}, "ess": {}, "kinds": {}}
    for k, label in enumerate(listed.labels):
        if listed.kinds[k] in (*POPULATIONS, "correlation"):
            row["r_hat"][label], row["ess"][label] = round(float(r_hat[k]), 4), round(float(ess[k]), 1)
            row["kinds"][label] = listed.kinds[k]
    people = np.isin(kinds, ("participant", "deviation"))
    return row | {
        "draws": settings.chains * settings.draws, "divergences": int(stats["diverging"].sum()),
        "steps": float(stats["n_steps"].mean()), "longest": int(stats["n_steps"].max()),
        "step_size": float(stats["step_size"].mean()), "ess_people": float(np.min(ess[people], initial=np.inf)),
        "r_hat_people": float(np.max(r_hat[people], initial=0.0)),
    }  # fmt: skip


def table(rows: list[tuple[Case, Row]]) -> pd.DataFrame:
    """A row for each fit; seconds are those of the processor."""
    return pd.DataFrame([_costs(case, row) for case, row in rows])


def _costs(case: Case, row: Row) -> dict[str, Any]:
    kinds, ess = row["kinds"], row["ess"]
    population = np.array([ess[label] for label, kind in kinds.items() if kind in POPULATIONS])
    correlations = np.array([ess[label] for label, kind in kinds.items() if kind == "correlation"])
    r_hat = max(row["r_hat"].values())
    return {
        "participants": case.participants, "trials": case.trials, "correlated": case.correlated, "set": row["set"],
        "draws": row["draws"], "cpu_s": row["cpu"], "gradient_ms": row["gradient_ms"], "steps": row["steps"],
        "step_size": row["step_size"], "divergences": row["divergences"], "r_hat": r_hat,
        "r_hat_people": row["r_hat_people"], "ess_least": population.min(), "ess_median": np.median(population),
        "ess_least_of": min((label for label in ess if kinds[label] in POPULATIONS), key=ess.__getitem__),
        "ess_people": row["ess_people"], "s_per_least": row["cpu"] / population.min(),
        "s_per_median": row["cpu"] / np.median(population),
        "corr_ess_least": correlations.min() if correlations.size else np.nan,
        "corr_ess_median": np.median(correlations) if correlations.size else np.nan,
    }  # fmt: skip


def _gradient_ms(model: hs.HierarchicalDDM) -> float:
    """The least time of a gradient in the sampler's coordinates."""
    target = Rounded(model.potential, model._start, 1)
    point, times = np.random.default_rng(0).normal(0.0, 0.3, target.ndim), []
    for _ in range(REPEATED):
        begin = time.perf_counter()
        target.log_density_grad(point)
        times.append(time.perf_counter() - begin)
    return round(min(times) * 1e3, 4)
