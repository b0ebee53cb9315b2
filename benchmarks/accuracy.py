"""How far is every network from the truth? Run ``python -m benchmarks.accuracy``.

Networks are compared with densities that do not come from them: formulas (ddm, full_ddm), Volterra equations of the
first-passage density (angle, weibull, ornstein), the tables in ``tests/reference``, and simulations (all models).
``--rivals`` also puts the stock route, sbi's MNLE on 10^5 simulations, through the same tables, and trains it for each
model where it was not yet (an hour each). Numbers of models and engines that are not measured now are kept.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

import hddm_sbi as hs
from benchmarks.accuracy_table import into_document, write
from benchmarks.process import ROOT, machine
from benchmarks.side_by_side import BENCH, RESULTS
from benchmarks.stable_accuracy import LEAST_ALPHA, stable_accuracy
from hddm_sbi.likelihoods.base import Density
from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood
from hddm_sbi.ssm.base import SSM, FloatArray, IntArray
from hddm_sbi.training.pretrain import measure, reference_of
from hddm_sbi.training.train_nle import exact_of
from hddm_sbi.training.validate import density_accuracy, size_of
from hddm_sbi.weights.checkpoint import load_card, load_network

TABLES = ROOT / "tests" / "reference"
# Densities below this are rare in experiments, and hard to have right for whoever made a table.
LEAST = 1e-3
# Mean and 95th percentile of the published likelihood approximation networks (Fengler et al. 2021) on tables like
# these, as stated elsewhere; they are not run here.
STATED = {"angle": (0.061, 0.21), "ornstein": (0.076, 0.26), "weibull": (0.071, 0.21)}
SIMULATIONS = 100_000


class Table(NamedTuple):
    """Trials of a reference table, as likelihoods take them, and its log densities."""

    trials: tuple[FloatArray, IntArray, FloatArray, IntArray]
    log_density: FloatArray


@cache
def table_of(ssm: SSM) -> Table | None:
    """The model's reference table above ``LEAST``."""
    path = TABLES / f"{ssm.name}.csv"
    if not path.exists():
        return None
    table = pd.read_csv(path)
    if "log_density" not in table:
        table["log_density"] = np.log(table["density"])
    table = table[table["log_density"] > np.log(LEAST)]
    theta = np.ascontiguousarray(table[list(ssm.parameter_names)].to_numpy(np.float64))
    trials = (table["rt"].to_numpy(), table["response"].to_numpy(np.int64), theta, np.arange(len(table)))
    return Table(trials, table["log_density"].to_numpy())


def on_table(ssm: SSM, log_prob: Callable[..., FloatArray]) -> dict[str, float]:
    """Errors on the reference table."""
    table = table_of(ssm)
    if table is None:
        return {}
    sizes = size_of(log_prob(*table.trials) - table.log_density)
    named = {f"table_{name.removesuffix('_abs_error')}": value for name, value in sizes.items()}
    return {"table_trials": float(len(table.log_density)), **named}


def ours(ssm: SSM, path: Path, settings: argparse.Namespace) -> dict[str, Any]:
    """A row for the network in a file; its card is left as it is unless ``--cards`` says otherwise."""
    likelihood = FirstPassageLikelihood(load_network(path, ssm.name))
    row: dict[str, Any] = {"reference": reference_of(ssm)} | on_table(ssm, likelihood.log_prob)
    found = measure(ssm, path, settings.draws, settings.points, settings.trials, note=settings.cards)
    if ssm.name == "levy":
        found["density"] = stable_accuracy(likelihood, settings.points // 3)
        row["reference"] = f"Galerkin solution, alpha above {LEAST_ALPHA:g}, {found['density']['solved']:.1%} of trials"
    density, shift, simulated = (found.get(name, {}) for name in ("density", "posterior_shift", "simulation"))
    row |= {name.removesuffix("_abs_error"): density.get(name) for name in ("mean_abs_error", "p95_abs_error")}
    row |= {"kl": density.get("kl"), "kl_se": density.get("kl_se")}
    row |= {"kl_binned": simulated["kl_binned"], "kl_binned_se": simulated["kl_binned_se"]}
    for name in ("median", "p95"):
        row[f"shift_{name}_seen"] = shift[name]
        row[f"shift_{name}"] = shift.get(f"{name}_corrected", shift[name])
    row |= {"shift_mc_error": shift.get("mc_error", 0.0), "no_density": shift.get("no_density", 0.0)}
    for kind in ("choice", "distribution"):
        names = ("median_abs", "rms_corrected", "max_abs", "rms_in_se", "max_in_se", "largest_by_chance")
        row |= {f"{kind}_{name}": simulated[kind][name] for name in names}
    row |= {"points": simulated["points"], "trials": simulated["trials"]}
    card = load_card(path)
    row |= {"simulations": card.get("training", {}).get("simulations"), "seconds": card.get("seconds")}
    return row | {"kilobytes": path.stat().st_size / 1e3, "weights": card["sha256"][:12]}


def rival(ssm: SSM, folder: Path, draws: int) -> dict[str, Any]:
    """A row for sbi's MNLE, over its own training ranges where trials are simulated."""
    from benchmarks.engines.stock_sbi import RANGES, kept
    from hddm_sbi.likelihoods.neural.generic import EstimatorLikelihood

    # trained as sbi does by default, until its validation loss has not improved for 20 epochs
    estimator, seconds = kept(folder / f"mnle_{ssm.name}.pkl", SIMULATIONS, ssm.name)
    likelihood: Density = EstimatorLikelihood(estimator, ssm.parameter_names, ssm.n_choices)
    row: dict[str, Any] = {"reference": reference_of(ssm), "simulations": SIMULATIONS, "seconds": seconds}
    row |= on_table(ssm, likelihood.log_prob)
    exact = exact_of(ssm)
    if exact is not None:
        found = density_accuracy(ssm, likelihood, exact, draws=draws, box=RANGES)
        row |= {"mean": found["mean_abs_error"], "p95": found["p95_abs_error"], "kl": found["kl"]}
    return row


def rows_of(ssm: SSM, settings: argparse.Namespace) -> list[dict[str, Any]]:
    """What is measured now of a model."""
    path, rows = settings.weights / f"{ssm.name}.safetensors", []
    if path.exists():
        rows.append({"engine": "ours", **ours(ssm, path, settings)})
    if settings.rivals and (ssm.name in settings.rivals or "all" in settings.rivals):
        rows.append({"engine": "stock-sbi", **rival(ssm, settings.kept, settings.draws // 10)})
    if ssm.name in STATED:
        mean, most = STATED[ssm.name]
        rows.append({"engine": "lan-stated", "table_mean": mean, "table_p95": most})
    stamp = {"date": pd.Timestamp.now().date().isoformat(), "machine": machine(), "version": hs.__version__}
    return [{"model": ssm.name, **row, **(stamp if row["engine"] != "lan-stated" else {})} for row in rows]


def main() -> None:
    """Write the tables and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="ddm,full_ddm,angle,weibull,ornstein,levy")
    parser.add_argument("--weights", type=Path, default=ROOT / "pretrained", help="folder of NAME.safetensors")
    parser.add_argument("--rivals", nargs="?", const="all", default="", help="models to train the stock route for")
    parser.add_argument("--kept", type=Path, default=BENCH, help="folder in which trained rivals are kept")
    parser.add_argument("--cards", action="store_true", help="write the numbers on the networks' cards, too")
    parser.add_argument("--draws", type=int, default=1_000_000, help="trials for errors of log p, with a formula")
    parser.add_argument("--points", type=int, default=200, help="parameter vectors")
    parser.add_argument("--trials", type=int, default=1_200_000, help="simulations of each")
    parser.add_argument("--results", type=Path, default=RESULTS)
    settings = parser.parse_args()
    settings.rivals = settings.rivals.split(",") if settings.rivals else []
    torch.set_num_threads(1)
    for name in settings.models.split(","):
        write(rows_of(hs.get_model(name), settings), settings.results)  # what is done is kept if the next one fails
    if settings.results == RESULTS:
        into_document(pd.read_csv(RESULTS / "accuracy.csv"), ROOT / "docs" / "accuracy.md")
    print((settings.results / "accuracy.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
