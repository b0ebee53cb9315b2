"""Accuracy as a table to compute with (CSV) and one to read (Markdown)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

ENGINES = ("ours", "stock-sbi", "lan-stated")
NAMES = {"stock-sbi": "sbi MNLE, 10^5 simulations", "lan-stated": "LAN, as stated"}
TABLE = ("table_mean", "table_p95")
KEYS = ["model", "engine"]

HEAD = """\
# Accuracy of the networks

## Side by side, on the reference tables

Mean and 95th percentile of |error of log p| on the densities above 0.001 of `tests/reference`, which are those of
formulas (ddm, full_ddm) and of Volterra equations of the first-passage density (angle, weibull, ornstein). *LAN, as
stated*: figures stated for the published networks on tables like these, not run here. *MNLE*: sbi's own training on
10^5 simulations over v [-5, 6], a [0.5, 3.5], z [0.1, 0.9], t0 [0.05, 1].
"""
NETWORKS = """\
## The networks over their ranges

Errors of log p and the Kullback-Leibler divergence (KL) per trial over the whole training range, for trials as they
come from the model; *shift*: by how many posterior standard deviations the score bias moves a posterior mean at
N = 1,000 (the largest over parameters; median and 95th percentile over theta with v [-4, 4], a [0.5, 3], z [0.2, 0.8],
the others in their training range), without what the Monte Carlo error adds.
"""
SIMULATED = """\
## The networks against large independent simulations

At each of {points:.0f} parameter vectors over the training range, {trials:,.0f} simulations: probabilities of choices,
and P(choice, rt <= t) at up to 39 quantiles of each option. *Typical*: root mean square without the part of chance;
*worst*: the largest, chance included; in standard errors: root mean square (1 for the truth) and largest (in brackets
what is the largest by chance of so many independent ones). KL in bins: of the distributions over 40 bins of an option.
"""


def write(rows: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Put rows into the folder's accuracy.csv, in place of those of the same models and engines; write accuracy.md."""
    folder.mkdir(parents=True, exist_ok=True)
    path, new = folder / "accuracy.csv", pd.DataFrame(rows)
    if path.exists() and len(new):
        old = pd.read_csv(path)
        again = pd.MultiIndex.from_frame(old[KEYS]).isin(pd.MultiIndex.from_frame(new[KEYS]))
        new = pd.concat([old[~again].dropna(axis=1, how="all"), new], ignore_index=True)
    elif path.exists():
        new = pd.read_csv(path)
    order = new["engine"].map({name: k for k, name in enumerate(ENGINES)})
    new = new.iloc[pd.concat([new["model"], order], axis=1).sort_values(["model", "engine"]).index]
    new.to_csv(path, index=False, float_format="%.6g")
    (folder / "accuracy.md").write_text(markdown(pd.read_csv(path)), encoding="utf-8")


def markdown(table: pd.DataFrame) -> str:
    """The tables to read."""
    table = table.reindex(columns=[*table.columns, *(c for c in _NEEDED if c not in table)])
    parts = [HEAD, side_by_side(table)]
    ours = table[table["engine"] == "ours"]
    if len(ours):
        parts += [NETWORKS, _networks(ours), SIMULATED.format(**ours.iloc[0]), _simulated(ours), _origins(ours)]
    return "\n".join(parts)


def side_by_side(table: pd.DataFrame) -> str:
    """A row for each model and engine with a reference table."""
    lines = ["| model | | mean | p95 |", "|---" * 4 + "|"]
    for row in table[table["table_mean"].notna()].to_dict("records"):
        cells = [_number(row[name]) for name in TABLE]
        lines.append(f"| `{row['model']}` | {NAMES.get(row['engine'], 'hddm_sbi')} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def short_table(table: pd.DataFrame) -> str:
    """The short table: errors on the reference tables, and what they do to a posterior."""
    table = table.reindex(columns=[*table.columns, *(c for c in _NEEDED if c not in table)])
    lines = ["| model | hddm_sbi | sbi MNLE | LAN, stated | KL per trial | shift, sd |", "|---" * 6 + "|"]
    for model, rows in table.groupby("model", sort=False):
        by_engine = {row["engine"]: row for row in rows.to_dict("records")}
        if "ours" not in by_engine:
            continue
        own, empty = by_engine["ours"], dict.fromkeys(_NEEDED)
        sides = [own, by_engine.get("stock-sbi", empty), by_engine.get("lan-stated", empty)]
        cells = [_pair(*(side[name] for name in TABLE)) for side in sides]
        kl = own["kl_binned"] if pd.isna(own["kl"]) else own["kl"]
        cells += [_number(kl), _number(own["shift_median"])]
        lines.append(f"| `{model}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def into_document(table: pd.DataFrame, path: Path) -> None:
    """Replace the short table between the two comments in a document."""
    before, rest = path.read_text(encoding="utf-8").split(BEGIN)
    path.write_text(f"{before}{BEGIN}\n{short_table(table)}{END}{rest.split(END)[1]}", encoding="utf-8")


def _pair(mean: float | None, most: float | None) -> str:
    return "" if pd.isna(mean) else f"{_number(mean)}, {_number(most)}"


def _networks(ours: pd.DataFrame) -> str:
    lines = ["| model | compared with | mean | p95 | KL | shift, median | shift, p95 |", "|---" * 7 + "|"]
    for row in ours.to_dict("records"):
        cells = [_number(row[name]) for name in ("mean", "p95", "kl", "shift_median", "shift_p95")]
        lines.append(f"| `{row['model']}` | {row['reference']} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _simulated(ours: pd.DataFrame) -> str:
    heads = [f"{kind}: {what}" for kind in ("choices", "times") for what in ("typical", "worst", "in standard errors")]
    lines = ["| model | " + " | ".join(heads) + " | KL in bins |", "|---" * 8 + "|"]
    for row in ours.to_dict("records"):
        cells = []
        for kind in ("choice", "distribution"):
            cells += [_number(row[f"{kind}_rms_corrected"]), _number(row[f"{kind}_max_abs"])]
            chance = row[f"{kind}_largest_by_chance"]
            cells.append(f"{row[f'{kind}_rms_in_se']:.2f}, {row[f'{kind}_max_in_se']:.1f} ({chance:.1f})")
        kl = f"{_number(row['kl_binned'])} ± {_number(row['kl_binned_se'])}"
        lines.append(f"| `{row['model']}` | " + " | ".join(cells) + f" | {kl} |")
    return "\n".join(lines) + "\n"


def _origins(ours: pd.DataFrame) -> str:
    lines = []
    for row in ours.to_dict("records"):
        trained = ""
        if pd.notna(row["simulations"]) and pd.notna(row["seconds"]):
            trained = (
                f"; trained on {row['simulations'] / 1e6:,.0f} million simulations in {row['seconds'] / 60:.0f} min"
            )
        lines.append(f"- {row['model']}: {row['date']}, {row['machine']}; weights {row['weights']}{trained}")
    return "\n".join(lines) + "\n"


BEGIN, END = "<!-- accuracy: python -m benchmarks.accuracy -->", "<!-- end of accuracy -->"
_NEEDED = (*TABLE, "mean", "p95", "kl", "shift_median", "shift_p95")


def _number(value: float) -> str:
    """Two digits."""
    if pd.isna(value):
        return ""
    return f"{value:.1e}" if 0.0 < abs(value) < 1e-4 else f"{value:#.2g}"
