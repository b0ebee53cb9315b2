"""The results of ``benchmarks/group_effects.py`` in words, tables and a picture."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
import pandas as pd

import hddm_sbi as hs
from benchmarks import group_calibration, group_speed
from benchmarks.group_coverage import LEVELS, covered
from benchmarks.kept import Row, Settings
from benchmarks.process import machine
from benchmarks.sbc import THINNED, figures, plot_panels, preface, summarise, table_lines
from hddm_sbi.proof.ranks import UniformRanks

# The median of the ratios of seconds per effective draw is meant to be no larger.
ASKED = 2.0


def write_speed(table: pd.DataFrame, settings: Settings, folder: Path) -> str:
    """Write group_speed.csv and .md, and return the text."""
    table.to_csv(folder / "group_speed.csv", index=False, float_format="%.6g")
    lines = [
        "# What correlations between group effects cost\n",
        f"`{'`, `'.join(group_speed.FORMULA)}` with slopes by participant, ten effects of each, which are correlated "
        "in the simulated data; exact likelihood; the same data with and without `correlated=True`. "
        f"{settings.chains} chains of {settings.tune} + {settings.draws} draws. Seconds are those of one core, warm-up "
        "included; ESS is in bulk, over population coefficients and standard deviations.\n",
        *_ratios(table),
        f"- {_origin()}\n",
        "| participants x trials | correlated | set | seconds | ms a gradient | steps a draw | ESS least | median | "
        "s per effective draw, least | median | ESS of correlations, least | median | R-hat | divergences |",
        "|---" * 14 + "|",
    ]
    for _, row in table.iterrows():
        ratios = [f"{row[key]:.4f}" for key in ("s_per_least", "s_per_median")]
        of_correlations = [
            f"{row[key]:.0f}" if row["correlated"] else "" for key in ("corr_ess_least", "corr_ess_median")
        ]
        cells = [
            f"{row['participants']} x {row['trials']}", "yes" if row["correlated"] else "no", f"{row['set']}",
            f"{row['cpu_s']:.1f}", f"{row['gradient_ms']:.3f}", f"{row['steps']:.1f}", f"{row['ess_least']:.0f}",
            f"{row['ess_median']:.0f}", *ratios, *of_correlations, f"{max(row['r_hat'], row['r_hat_people']):.3f}",
            f"{row['divergences']} of {row['draws']}",
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return _saved(lines, folder / "group_speed.md")


def _ratios(table: pd.DataFrame) -> list[str]:
    """How many times as much an effective draw costs with correlations, by number of participants."""
    lines, keys = [], ["participants", "trials", "set"]
    both = table[table["correlated"]].merge(table[~table["correlated"]], on=keys, suffixes=("", "_apart"))
    for (participants, trials), part in both.groupby(["participants", "trials"]):
        times = {key: float(np.median(part[key] / part[f"{key}_apart"])) for key in ("s_per_median", "s_per_least")}
        wanted = f" (asked: at most {ASKED:g})" if participants == 30 else ""
        lines.append(
            f"- {participants} participants of {trials} trials: an effective draw costs {times['s_per_median']:.2f} "
            f"times as much as without correlations at the median quantity, {times['s_per_least']:.2f} at the "
            f"least{wanted}"
        )
    return lines


def write_calibration(rows: list[Row], settings: Settings, contrasts: str, folder: Path) -> str:
    """Write group_calibration.csv, .md and .png, and return the text."""
    null = UniformRanks(len(rows), THINNED + 1)
    table = summarise(rows, null)
    stem = "group_calibration" if contrasts == "treatment" else f"group_calibration-{contrasts}"
    table.to_csv(folder / f"{stem}.csv", float_format="%.6g")
    lines = [
        f"# Calibration of correlated group effects: {len(rows)} simulated data sets\n",
        f"{group_calibration.PARTICIPANTS} participants of {group_calibration.TRIALS} trials, "
        f"`{'`, `'.join(group_calibration.FORMULA)}` with slopes by participant and `correlated=True`, contrasts "
        f"{contrasts}, exact likelihood, {group_calibration.LAPSES:.0%} lapses; parameters from the prior, "
        f"correlations from LKJ(1). {preface(settings, len(rows))}\n",
        *figures(rows, table),
        f"- {_origin()}\n",
        *table_lines(table),
    ]
    _plot(rows, list(table.index), null, folder / f"{stem}.png")
    return _saved(lines, folder / f"{stem}.md")


def _plot(rows: list[Row], names: list[str], null: UniformRanks, path: Path) -> None:
    panels = {
        "population, standard deviations": [x for x in names if "_corr[" not in x and "_subject[" not in x],
        "correlations": [x for x in names if "_corr[" in x],
        "participants' own values": [x for x in names if "_subject[" in x],
    }
    plot_panels(rows, panels, len(names), null, path, size=(14.0, 5.5), legend=5)


def write_coverage(rows: dict[str, list[Row]], table: pd.DataFrame, settings: Settings, folder: Path) -> str:
    """Write group_coverage.csv and .md, and return the text."""
    table.to_csv(folder / "group_coverage.csv", index=False, float_format="%.6g")
    every = [row for found in rows.values() for row in found]
    divergences, draws = (sum(row[key] for row in every) for key in ("divergences", "draws"))
    lines = [
        f"# Do intervals cover? {len(rows)} designs, {len(every)} simulated experiments\n",
        "Experiments with group effects of known size are simulated by hand, see `benchmarks/group_designs.py`, and "
        f"fitted with default priors. {settings.chains} chains of {settings.tune} + {settings.draws} draws. Shares of "
        "true values within central intervals, with 95% bounds of a binomial share (those of one experiment hang "
        "together); *off* is the posterior mean's mean distance from the truth in posterior standard deviations.\n",
        f"- divergences: {divergences} of {draws} draws, in {sum(row['divergences'] > 0 for row in every)} fits",
        f"- R-hat: worst {max(row['r_hat']['worst'] for row in every):.3f}; least ESS "
        f"{min(row['ess']['least'] for row in every):.0f}; a fit {np.median([row['cpu'] for row in every]):.1f} s of "
        "computation (median)",
        f"- {_origin()}\n",
        *_coverage_lines(covered(table.assign(all="all of them"), "all"), "all"),
        *_coverage_lines(covered(table, "kind"), "kind of quantity"),
        *_coverage_lines(covered(table, "design"), "design"),
        *_coverage_lines(_worst(table), "quantities that stray most"),
    ]
    return _saved(lines, folder / "group_coverage.md")


def _worst(table: pd.DataFrame, n: int = 10) -> pd.DataFrame:
    """The quantities whose mean distance is largest in its standard errors."""
    by = covered(table.assign(name=table["design"] + ": " + table["quantity"]), "name")
    error = 1.0 / np.sqrt(by["truths"].astype(float))  # a distance has sd 1 where the posterior is calibrated
    return by.loc[(by["off"] / error).abs().sort_values(ascending=False).index[:n]]


def _coverage_lines(table: pd.DataFrame, title: str) -> list[str]:
    lines = [f"| {title} | truths |" + "".join(f" in {level:.0%} |" for level in LEVELS) + " off |"]
    lines.append("|---" * (3 + len(LEVELS)) + "|")
    for name, row in table.iterrows():
        shares = [
            f"{row[f'in {x:.0%}']:.3f} [{row[f'from {x:.0%}']:.3f}, {row[f'to {x:.0%}']:.3f}]" for x in LEVELS
        ]  # fmt: skip
        lines.append("| " + " | ".join([str(name), f"{row['truths']:.0f}", *shares, f"{row['off']:+.2f}"]) + " |")
    return [*lines, ""]


def _origin() -> str:
    return f"{date.today().isoformat()}, hddm_sbi {hs.__version__}, {machine()}"


def _saved(lines: list[str], path: Path) -> str:
    text = "\n".join(lines).rstrip() + "\n"
    path.write_text(text, encoding="utf-8")
    return text
