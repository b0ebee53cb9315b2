"""Is the posterior calibrated? Simulation-based calibration of a model of which everything was seen.

Run ``python benchmarks/calibration.py`` (``--sets 20`` for a first look, ``--likelihood nle`` for the network). For
each data set, parameters are drawn from the model's own prior, trials are simulated from them, and the same model is
fitted; see ``benchmarks/sbc.py``. Finished data sets are kept in ``.bench/calibration``, so that an interrupted run
goes on where it stopped; ``--fresh`` forgets them.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
import pandas as pd
import torch.distributions as td

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # as a plain script, this file knows its own folder only

import hddm_sbi as hs  # noqa: E402
from benchmarks.kept import Row, Settings, file_of, run  # noqa: E402
from benchmarks.process import machine  # noqa: E402
from benchmarks.sbc import (  # noqa: E402
    THINNED,
    Values,
    arrays,
    calibrate,
    figures,
    plot_panels,
    preface,
    summarise,
    table_lines,
)
from hddm_sbi.inference.sampler import available_cores  # noqa: E402
from hddm_sbi.proof.ranks import UniformRanks  # noqa: E402
from hddm_sbi.results.to_arviz import group  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results"
PARTICIPANTS, TRIALS, FORMULA = 20, 60, "v ~ cond"
WINDOW = (0.0, 10.0)  # of lapses, in seconds: the model's, not the data's longest rt, which is another each time
# Narrower than the defaults, so that most experiments could be real ones; scales of half-normal priors for the sds.
INTERCEPTS = {"v": (1.0, 0.7), "a": (float(np.log(1.5)), 0.3), "z": (0.0, 0.3), "t0": (float(np.log(0.3)), 0.3)}
EFFECT, EFFECT_SD = (0.0, 0.7), 0.4
SDS = {"v": 0.6, "a": 0.25, "z": 0.25, "t0": 0.25}
LAPSES = (1.0, 20.0)  # of the beta prior
POPULATION = (
    *(f"{name}_Intercept" for name in INTERCEPTS), "v_cond", "p_outlier",
    *(f"{name}_Intercept_subject_sd" for name in SDS), "v_cond_subject_sd",
)  # fmt: skip
# Parameters of the experiment from which models are made only to draw from their prior.
TEMPLATE = (1.0, 1.5, 0.5, 0.3)
# Seeds of the prior draws; those of the fits start at 0.
PRIOR_SEED = 1_000_000
# All that says which data sets they are.
STATED = (PARTICIPANTS, TRIALS, FORMULA, WINDOW, INTERCEPTS, EFFECT, EFFECT_SD, SDS, LAPSES, TEMPLATE, PRIOR_SEED)


@dataclass(frozen=True)
class Whole:
    """The experiment; satisfies ``Experiment``."""

    likelihood: str
    population: tuple[str, ...] = POPULATION
    varying: tuple[str, ...] = tuple(INTERCEPTS)

    def draw(self, number: int) -> tuple[pd.DataFrame, Values]:
        """One draw of all parameters from the prior, and an experiment simulated from it."""
        # the shortest fit there is: only its prior groups are wanted
        found = template(self.likelihood).sample(
            draws=1, tune=50, chains=1, seed=PRIOR_SEED + number, groups=("prior", "prior_predictive"), progress=False
        )
        trials, prior = group(found, "prior_predictive"), group(found, "prior")
        return table_of(trials["rt"].values, trials["choice"].values), arrays(prior)

    def build(self, df: pd.DataFrame) -> hs.HierarchicalDDM:
        """The model that draws, simulates and is fitted."""
        priors: dict[str, td.Distribution] = {
            "v_cond": td.Normal(*EFFECT),
            "v_cond_subject_sd": td.HalfNormal(EFFECT_SD),
        }
        priors |= {f"{name}_Intercept": td.Normal(*prior) for name, prior in INTERCEPTS.items()}
        priors |= {f"{name}_Intercept_subject_sd": td.HalfNormal(scale) for name, scale in SDS.items()}
        return hs.HierarchicalDDM(
            df, groupby="subject", formula=FORMULA, likelihood=self.likelihood, priors=priors,
            p_outlier=td.Beta(*LAPSES), lapse=WINDOW,
        )  # fmt: skip


def table_of(rt: np.ndarray, response: np.ndarray) -> pd.DataFrame:
    """The trials as a table: both conditions of a factor in turn, within each participant."""
    conditions, subjects = np.tile(["a", "b"], PARTICIPANTS * TRIALS // 2), np.repeat(range(PARTICIPANTS), TRIALS)
    return pd.DataFrame({"subject": subjects, "cond": conditions, "rt": rt.ravel(), "response": response.ravel()})


@cache
def template(likelihood: str) -> hs.HierarchicalDDM:
    """A model with some data of the same shape: prior and prior predictive draws do not depend on them."""
    rt, choice = hs.simulate("ddm", np.array(TEMPLATE), PARTICIPANTS * TRIALS, PRIOR_SEED)
    return Whole(likelihood).build(table_of(rt, choice))


def report(rows: list[Row], table: pd.DataFrame, likelihood: str, settings: Settings) -> str:
    """The result in Markdown."""
    lines = [
        f"# Calibration: {len(rows)} simulated data sets, likelihood {likelihood}\n",
        f"{PARTICIPANTS} participants of {TRIALS} trials, `{FORMULA}` with slopes by participant, a, z and t0 by "
        f"participant, lapses estimated; parameters from the prior. {preface(settings, len(rows))}\n",
        *figures(rows, table),
        f"- {date.today().isoformat()}, hddm_sbi {hs.__version__}, {machine()}\n",
        *table_lines(table),
    ]
    return "\n".join(lines) + "\n"


def plot(rows: list[Row], names: list[str], null: UniformRanks, path: Path) -> None:
    """The ranks of population, sds and participants, each in a panel."""
    panels = {
        "population": [x for x in names if not x.endswith("_sd") and "[" not in x],
        "standard deviations between participants": [x for x in names if x.endswith("_sd")],
        "participants' own values": [x for x in names if "[" in x],
    }
    plot_panels(rows, panels, len(names), null, path, size=(13.0, 4.6), legend=6)


def main() -> None:
    """Fit what is not kept, and write calibration.csv, .md and .png."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=200, help="data sets")
    parser.add_argument("--likelihood", default="exact", choices=("exact", "nle"))
    for name in ("draws", "tune", "chains"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Settings, name))
    parser.add_argument("--jobs", type=int, default=available_cores(), help="fits at the same time")
    parser.add_argument("--fresh", action="store_true", help="forget what is kept")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the table and the plot")
    options = parser.parse_args()
    settings, experiment = Settings(options.draws, options.tune, options.chains), Whole(options.likelihood)
    task = partial(calibrate, experiment=experiment, settings=settings, cores=max(1, available_cores() // options.jobs))
    path = file_of("calibration", options.likelihood, [options.likelihood, *STATED], settings)
    rows = run(path, task, options.sets, options.jobs, options.fresh)
    null = UniformRanks(len(rows), THINNED + 1)
    table = summarise(rows, null)
    text = report(rows, table, options.likelihood, settings)
    options.results.mkdir(parents=True, exist_ok=True)
    name = "calibration" if options.likelihood == "exact" else f"calibration-{options.likelihood}"
    table.to_csv(options.results / f"{name}.csv", float_format="%.6g")
    (options.results / f"{name}.md").write_text(text, encoding="utf-8")
    plot(rows, list(table.index), null, options.results / f"{name}.png")
    print(text)


if __name__ == "__main__":
    main()
