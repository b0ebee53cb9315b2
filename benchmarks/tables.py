"""The comparison as a table to compute with (CSV), one to read (Markdown), and a picture."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd

TITLES = {
    "cavanagh": "cavanagh_theta: 14 participants, 3,988 trials",
    "covariate": "cavanagh_theta, v ~ conf and a ~ theta (EEG, trial by trial): 3,904 different rows of the design",
    "ceiling": "simulated: 30 participants of 40 trials, 1% errors, 4% fast guesses",
    "smoke": "a piece of cavanagh_theta: 3 participants of 60 trials",
}
# Letters of a line of a title, as wide as the bars below.
_TITLE = 48
# Column of the read table -> column of the CSV and how it is written; "" for three digits.
COLUMNS = {
    "R-hat": ("rhat", "{:.3f}"),
    "min bulk ESS": ("ess_bulk", "{:.0f}"),
    "min tail ESS": ("ess_tail", "{:.0f}"),
    "bulk ESS/s, sampling": ("bulk_per_s_sampling", ""),
    "with warm-up": ("bulk_per_s_with_warmup", ""),
    "whole process": ("bulk_per_s_process", ""),
    "tail ESS/s, with warm-up": ("tail_per_s_with_warmup", ""),
    "times slower": ("times_slower", ""),
    "process, s": ("process_s", "{:.1f}"),
    "first ever, s": ("first_process_s", "{:.1f}"),
    "gradients per effective draw": ("gradients_per_effective_draw", "{:.0f}"),
    "memory, MB": ("memory_mb", "{:.0f}"),
    "divergences": ("divergences", "{:.0f}"),
    "largest shift of a mean, sd": ("largest_shift_sd", "{:.2f}"),
}
LEGEND = """\
Minimum effective sample sizes (bulk and tail) and worst R-hat over all sampled quantities: population values, standard
deviations between participants, and the participants' deviations and values, on the link scales. Time is wall time on
{cores} cores; *sampling* without warm-up and compilation, *with warm-up* without compilation, *whole process* from the
start of a new process to the saved result. *Times slower* than `{reference}` in bulk ESS per second with warm-up.
*First ever*: with nothing compiled before, where compiled code is kept between runs; the others compile every time.
Gradients are those of the kept draws. The last column is the largest difference of a posterior mean from that of
`{reference}`, in posterior standard deviations.
"""


def write(rows: Sequence[Mapping[str, Any]], folder: Path, reference: str) -> None:
    """Write side_by_side.csv, .md and .png into the folder, and print the table; one engine is the reference."""
    folder.mkdir(parents=True, exist_ok=True)
    table = _compare(pd.DataFrame(rows), reference)
    table.to_csv(folder / "side_by_side.csv", index=False, float_format="%.6g")
    text = markdown(table, reference)
    (folder / "side_by_side.md").write_text(text, encoding="utf-8")
    print(text)
    plot(table, folder / "side_by_side.png")


def markdown(table: pd.DataFrame, reference: str) -> str:
    """The table to read, a section for each experiment."""
    cores = (
        ", ".join(f"{value:.0f}" for value in table.get("cores", pd.Series(dtype=float)).dropna().unique())
        or "the same"
    )
    parts = ["# Engines side by side\n", LEGEND.format(cores=cores, reference=reference)]
    for data, rows in table.groupby("data", sort=False):
        parts.append(f"## {TITLES[str(data)]}\n")
        lines = ["| engine | chains x (warm-up + draws) | verdict | " + " | ".join(COLUMNS) + " |"]
        lines.append("|---" * (3 + len(COLUMNS)) + "|")
        for row in rows.to_dict("records"):
            length = (
                "" if pd.isna(row.get("draws")) else f"{row['chains']:.0f} x ({row['tune']:.0f} + {row['draws']:.0f})"
            )
            cells = [row["engine"], length, row["status"], *(_cell(row.get(k), form) for k, form in COLUMNS.values())]
            lines.append("| " + " | ".join(cells) + " |")
        parts.append("\n".join(lines) + "\n")
        done = [row for row in rows.to_dict("records") if isinstance(row.get("versions"), str)]
        parts += [f"- {row['engine']}: {_origin(row)}" for row in done]
        parts.append("")
    return "\n".join(parts)


def _compare(table: pd.DataFrame, reference: str) -> pd.DataFrame:
    if "bulk_per_s_with_warmup" not in table:
        return table
    rate = table.set_index("data")["bulk_per_s_with_warmup"][(table["engine"] == reference).to_numpy()]
    return table.assign(times_slower=table["data"].map(rate) / table["bulk_per_s_with_warmup"])


def _cell(value: Any, form: str) -> str:
    if value is None or pd.isna(value):
        return ""
    return form.format(value) if form else _digits(value)


def _digits(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100.0 else f"{value:.3g}"


def _origin(row: Mapping[str, Any]) -> str:
    note = f"; {row['note']}" if isinstance(row.get("note"), str) and row["note"] else ""
    return f"{row['date']}, {row['machine']}; {row['versions']}{note}"


def plot(table: pd.DataFrame, path: Path) -> None:
    """Bars of minimum bulk ESS per second with warm-up, on a logarithmic scale; hatched where R-hat is above 1.01."""
    if "bulk_per_s_with_warmup" not in table:
        return
    done = table.dropna(subset=["bulk_per_s_with_warmup"])
    data = list(done["data"].unique())
    height = 0.8 + 0.36 * max(done["data"].value_counts())
    figure, axes = plt.subplots(1, len(data), figsize=(5.2 * len(data), height), squeeze=False, layout="constrained")
    for ax, name in zip(axes[0], data, strict=True):
        rows = done[done["data"] == name].iloc[::-1]
        colours = ["#1f5fa8" if engine.startswith("ours") else "#9a9a9a" for engine in rows["engine"]]
        bars = ax.barh(rows["engine"], rows["bulk_per_s_with_warmup"], color=colours)
        for bar, (_, row) in zip(bars, rows.iterrows(), strict=True):
            converged = row["status"] == "converged"
            bar.set_hatch("" if converged else "///")
            label = f" {_digits(row['bulk_per_s_with_warmup'])}" + ("" if converged else "  did not converge")
            ax.annotate(label, (bar.get_width(), bar.get_y() + bar.get_height() / 2), va="center", fontsize=8)
        ax.set_xscale("log")
        ax.set_xlim(rows["bulk_per_s_with_warmup"].min() / 3, rows["bulk_per_s_with_warmup"].max() * 12)
        ax.set_title(textwrap.fill(TITLES[name], _TITLE), fontsize=9)
        ax.set_xlabel("minimum bulk ESS per second, warm-up included", fontsize=9)
        ax.tick_params(labelsize=8)
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)
