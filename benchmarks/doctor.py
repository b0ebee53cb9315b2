"""The data doctor: faults that it finds, clean experiments that it complains about, and the time that it takes.

``python -m benchmarks.doctor`` plants every fault of ``tests/doctor/faults.py`` in experiments of other seeds than the
tests', looks at clean experiments of every design there and of every model, and checks a million trials; it writes
``benchmarks/results/doctor.md``.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import hddm_sbi as hs
from hddm_sbi.cli.experiment import simulate_experiment
from tests.doctor.experiments import CLEAN
from tests.doctor.faults import FAULTS

RESULTS = Path(__file__).parent / "results" / "doctor.md"
FIRST_SEED = 1001
MODELS = ("ddm", "full_ddm", "angle", "weibull", "ornstein", "levy", "rdm", "lba")
PEOPLE, TRIALS = 20, 120


def found(table: pd.DataFrame, options: dict[str, Any]) -> list[str]:
    """Names of the findings; notes are marked, and those on a design that is as it should be left out."""
    findings = hs.check_data(table, **options).findings
    findings = findings[findings["finding"] != "between participants"]
    marks = findings["severity"].astype(str).map({"note": " (note)"}).fillna("")
    return (findings["finding"] + marks).tolist()


def faults(seeds: int) -> list[str]:
    lines = ["| fault | finding | found | with others |", "|---|---|---|---|"]
    for plant in FAULTS:
        hits = more = 0
        for seed in range(FIRST_SEED, FIRST_SEED + seeds):
            design, kind = plant(seed)
            kinds = found(design.table, design.options)
            named = {one.removesuffix(" (note)") for one in kinds}
            hits, more = hits + (kind in named), more + bool(named - {kind})
        lines.append(f"| {plant.__name__.replace('_', ' ')} | {kind} | {hits} of {seeds} | {more} |")
    return lines


def clean(seeds: int) -> list[str]:
    lines = ["| clean experiments | complained about | findings |", "|---|---|---|"]
    for name, make in CLEAN.items():
        kinds = [found(made.table, made.options) for made in map(make, range(FIRST_SEED, FIRST_SEED + seeds))]
        lines.append(_line(name, kinds))
    for model in MODELS:
        tables = (simulate_experiment(model, PEOPLE, TRIALS, seed, None)[0] for seed in range(seeds))
        lines.append(_line(f"`{model}`, simulated", [found(t, {"groupby": "subject", "model": model}) for t in tables]))
    return lines


def _line(name: str, kinds: list[list[str]]) -> str:
    told = sorted({kind for one in kinds for kind in one})
    return f"| {name} | {sum(map(bool, kinds))} of {len(kinds)} | {', '.join(told)} |"


def seconds(rows: int) -> list[str]:
    """CPU time of this thread; formulas take torch, whose import is not counted."""
    lines = ["| trials | participants | asked about | CPU seconds |", "|---|---|---|---|"]
    rng = np.random.default_rng(0)
    for people in (100, 1000, 5000):
        n = rows // people * people
        table = pd.DataFrame(
            {
                "subject": np.repeat(np.arange(people), n // people),
                "trial": np.tile(np.arange(n // people), people),
                "cond": rng.choice(["a", "b"], n),
                "rt": np.round(0.3 + rng.wald(1.0, 1.5, n), 3),
                "response": rng.integers(0, 2, n),
            }
        )
        options: dict[str, Any] = {}
        hs.check_data(table.iloc[: 2 * n // people], groupby="subject", formula="v ~ cond")  # imports, compiles
        for options in ({}, {"conditions": "cond"}, {"formula": "v ~ cond"}):
            start = time.thread_time()
            hs.check_data(table, groupby="subject", **options)
            asked = ", ".join(f"{name} {value}" for name, value in options.items()) or "nothing"
            lines.append(f"| {n:,} | {people:,} | {asked} | {time.thread_time() - start:.1f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=40, help="experiments of each kind")
    parser.add_argument("--rows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    parts = [seconds(arguments.rows), faults(arguments.seeds), clean(arguments.seeds)]
    text = (
        "# The data doctor\n\n`python -m benchmarks.doctor`\n\n" + "\n\n".join("\n".join(part) for part in parts) + "\n"
    )
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
