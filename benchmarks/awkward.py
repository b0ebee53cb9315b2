"""Experiments that are hard to sample: how many draws diverge, do chains agree, and what does a draw cost?

Run ``python -m benchmarks.awkward --out benchmarks/results/awkward.md``, some minutes. Each of 40 seeds simulates and
fits an experiment of each kind; 200 participants take longest and have ten. The table gives the median, the ninth
decile and the worst of the fits. ``tests/api/test_awkward_data.py`` fits the same cases with three seeds.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.errors import HDDMWarning
from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.to_arviz import group
from hddm_sbi.spec.links import get_link
from hddm_sbi.ssm import simulate

# The population on the link scales: location, and sd between participants.
POPULATION = {"v": (1.2, 0.4), "a": (np.log(1.5), 0.15), "z": (0.0, 0.1), "t0": (np.log(0.3), 0.15)}
LINKS = {"v": "identity", "a": "log", "z": "logit", "t0": "log"}
CHAINS, TUNE = 2, 500


@dataclass(frozen=True)
class Case:
    """An experiment, and how it is fitted.

    Args:
        participants, trials: how many, and how many each; the first one's may differ.
        v: location and sd of the drift, instead of the population's.
        first_v, first_trials: of the first participant, where they differ.
        draws: of each chain.
        seeds: how many experiments the benchmark fits.
    """

    participants: int
    trials: int
    v: tuple[float, float] = POPULATION["v"]
    first_v: float | None = None
    first_trials: int | None = None
    draws: int = 500
    seeds: int = 40

    @property
    def population(self) -> dict[str, tuple[float, float]]:
        return POPULATION | {"v": self.v}

    def simulate(self, seed: int) -> pd.DataFrame:
        """Trials of participants drawn from the population: columns subject, rt, response."""
        rng = np.random.default_rng(seed)
        b = {name: rng.normal(mean, sd, self.participants) for name, (mean, sd) in self.population.items()}
        if self.first_v is not None:
            b["v"][0] = self.first_v
        trials = np.full(self.participants, self.trials)
        trials[0] = self.first_trials or self.trials
        theta = np.column_stack([get_link(LINKS[name]).inverse(values) for name, values in b.items()])
        subject = np.repeat(np.arange(self.participants), trials)
        rt, choice = simulate("ddm", theta[subject], 1, seed)
        return pd.DataFrame({"subject": subject, "rt": rt.ravel(), "response": choice.ravel()})

    def fit(self, seed: int, sampler_seed: int | None = None) -> Fit:
        """The experiment of a seed, fitted with the same seed or with another."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "participant 0 in column 'subject' has a single trial", HDDMWarning)
            model = HierarchicalDDM(self.simulate(seed), groupby="subject", likelihood="exact", choices=(0, 1))
        found = model.sample(
            draws=self.draws, tune=TUNE, chains=CHAINS, seed=seed if sampler_seed is None else sampler_seed,
            progress=False,
        )  # fmt: skip
        return Fit(self, seed, group(found, "posterior"), group(found, "sample_stats"))


@dataclass(frozen=True)
class Fit:
    """A fit of the experiment of a seed."""

    case: Case
    seed: int
    posterior: Any
    stats: Any

    @cached_property
    def columns(self) -> np.ndarray:
        """Every scalar of the posterior, shape (chains, draws, quantities)."""
        return np.concatenate([x.values.reshape(CHAINS, self.case.draws, -1) for x in self.posterior.values()], axis=-1)

    @cached_property
    def diagnostics(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Bulk and tail effective sample sizes and R-hat of each."""
        return diagnostics(self.columns)

    @property
    def largest_r_hat(self) -> float:
        return float(self.diagnostics[2].max())

    @property
    def divergent(self) -> int:
        """Draws that diverged, of both chains."""
        return int(self.stats["diverging"].sum())


CASES = {
    "five trials each": Case(20, 5, draws=1000),
    "three participants": Case(3, 100, draws=1000),
    "200 participants": Case(200, 20, draws=800, seeds=10),
    "hardly an error": Case(15, 60, v=(4.0, 0.5)),
    "one participant at chance": Case(12, 80, v=(2.5, 0.4), first_v=0.0),
    "one participant with one trial": Case(10, 60, first_trials=1),
}

# What a fit is judged by; the worst fit has the largest, except of effective draws.
FIGURES: dict[str, Callable[[Fit], float]] = {
    "divergent, %": lambda fit: 100.0 * fit.divergent / (CHAINS * fit.case.draws),
    "largest R-hat": lambda fit: fit.largest_r_hat,
    "gradients a draw": lambda fit: float(fit.stats["n_steps"].mean()),
    "least bulk ESS": lambda fit: float(fit.diagnostics[0].min()),
    "least tail ESS": lambda fit: float(fit.diagnostics[1].min()),
}


def summary(figures: pd.DataFrame) -> dict[str, str]:
    """Median, ninth decile and worst of each figure (columns) over fits (rows)."""
    found = {}
    for name, values in figures.items():
        decile, worst = (0.1, values.min()) if "ESS" in str(name) else (0.9, values.max())
        digits = {"divergent, %": 2, "largest R-hat": 3}.get(str(name), 0)
        found[str(name)] = ", ".join(f"{x:.{digits}f}" for x in (values.median(), values.quantile(decile), worst))
    return found


def markdown(rows: list[dict[str, str]]) -> str:
    """A table with the columns of the first row."""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def main() -> None:
    """Print the table, and keep it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, help="experiments of each kind, instead of 40 (10 of 200 participants)")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), metavar="CASE")
    parser.add_argument("--out", type=Path, help="write the table to this file too")
    options = parser.parse_args()
    rows = []
    for name in options.cases:
        case = CASES[name]
        fits = [
            [figure(fit) for figure in FIGURES.values()] for fit in map(case.fit, range(options.seeds or case.seeds))
        ]
        figures = pd.DataFrame(fits, columns=list(FIGURES))
        rows.append({"case": name, "fits": str(len(fits)), "draws": str(CHAINS * case.draws)} | summary(figures))
        print(rows[-1], flush=True)
    note = "Median, ninth decile (of effective draws the first) and worst of the fits (`python -m benchmarks.awkward`)."
    text = f"# Experiments that are hard to sample\n\n{note}\n\n{markdown(rows)}"
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
