"""Simulation-based calibration of any experiment that draws its parameters from the priors of its model.

For each data set, parameters are drawn from the prior, trials are simulated from them, and the model is fitted: the
rank of each true value among independent posterior draws is then uniform if prior, simulator, likelihood and sampler
fit together (Talts et al. 2018; Modrak et al. 2023). Ranks of the log likelihood are among them: they tell a posterior
that leaves the data unused.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

import hddm_sbi as hs
from benchmarks.kept import Row, Settings
from benchmarks.ranks import bins_for, chi_square
from hddm_sbi.inference.predictive import pointwise_log_prob
from hddm_sbi.proof.ranks import UniformRanks
from hddm_sbi.proof.sbc_task import FOLLOWED, THINNED, thinned
from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.to_arviz import Results, group

Values = Mapping[str, np.ndarray]

REPEATS = 4  # a fit with fewer effective draws than are ranked is repeated with twice as many
LEVEL = 0.95  # of the bands in the plot


class Experiment(Protocol):
    """What is calibrated.

    ``population`` names the variables of the population that are ranked, ``varying`` the parameters of which some
    participants' own values are.
    """

    @property
    def population(self) -> Sequence[str]: ...

    @property
    def varying(self) -> Sequence[str]: ...

    def draw(self, number: int) -> tuple[pd.DataFrame, Values]:
        """Trials, and the parameters that they were made of, as variables of one draw, (1, 1, ...)."""

    def build(self, df: pd.DataFrame) -> hs.HierarchicalDDM:
        """The model that is fitted, whose priors are those that ``draw`` draws from."""


def quantities(experiment: Experiment, model: hs.HierarchicalDDM, values: Values) -> dict[str, np.ndarray]:
    """What is ranked, each of shape (chains, draws): the population, its sds, some participants, the log likelihood."""
    found = {name: values[name].reshape(values[name].shape[:2]) for name in experiment.population}
    for name in experiment.varying:
        own = values[f"{name}_subject"]
        own = own.reshape(*own.shape[:3], -1)  # chains, draws, participants, cells
        cells = [f", {label}" for label in model.conditions.index] if own.shape[3] > 1 else [""]
        for s in FOLLOWED:
            found |= {f"{name}_subject[{s}{cell}]": own[:, :, s, k] for k, cell in enumerate(cells)}
    density = pointwise_log_prob(model.spec, model._bound, values)
    return found | {"log likelihood": density.sum(-1)}


def arrays(dataset: Any) -> dict[str, np.ndarray]:
    """The variables of a group of results."""
    return {str(name): values.to_numpy() for name, values in dataset.data_vars.items()}


def calibrate(number: int, experiment: Experiment, settings: Settings, cores: int) -> Row:
    """Ranks of one prior draw in its posterior, and how the fit went."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", hs.HDDMWarning)  # prior draws may be odd, or outside a network's training range
    df, prior = experiment.draw(number)
    begin, busy = time.perf_counter(), time.process_time()
    model = experiment.build(df)
    found, posterior, fit = sample(
        model, settings, number, cores, lambda found: quantities(experiment, model, arrays(group(found, "posterior")))
    )
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    drawn = arrays(group(found, "posterior"))
    truth = quantities(experiment, model, {name: x.reshape(1, 1, *drawn[name].shape[2:]) for name, x in prior.items()})
    keep = thinned(fit["draws"])
    ranks = {name: int((x.ravel()[keep] < truth[name].item()).sum()) for name, x in posterior.items()}
    return {"ranks": ranks, **fit, "seconds": round(seconds, 3), "cpu": round(busy, 3)}


def sample(
    model: hs.HierarchicalDDM,
    settings: Settings,
    seed: int,
    cores: int,
    looked_at: Callable[[Results], dict[str, np.ndarray]],
) -> tuple[Results, dict[str, np.ndarray], Row]:
    """A posterior with enough effective draws of what is looked at, or ``REPEATS`` times doubled.

    Args:
        model: to be fitted.
        settings: of the first attempt.
        seed: of all of them.
        cores: for chains.
        looked_at: quantities of a result, each of shape (chains, draws).

    Returns:
        The result, its quantities, and how the fit went.
    """
    for repeat in range(REPEATS):
        draws = settings.draws * 2**repeat
        found = model.sample(
            draws=draws, tune=settings.tune, chains=settings.chains, cores=cores, seed=seed, progress=False
        )
        posterior = looked_at(found)
        ess, _, r_hat = diagnostics(np.stack(list(posterior.values()), axis=-1))
        if ess.min() >= THINNED:
            break
    names, stats = list(posterior), group(found, "sample_stats")
    fit = {
        "r_hat": dict(zip(names, r_hat.round(4), strict=True)), "ess": dict(zip(names, ess.round(1), strict=True)),
        "draws": settings.chains * draws, "repeats": repeat, "divergences": int(stats["diverging"].sum()),
        "steps": float(stats["n_steps"].mean()),
    }  # fmt: skip
    return found, posterior, fit


def summarise(rows: list[Row], null: UniformRanks) -> pd.DataFrame:
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


def preface(settings: Settings, n: int) -> str:
    """What the columns of ``table_lines`` mean."""
    return (
        f"{settings.chains} chains of {settings.tune} + {settings.draws} draws, thinned to {THINNED} independent ones. "
        f"Uniform ranks have mean 0.5 (standard error {1 / np.sqrt(12 * n):.3f}), and the central 50% and 90% "
        f"intervals hold the truth as often as they say (standard errors {np.sqrt(0.25 / n):.3f} and "
        f"{np.sqrt(0.09 / n):.3f}). p of the ECDF: over the whole of it, by simulation (Säilynoja et al. 2022); p of "
        f"chi-square: {bins_for(n)} bins."
    )


def figures(rows: list[Row], table: pd.DataFrame) -> list[str]:
    """How flat the ranks are and how the fits went, as items of a list in Markdown."""
    seconds, kept = np.array([row["seconds"] for row in rows]), sum(row["draws"] for row in rows)
    wall, divergences = sum(row["wall"] for row in rows), sum(row["divergences"] for row in rows)
    r_hat = np.array([max(row["r_hat"].values()) for row in rows])
    repeated, diverged = (sum(row[key] > 0 for row in rows) for key in ("repeats", "divergences"))
    jobs = ", ".join(sorted({str(row["jobs"]) for row in rows}))
    return [
        f"- least of {len(table)} p-values, times their number: ECDF {corrected(table['p_ecdf']):.2f}, "
        f"chi-square {corrected(table['p_chi_square']):.2f}",
        f"- time: {wall / 60:.1f} minutes in all, {jobs} fits at a time; a fit {np.median(seconds):.1f} s (median), "
        f"{seconds.max():.1f} s at most, {np.median([row['cpu'] for row in rows]):.1f} s of computation (median)",
        f"- R-hat: worst {r_hat.max():.3f}, above 1.01 somewhere in {np.mean(r_hat > 1.01):.0%} of the fits, above "
        f"1.05 in {np.mean(r_hat > 1.05):.1%}; fits repeated with more draws: {repeated}",
        f"- divergences: {divergences} of {kept} draws ({divergences / kept:.3%}), in {diverged} fits",
    ]


def table_lines(table: pd.DataFrame) -> list[str]:
    """The table of ``summarise`` in Markdown."""
    lines = [
        "| quantity | p, ECDF | p, chi-square | mean rank | in 50% | in 90% | worst R-hat | least ESS |",
        "|---" * 8 + "|",
    ]
    for name, row in table.iterrows():
        numbers = [f"{row[key]:.3f}" for key in table.columns[:-1]] + [f"{row['least_ess']:.0f}"]
        lines.append("| " + " | ".join([f"`{name}`", *numbers]) + " |")
    return lines


def plot_panels(
    rows: list[Row],
    panels: Mapping[str, Sequence[str]],
    together: int,
    null: UniformRanks,
    path: Path,
    *,
    size: tuple[float, float],
    legend: float,
) -> None:
    """A picture of the ranks, quantities of a kind in each panel.

    Args:
        rows: of the data sets.
        panels: the quantities of each, by its title.
        together: how many curves there are in all.
        null: the ranks of one that is calibrated.
        path: where the picture goes.
        size: of it, in inches.
        legend: size of its letters.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=size, sharey=True, layout="constrained")
    for ax, (title, members) in zip(axes, panels.items(), strict=True):
        plot_ranks(ax, rows, members, null, together)
        ax.set_title(title, fontsize=10)
        ax.legend(fontsize=legend, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.15), frameon=False)
    axes[0].set_ylabel("ECDF of the ranks - uniform")
    figure.suptitle(f"{len(rows)} data sets; dashed: {LEVEL:.0%} of all {together} curves at once", fontsize=10)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def plot_ranks(ax: Axes, rows: list[Row], names: Sequence[str], null: UniformRanks, together: int) -> None:
    """ECDFs of the ranks minus the uniform one, with the bands that hold a whole curve, and ``together`` of them."""
    at = null.points
    low, high = null.band(LEVEL)
    ax.fill_between(at, low - at, high - at, step="mid", color="#d9d9d9", lw=0, label=f"{LEVEL:.0%} of a curve")
    for end in null.band(1.0 - (1.0 - LEVEL) / together):
        ax.plot(at, end - at, color="#7f7f7f", lw=0.8, ls="--")
    for k, name in enumerate(names):
        curve = null.ecdf(np.array([row["ranks"][name] for row in rows])) - at
        ax.plot(at, curve, lw=1.0, color=plt.get_cmap("tab20")(k % 20), label=name)
    ax.set_xlabel("rank of the true value, as a share")
