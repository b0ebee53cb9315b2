"""Is the posterior calibrated? Simulation-based calibration (Talts et al. 2018; Modrak et al. 2023).

Run ``python benchmarks/calibration.py`` (``--sets 20`` for a first look, ``--likelihood nle`` for the network). For
each data set, parameters are drawn from the model's own prior, trials are simulated from them, and the same model is
fitted: the rank of each true value among independent posterior draws is then uniform if prior, simulator, likelihood
and sampler fit together. Ranks of the log likelihood are among them: they tell a posterior that leaves the data unused.
Finished data sets are kept in ``.bench/calibration``, so that an interrupted run goes on where it stopped; ``--fresh``
forgets them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
import torch.distributions as td

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # as a plain script, this file knows its own folder only

import hddm_sbi as hs  # noqa: E402
from benchmarks.process import machine  # noqa: E402
from benchmarks.ranks import UniformRanks, bins_for, chi_square  # noqa: E402
from hddm_sbi.inference.predictive import pointwise_log_prob  # noqa: E402
from hddm_sbi.inference.sampler import available_cores  # noqa: E402
from hddm_sbi.results.diagnostics import diagnostics  # noqa: E402
from hddm_sbi.results.to_arviz import group  # noqa: E402

BENCH, RESULTS = ROOT / ".bench" / "calibration", Path(__file__).resolve().parent / "results"
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
FOLLOWED = (0, 1, 2)  # participants whose own values are ranked
# Parameters of the experiment from which models are made only to draw from their prior.
TEMPLATE = (1.0, 1.5, 0.5, 0.3)
# Seeds of the prior draws; those of the fits start at 0.
PRIOR_SEED = 1_000_000
# Ranks are 0 ... 99, which divides into equal bins. The draws between them are independent where the effective sample
# size is at least as large (Talts et al. 2018, algorithm 2); a fit that has fewer is repeated with twice the draws.
THINNED, REPEATS = 99, 4
LEVEL = 0.95  # of the bands in the plot


@dataclass(frozen=True)
class Settings:
    """How each data set is fitted; what is kept belongs to one such."""

    likelihood: str = "exact"
    draws: int = 500
    tune: int = 500
    chains: int = 2

    @property
    def file(self) -> Path:
        """Where finished data sets are kept, one a line."""
        experiment = (PARTICIPANTS, TRIALS, FORMULA, WINDOW, INTERCEPTS, EFFECT, EFFECT_SD, SDS, LAPSES, FOLLOWED)
        text = json.dumps([asdict(self), experiment, TEMPLATE, PRIOR_SEED, THINNED])
        return BENCH / f"{self.likelihood}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.jsonl"


def experiment(rt: np.ndarray, response: np.ndarray) -> pd.DataFrame:
    """The trials as a table: both conditions of a factor in turn, within each participant."""
    conditions, subjects = np.tile(["a", "b"], PARTICIPANTS * TRIALS // 2), np.repeat(range(PARTICIPANTS), TRIALS)
    return pd.DataFrame({"subject": subjects, "cond": conditions, "rt": rt.ravel(), "response": response.ravel()})


def build(df: pd.DataFrame, likelihood: str) -> hs.HierarchicalDDM:
    """The model that draws, simulates and is fitted."""
    priors: dict[str, td.Distribution] = {"v_cond": td.Normal(*EFFECT), "v_cond_subject_sd": td.HalfNormal(EFFECT_SD)}
    priors |= {f"{name}_Intercept": td.Normal(*prior) for name, prior in INTERCEPTS.items()}
    priors |= {f"{name}_Intercept_subject_sd": td.HalfNormal(scale) for name, scale in SDS.items()}
    return hs.HierarchicalDDM(
        df, groupby="subject", formula=FORMULA, likelihood=likelihood, priors=priors,
        p_outlier=td.Beta(*LAPSES), lapse=WINDOW,
    )  # fmt: skip


@cache
def template(likelihood: str) -> hs.HierarchicalDDM:
    """A model with some data of the same shape: prior and prior predictive draws do not depend on them."""
    rt, choice = hs.simulate("ddm", np.array(TEMPLATE), PARTICIPANTS * TRIALS, PRIOR_SEED)
    return build(experiment(rt, choice), likelihood)


def draw(number: int, likelihood: str) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """One draw of all parameters from the prior, and an experiment simulated from it."""
    # the shortest fit there is: only its prior groups are wanted
    found = template(likelihood).sample(
        draws=1, tune=50, chains=1, seed=PRIOR_SEED + number, groups=("prior", "prior_predictive"), progress=False
    )
    trials, prior = group(found, "prior_predictive"), group(found, "prior")
    return experiment(trials["rt"].values, trials["choice"].values), _arrays(prior)


def quantities(model: hs.HierarchicalDDM, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What is ranked, each of shape (chains, draws): the population, its sds, some participants, the log likelihood."""
    found = {name: values[name].reshape(values[name].shape[:2]) for name in POPULATION}
    for name in INTERCEPTS:
        own = values[f"{name}_subject"].reshape(*found["v_cond"].shape, PARTICIPANTS, -1)
        cells = [f", {label}" for label in model.conditions.index] if own.shape[3] > 1 else [""]
        for s in FOLLOWED:
            found |= {f"{name}_subject[{s}{cell}]": own[:, :, s, k] for k, cell in enumerate(cells)}
    density = pointwise_log_prob(model.spec, model._bound, values)
    return found | {"log likelihood": density.sum(-1)}


def _arrays(dataset: Any) -> dict[str, np.ndarray]:
    return {str(name): values.to_numpy() for name, values in dataset.data_vars.items()}


def calibrate(number: int, settings: Settings, cores: int) -> dict[str, Any]:
    """Ranks of one prior draw in its posterior, and how the fit went."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", hs.HDDMWarning)  # prior draws may lie outside a network's training range
    df, prior = draw(number, settings.likelihood)
    begin, busy = time.perf_counter(), time.process_time()
    model = build(df, settings.likelihood)
    for repeat in range(REPEATS):
        draws = settings.draws * 2**repeat
        found = model.sample(
            draws=draws, tune=settings.tune, chains=settings.chains, cores=cores, seed=number, progress=False
        )
        posterior = quantities(model, _arrays(group(found, "posterior")))
        ess, _, r_hat = diagnostics(np.stack(list(posterior.values()), axis=-1))
        if ess.min() >= THINNED:
            break
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    truth = quantities(model, prior)
    total = settings.chains * draws
    keep = ((np.arange(THINNED) + 0.5) * total / THINNED).astype(int)
    ranks = {name: int((x.ravel()[keep] < truth[name].item()).sum()) for name, x in posterior.items()}
    names = list(posterior)
    return {
        "set": number, "ranks": ranks, "r_hat": dict(zip(names, r_hat.round(4), strict=True)),
        "ess": dict(zip(names, ess.round(1), strict=True)), "draws": total, "repeats": repeat,
        "divergences": int(group(found, "sample_stats")["diverging"].sum()), "seconds": round(seconds, 3),
        "cpu": round(busy, 3),
    }  # fmt: skip


def run(settings: Settings, sets: int, jobs: int, fresh: bool) -> tuple[list[dict[str, Any]], float]:
    """Every data set, kept or computed now, and the wall seconds of what was computed, in all sessions."""
    path = settings.file
    path.parent.mkdir(parents=True, exist_ok=True)
    if fresh:
        path.unlink(missing_ok=True)
    kept = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    missing = sorted(set(range(sets)) - {row["set"] for row in kept})
    cores, begin = max(1, available_cores() // jobs), time.perf_counter()
    for library in ("OMP", "OPENBLAS", "MKL"):  # the processes are what runs side by side
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
    try:
        waiting = [pool.submit(calibrate, number, settings, cores) for number in missing]
        for done in as_completed(waiting):
            # wall time since the data set before it was finished, by which sessions add up
            row = done.result() | {"wall": round(time.perf_counter() - begin, 3), "jobs": jobs}
            begin = time.perf_counter()
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            kept.append(row)
            print(f"data set {row['set']} ({len(kept)} of {sets}): {_in_words(row)}", flush=True)
    finally:
        pool.shutdown(cancel_futures=True)
    rows = sorted((row for row in kept if row["set"] < sets), key=lambda row: row["set"])
    return rows, sum(row["wall"] for row in rows)


def _in_words(row: dict[str, Any]) -> str:
    worst, least = max(row["r_hat"].values()), min(row["ess"].values())
    return (
        f"{row['seconds']:.1f} s, R-hat {worst:.3f}, least ESS {least:.0f} of {row['draws']} draws, "
        f"{row['divergences']} divergences"
    )


def summarise(rows: list[dict[str, Any]], null: UniformRanks) -> pd.DataFrame:
    """A row for each quantity."""
    table = []
    for name in rows[0]["ranks"]:
        ranks = np.array([row["ranks"][name] for row in rows])
        middle = np.abs(ranks - THINNED / 2) / (THINNED + 1)
        table.append(
            {
                "quantity": name, "p_ecdf": null.p_value(ranks), "p_chi_square": chi_square(ranks, THINNED + 1),
                "mean_rank": (ranks.mean() + 0.5) / (THINNED + 1), "in_50": (middle < 0.25).mean(),
                "in_90": (middle < 0.45).mean(), "worst_r_hat": max(row["r_hat"][name] for row in rows),
                "least_ess": min(row["ess"][name] for row in rows),
            }
        )  # fmt: skip
    return pd.DataFrame(table).set_index("quantity")


def corrected(p: pd.Series) -> float:
    """The least p-value times their number (Bonferroni): that no quantity departs from uniform ranks."""
    return float(min(1.0, p.min() * len(p)))


def report(rows: list[dict[str, Any]], table: pd.DataFrame, settings: Settings, wall: float) -> str:
    """The result in Markdown."""
    n, seconds = len(rows), np.array([row["seconds"] for row in rows])
    divergences, kept = sum(row["divergences"] for row in rows), sum(row["draws"] for row in rows)
    r_hat = np.array([max(row["r_hat"].values()) for row in rows])
    repeated, diverged = (sum(row[key] > 0 for row in rows) for key in ("repeats", "divergences"))
    jobs = ", ".join(sorted({str(row["jobs"]) for row in rows}))
    lines = [
        f"# Calibration: {n} simulated data sets, likelihood {settings.likelihood}\n",
        f"{PARTICIPANTS} participants of {TRIALS} trials, `{FORMULA}` with slopes by participant, a, z and t0 by "
        f"participant, lapses estimated; parameters from the prior. {settings.chains} chains of {settings.tune} + "
        f"{settings.draws} draws, thinned to {THINNED} independent ones. Uniform ranks have mean 0.5 (standard error "
        f"{1 / np.sqrt(12 * n):.3f}), and the central 50% and 90% intervals hold the truth as often as they say "
        f"(standard errors {np.sqrt(0.25 / n):.3f} and {np.sqrt(0.09 / n):.3f}). p of the ECDF: over the whole of it, "
        f"by simulation (Säilynoja et al. 2022); p of chi-square: {bins_for(n)} bins.\n",
        f"- least of {len(table)} p-values, times their number: ECDF {corrected(table['p_ecdf']):.2f}, "
        f"chi-square {corrected(table['p_chi_square']):.2f}",
        f"- time: {wall / 60:.1f} minutes in all, {jobs} fits at a time; a fit {np.median(seconds):.1f} s (median), "
        f"{seconds.max():.1f} s at most, {np.median([row['cpu'] for row in rows]):.1f} s of computation (median)",
        f"- R-hat: worst {r_hat.max():.3f}, above 1.01 somewhere in {np.mean(r_hat > 1.01):.0%} of the fits, above "
        f"1.05 in {np.mean(r_hat > 1.05):.1%}; fits repeated with more draws: {repeated}",
        f"- divergences: {divergences} of {kept} draws ({divergences / kept:.3%}), in {diverged} fits",
        f"- {date.today().isoformat()}, hddm_sbi {hs.__version__}, {machine()}\n",
        "| quantity | p, ECDF | p, chi-square | mean rank | in 50% | in 90% | worst R-hat | least ESS |",
        "|---" * 8 + "|",
    ]
    for name, row in table.iterrows():
        numbers = [f"{row[key]:.3f}" for key in table.columns[:-1]] + [f"{row['least_ess']:.0f}"]
        lines.append("| " + " | ".join([f"`{name}`", *numbers]) + " |")
    return "\n".join(lines) + "\n"


def plot(rows: list[dict[str, Any]], names: list[str], null: UniformRanks, path: Path) -> None:
    """ECDFs of the ranks minus the uniform one, with the bands that hold a whole curve, and all of them."""
    panels = {
        "population": [x for x in names if not x.endswith("_sd") and "[" not in x],
        "standard deviations between participants": [x for x in names if x.endswith("_sd")],
        "participants' own values": [x for x in names if "[" in x],
    }
    figure, axes = plt.subplots(1, len(panels), figsize=(13, 4.6), sharey=True, layout="constrained")
    at = null.points
    for ax, (title, members) in zip(axes, panels.items(), strict=True):
        low, high = null.band(LEVEL)
        ax.fill_between(at, low - at, high - at, step="mid", color="#d9d9d9", lw=0, label=f"{LEVEL:.0%} of a curve")
        for end in null.band(1.0 - (1.0 - LEVEL) / len(names)):
            ax.plot(at, end - at, color="#7f7f7f", lw=0.8, ls="--")
        for k, name in enumerate(members):
            ranks = np.array([row["ranks"][name] for row in rows])
            curve = null.ecdf(ranks) - at
            ax.plot(at, curve, lw=1.0, color=plt.get_cmap("tab20")(k % 20), label=name)
        ax.set_title(title, fontsize=10)
        ax.set_xlabel("rank of the true value, as a share")
        ax.legend(fontsize=6, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False)
    axes[0].set_ylabel("ECDF of the ranks - uniform")
    figure.suptitle(f"{len(rows)} data sets; dashed: {LEVEL:.0%} of all {len(names)} curves at once", fontsize=10)
    figure.savefig(path, dpi=150)
    plt.close(figure)


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
    settings = Settings(options.likelihood, options.draws, options.tune, options.chains)
    rows, wall = run(settings, options.sets, options.jobs, options.fresh)
    null = UniformRanks(len(rows), THINNED + 1)
    table = summarise(rows, null)
    text = report(rows, table, settings, wall)
    options.results.mkdir(parents=True, exist_ok=True)
    name = "calibration" if settings.likelihood == "exact" else f"calibration-{settings.likelihood}"
    table.to_csv(options.results / f"{name}.csv", float_format="%.6g")
    (options.results / f"{name}.md").write_text(text, encoding="utf-8")
    plot(rows, list(table.index), null, options.results / f"{name}.png")
    print(text)


if __name__ == "__main__":
    main()
