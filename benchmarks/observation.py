"""Are posteriors right where an experiment does not show all of a trial? Calibration and recovery in whole fits.

Run ``python benchmarks/observation.py`` (``--sets 20 --recoveries 5`` for a first look; ``--scenarios go truncated``
for some). Scenarios are in ``benchmarks/scenarios.py``. Each is calibrated as ``benchmarks/sbc.py`` says, with
parameters drawn from narrow priors; and fitted with the package's default priors to experiments of one typical
population, whose bias and coverage are measured; where a deadline cut responses off, the same data are fitted without
the omitted trials, too. Finished data sets are kept in ``.bench/observation``, so that an interrupted run goes on
where it stopped; ``--fresh`` forgets them. The report, ``observation.md``, ``.csv`` and ``.png``, is written from all
that are kept.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
import pandas as pd
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # as a plain script, this file knows its own folder only

import hddm_sbi as hs  # noqa: E402
from benchmarks.kept import Row, Settings, file_of, rows_of, run  # noqa: E402
from benchmarks.observation_report import write  # noqa: E402
from benchmarks.sbc import calibrate, sample  # noqa: E402
from benchmarks.scenarios import SCENARIOS, Scenario, Values  # noqa: E402
from hddm_sbi.inference.sampler import available_cores  # noqa: E402
from hddm_sbi.results.to_arviz import group  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results"
# participants and trials of each
CALIBRATED, RECOVERED = (20, 60), (20, 150)
# The truncated posterior of a group sd of t0 has a long tail, and needs more draws.
SETTINGS = Settings(draws=750)
# Data sets of recovery are others than those of calibration.
RECOVERY_SEED = 1_000_000
# What is fitted of data cut by a deadline: all of them, told as they are; those without the omitted trials and nothing
# told; and the same, told as truncated at the deadline.
VARIANTS = ("", "dropped", "truncated")
QUANTILES = (0.05, 0.25, 0.75, 0.95)


@dataclass(frozen=True)
class Calibrated:
    """A scenario with the priors that its parameters are drawn from; satisfies ``Experiment``."""

    scenario: Scenario

    @property
    def population(self) -> Sequence[str]:
        """Variables of the population."""
        return self.scenario.population

    @property
    def varying(self) -> Sequence[str]:
        """Parameters that differ between participants."""
        return self.scenario.varying

    def draw(self, number: int) -> tuple[pd.DataFrame, Values]:
        """Trials, and the parameters that they were made of."""
        rng = _generator(self.scenario, number)
        return self.scenario.simulate(self.scenario.drawn(rng), *CALIBRATED, rng)

    def build(self, df: pd.DataFrame) -> hs.HierarchicalDDM:
        """The model, with these priors.

        Raises:
            RuntimeError: the data set lacks what may be seen of trials, and makes the model another one.
        """
        priors = self.scenario.priors()
        lapses = {name: priors.pop(name) for name in self.scenario.lapses}
        model = hs.HierarchicalDDM(df, priors=priors, **self.scenario.options(), **(lapses or {"p_outlier": 0}))
        lacking = set(self.population) - set(model.priors["variable"])
        if lacking:
            raise RuntimeError(f"{self.scenario.name}: the model of this data set lacks {', '.join(sorted(lacking))}.")
        return model


def recover(number: int, scenario: Scenario, settings: Settings, variant: str, cores: int) -> Row:
    """Posteriors of the typical population's variables, under default priors.

    Args:
        number: of the data set.
        scenario: what is simulated.
        settings: of the fit.
        variant: one of ``VARIANTS``.
        cores: for chains.
    """
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", hs.HDDMWarning)
    rng = _generator(scenario, RECOVERY_SEED + number)
    truth = scenario.typical()
    df, _ = scenario.simulate(truth, *RECOVERED, rng)
    options = scenario.options() | ({} if scenario.lapses else {"p_outlier": 0})
    if variant != "":
        df, options = df.dropna(), options | {"deadline": None}
        p, q = truth["p_outlier"], truth["lapse_omission"]
        truth["p_outlier"] = p * (1.0 - q) / (1.0 - p * q)  # lapses that never respond were dropped, too
    if variant == "truncated":
        options |= {"truncate": (None, scenario.deadline)}
    begin, busy = time.perf_counter(), time.process_time()
    model = hs.HierarchicalDDM(df, **options)
    names = [name for name in scenario.population if name in set(model.priors["variable"])]  # or no omissions are left
    size = settings.chains, -1
    _, posterior, fit = sample(
        model, settings, number, cores,
        lambda found: {name: group(found, "posterior")[name].to_numpy().reshape(size) for name in names},
    )  # fmt: skip
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    figures = {
        name: [x.mean(), x.std(ddof=1), *np.quantile(x, QUANTILES), truth[name]] for name, x in posterior.items()
    }
    return {"found": figures, **fit, "seconds": round(seconds, 3), "cpu": round(busy, 3)}


def _generator(scenario: Scenario, number: int) -> np.random.Generator:
    return np.random.default_rng([number, *scenario.name.encode()])


def main() -> None:
    """Fit what is not kept, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=200, help="data sets of each calibration")
    parser.add_argument("--recoveries", type=int, default=40, help="data sets of each recovery")
    parser.add_argument("--scenarios", nargs="+", default=list(SCENARIOS), choices=list(SCENARIOS))
    parser.add_argument("--jobs", type=int, default=available_cores(), help="fits at the same time")
    parser.add_argument("--fresh", action="store_true", help="forget what is kept")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the report")
    options = parser.parse_args()
    cores = max(1, available_cores() // options.jobs)
    for name in options.scenarios:
        scenario = SCENARIOS[name]
        task = partial(calibrate, experiment=Calibrated(scenario), settings=SETTINGS, cores=cores)
        run(calibration_file(scenario), task, options.sets, options.jobs, options.fresh)
        for variant in variants(scenario):
            task = partial(recover, scenario=scenario, settings=SETTINGS, variant=variant, cores=cores)
            run(recovery_file(scenario, variant), task, options.recoveries, options.jobs, options.fresh)
    calibrated = {name: rows_of(calibration_file(scenario)) for name, scenario in SCENARIOS.items()}
    recovered = {
        f"{name}-{variant}" if variant else name: rows_of(recovery_file(scenario, variant))
        for name, scenario in SCENARIOS.items()
        for variant in variants(scenario)
    }
    options.results.mkdir(parents=True, exist_ok=True)
    print(
        write(
            {name: rows for name, rows in calibrated.items() if rows},
            {name: rows for name, rows in recovered.items() if rows},
            SETTINGS, CALIBRATED, RECOVERED, options.results,
        )
    )  # fmt: skip


def calibration_file(scenario: Scenario) -> Path:
    """Where the rows of a calibration are kept."""
    return file_of("observation", scenario.name, [scenario.stated, CALIBRATED], SETTINGS)


def recovery_file(scenario: Scenario, variant: str) -> Path:
    """Where the rows of a recovery are kept."""
    name = f"recovery-{scenario.name}-{variant}" if variant else f"recovery-{scenario.name}"
    return file_of("observation", name, [scenario.stated, RECOVERED], SETTINGS)


def variants(scenario: Scenario) -> tuple[str, ...]:
    """Which of ``VARIANTS`` a scenario has."""
    return VARIANTS if scenario.name == "deadline" else VARIANTS[:1]


if __name__ == "__main__":
    main()
