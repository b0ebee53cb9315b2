"""Leave-one-out by importance weights, against models that were sampled without what was left out.

Run ``python -m benchmarks.leave_one_out`` (``--jobs 2``; 70 fits of some seconds each; finished ones are kept in
``.bench``). A simulated experiment of 30 participants with 60 trials each is fitted by two models, with an effect of
the condition on the drift and without. ``hs.compare`` predicts each participant from the others by weights. Here each
participant is removed from the table, a model is built on what is left and sampled, and the participant's trials are
predicted without any importance weights: as the mean, over draws of the population and of new participants from it, of
their density. Trials are left out in the same way, some of them the ones with the largest Pareto k.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as a plain script, this file knows its own folder only

import hddm_sbi as hs
from benchmarks.kept import Row, Settings, file_of, run
from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.quantities import quantities
from hddm_sbi.results.to_arviz import group

FloatArray = npt.NDArray[np.float64]

PARTICIPANTS, TRIALS, SEED = 30, 60, 5
FORMULAS = {"condition": "v ~ cond", "none": "v ~ 1"}
# Draws of the posterior without a participant, and of the new participant for each of them.
SETTINGS, NEW = Settings(draws=750, tune=300, chains=2), 100
FULL_DRAWS = 1000
# Trials that are left out: those with the largest k, and others.
LARGEST, OTHERS = 5, 5
RESULTS = Path(__file__).resolve().parent / "results"


def experiment() -> pd.DataFrame:
    """Trials of participants who differ in drift, boundary and non-decision time; 2% are guesses."""
    rng = np.random.default_rng(SEED)
    n = PARTICIPANTS * TRIALS
    table = pd.DataFrame(
        {"subject": np.repeat(np.arange(PARTICIPANTS), TRIALS), "cond": np.tile(["easy", "hard"], n // 2)}
    )
    drift = rng.normal(1.2, 0.4, PARTICIPANTS)
    effect = rng.normal(-0.4, 0.2, PARTICIPANTS)
    boundary, t0 = np.exp(rng.normal(0.4, 0.2, PARTICIPANTS)), np.exp(rng.normal(-1.2, 0.2, PARTICIPANTS))
    of, hard = table["subject"].to_numpy(), (table["cond"] == "hard").to_numpy()
    theta = np.column_stack([drift[of] + effect[of] * hard, boundary[of], np.full(n, 0.5), t0[of]])
    rt, choice = hs.simulate("ddm", theta, 1, seed=SEED)
    guess = rng.random(n) < 0.02
    table["rt"] = np.where(guess, rng.uniform(0.0, rt.max(), n), rt[:, 0])
    table["response"] = np.where(guess, rng.integers(0, 2, n), choice[:, 0])
    return table


def build(table: pd.DataFrame, formula: str, longest: float) -> hs.HierarchicalDDM:
    """A model, with the window of lapses that the whole experiment has."""
    return hs.HierarchicalDDM(table, groupby="subject", formula=formula, likelihood="exact", lapse=(0.0, longest))


def refitted(number: int, formula: str, left_out: list[list[int]]) -> Row:
    """The log density of some rows of the table, predicted by a model sampled without them."""
    whole, begin = experiment(), time.perf_counter()
    rows = left_out[number]
    kept, own = whole.drop(index=rows).reset_index(drop=True), whole.loc[rows]
    window = float(whole["rt"].max())
    model = build(kept, formula, window)
    idata = model.sample(
        draws=SETTINGS.draws, tune=SETTINGS.tune, chains=SETTINGS.chains, cores=1, seed=number, progress=False
    )
    known = bool(kept["subject"].isin(own["subject"]).any())
    parts = [predicted(model, idata, own, seed, window) for seed in range(1 if known else NEW)]
    values = np.stack(parts)  # (draws of new participants, draws)
    largest = values.max()
    density = np.exp(values - largest)
    posterior = density.mean(axis=0)
    error = posterior.std() / posterior.mean() / np.sqrt(len(posterior))
    found = quantities(idata)
    ess, _, r_hat = diagnostics(found.draws)
    return {
        "elpd": float(np.log(density.mean()) + largest), "error": float(error),
        "r_hat": {"worst": float(np.nanmax(r_hat))}, "ess": {"least": float(np.nanmin(ess))},
        "draws": SETTINGS.chains * SETTINGS.draws, "divergences": int(group(idata, "sample_stats")["diverging"].sum()),
        "seconds": time.perf_counter() - begin,
    }  # fmt: skip


def predicted(model: hs.HierarchicalDDM, idata: Any, own: pd.DataFrame, seed: int, window: float) -> FloatArray:
    """Log density of all of these rows together under each draw, and one draw of who is new, shape (draws,)."""
    conditions = own.drop_duplicates("cond")
    found = model.parameters(idata, conditions, new_groups="sample", seed=seed)
    names = ("v", "a", "z", "t0")
    total: FloatArray = np.zeros(found.sizes["chain"] * found.sizes["draw"])
    for at, cond in enumerate(conditions["cond"]):
        trials = own[own["cond"] == cond]
        theta = np.stack([found[name].to_numpy()[..., at].ravel() for name in names], axis=-1)
        p = found["p_outlier"].to_numpy()[..., at].ravel()[:, np.newaxis]
        log_f = hs.log_likelihood(
            "ddm", trials["rt"].to_numpy(), trials["response"].to_numpy(), theta[:, np.newaxis], kind="exact"
        )
        total += np.log((1.0 - p) * np.exp(log_f) + p * 0.5 / window).sum(axis=1)
    return total


def summary(name: str, weights: FloatArray, exact: FloatArray, error: FloatArray, k: FloatArray) -> dict[str, object]:
    """By how much elpd by weights differs from exact elpd."""
    off = weights - exact
    return {
        "what": name, "n": len(off), "by weights": weights.sum(), "sampled without": exact.sum(),
        "difference": off.sum(), "se of difference": np.sqrt(len(off)) * off.std(ddof=1),
        "error of sampled": np.sqrt((error**2).sum()), "largest difference": np.abs(off).max(),
        "correlation": np.corrcoef(weights, exact)[0, 1], "largest k": k.max(),
    }  # fmt: skip


def trials_left_out(k: FloatArray) -> list[int]:
    """The trials with the largest k, and others that are evenly spaced in the table."""
    largest = np.argsort(-k)[:LARGEST].tolist()
    others = [int(at) for at in np.linspace(7, len(k) - 8, OTHERS)]
    return [*largest, *(at for at in others if at not in largest)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1, help="fits at the same time")
    parser.add_argument("--fresh", action="store_true", help="forget what is kept")
    options = parser.parse_args()
    whole = experiment()
    window = float(whole["rt"].max())
    fits = {}
    for name, formula in FORMULAS.items():
        model = build(whole, formula, window)
        fits[name] = (model, model.sample(draws=FULL_DRAWS, tune=500, chains=4, seed=1, progress=False))
        print(name, model.diagnose(fits[name][1]).sentences[0], flush=True)
    by_person, by_trial = (hs.compare(fits, by=by, progress=False) for by in ("participant", "trial"))
    print(by_person, "\n\n", by_trial, flush=True)
    people = [np.flatnonzero(whole["subject"] == person).tolist() for person in range(PARTICIPANTS)]
    trials = trials_left_out(by_trial.k["condition"].to_numpy())
    single = rows_of("trials", FORMULAS["condition"], [[at] for at in trials], options)
    exact: dict[str, pd.DataFrame] = {}
    for name, formula in FORMULAS.items():
        exact[name] = rows_of(name, formula, people, options)
        write(by_person, by_trial, exact, single, trials)


def rows_of(name: str, formula: str, left_out: list[list[int]], options: argparse.Namespace) -> pd.DataFrame:
    """A row for each thing that is left out."""
    path = file_of("leave_one_out", name, [formula, left_out, PARTICIPANTS, TRIALS, SEED, NEW], SETTINGS)
    task = partial(refitted, formula=formula, left_out=left_out)
    return pd.DataFrame(run(path, task, len(left_out), options.jobs, options.fresh))


def write(
    by_person: hs.Comparison, by_trial: hs.Comparison, exact: Mapping[str, pd.DataFrame], single: pd.DataFrame,
    trials: list[int],
) -> None:  # fmt: skip
    """Write the tables of results."""
    parts, lines = [], []
    for name, rows in exact.items():
        k, mine = by_person.k[name].to_numpy(), by_person.pointwise[name].to_numpy()
        lines.append(summary(f"participants, {FORMULAS[name]}", mine, rows["elpd"], rows["error"], k))
        parts.append(_rows("participant", by_person.pointwise.index, FORMULAS[name], mine, rows, k))
    if len(exact) == len(FORMULAS):
        mine = (by_person.pointwise["condition"] - by_person.pointwise["none"]).to_numpy()
        theirs = (exact["condition"]["elpd"] - exact["none"]["elpd"]).to_numpy()
        error = np.hypot(exact["condition"]["error"], exact["none"]["error"]).to_numpy()
        lines.append(summary("participants, difference of the models", mine, theirs, error, by_person.k.max(axis=1)))
    k, mine = (table["condition"].to_numpy()[trials] for table in (by_trial.k, by_trial.pointwise))
    lines.append(summary(f"trials, {FORMULAS['condition']}", mine, single["elpd"], single["error"], k))
    parts.append(_rows("trial", trials, FORMULAS["condition"], mine, single, k))
    pd.concat(parts).to_csv(RESULTS / "leave_one_out.csv", index=False, float_format="%.6g")
    text = markdown(pd.DataFrame(lines), by_person, exact)
    (RESULTS / "leave_one_out.md").write_text(text, encoding="utf-8")
    print(text)


def _rows(by: str, labels: Any, formula: str, mine: FloatArray, exact: pd.DataFrame, k: FloatArray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "by": by, "unit": list(labels), "formula": formula, "elpd_by_weights": mine, "k": k,
            "elpd_sampled_without": exact["elpd"], "error_sampled_without": exact["error"],
            "r_hat": [row["worst"] for row in exact["r_hat"]], "seconds": exact["seconds"],
        }
    )  # fmt: skip


def markdown(table: pd.DataFrame, found: hs.Comparison, exact: Mapping[str, pd.DataFrame]) -> str:
    """The results to read."""
    forms = {"n": "{:.0f}", "correlation": "{:.5f}", "largest difference": "{:.3f}", "what": "{}"}
    columns = list(table.columns)
    shown = [[forms.get(name, "{:.2f}").format(row[name]) for name in columns] for row in table.to_dict("records")]
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    lines += ["| " + " | ".join(cells) + " |" for cells in shown]
    worst = max(row["worst"] for rows in exact.values() for row in rows["r_hat"])
    return "\n".join(
        [
            "# Leave-one-out by weights, and by sampling without what was left out", "",
            f"{PARTICIPANTS} simulated participants of {TRIALS} trials. *By weights*: `hs.compare`, elpd summed; "
            "*sampled without*: models built and sampled without each participant, or trial, whose density is averaged "
            f"over draws of the population and {NEW} draws of a new participant for each, without importance weights; "
            "*error of sampled*: the Monte Carlo standard error of that sum. *Se of difference*: by the differences of "
            "the participants, or trials. Trials are the "
            f"{LARGEST} with the largest Pareto k and {OTHERS} others.", "", *lines, "",
            f"The largest R-hat of a model sampled without a participant was {worst:.3f}. What `hs.compare` said:", "",
            "```", str(found), "```", "",
        ]
    )  # fmt: skip


if __name__ == "__main__":
    main()
