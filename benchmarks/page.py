"""What does a report cost? Run ``python -m benchmarks.page``: processor seconds, and megabytes of the file.

The bundled experiment, and simulated ones with two conditions, each fitted with few draws: a report costs the same
whether the chains converged or not.
"""

from __future__ import annotations

import json
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import hddm_sbi as hs
from benchmarks.scale import experiment

RESULTS = Path(__file__).resolve().parent / "results"
SAMPLING = {"draws": 250, "tune": 250, "chains": 4, "progress": False}


def simulated(participants: int, trials: int) -> pd.DataFrame:
    """Participants with half of their trials in either of two conditions."""
    table = experiment(participants, trials)
    return table.assign(cond=np.where(np.arange(len(table)) % 2, "speed", "accuracy"))


def measure(df: pd.DataFrame, groupby: str, formula: str) -> dict[str, float]:
    """Trials, processor seconds of a second report (the first one compiles and imports), and size of its file."""
    model = hs.HierarchicalDDM(df, groupby=groupby, formula=formula, likelihood="exact")
    idata = model.sample(**SAMPLING)
    with tempfile.TemporaryDirectory() as folder:
        path = model.report(idata, Path(folder) / "report.html")
        begun = time.process_time()
        model.report(idata, path)
        seconds, size = time.process_time() - begun, path.stat().st_size
    return {
        "participants": df[groupby].nunique(),
        "trials": len(df),
        "seconds": round(seconds, 1),
        "MB": round(size / 1e6, 2),
    }


def main() -> None:
    """Measure, and keep the numbers."""
    warnings.simplefilter("ignore")  # about short chains
    found = {"bundled": measure(hs.load_data("cavanagh_theta"), "participant_id", "v ~ conf")}
    for participants, trials in ((50, 200), (300, 100)):
        found[f"simulated, {participants}"] = measure(simulated(participants, trials), "subject", "v ~ cond")
        print(json.dumps(found, indent=2), flush=True)
    (RESULTS / "page.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
