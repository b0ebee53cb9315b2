"""Do intervals cover, in the twelve designs of ``benchmarks/group_designs.py``?"""

from __future__ import annotations

import time
import warnings
import zlib
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy import stats

import hddm_sbi as hs
from benchmarks.group_designs import COMMON, DESIGNS
from benchmarks.kept import Row, Settings
from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.results.quantities import quantities
from hddm_sbi.results.to_arviz import group

LEVELS = (0.5, 0.9)
BOUND = 0.95  # of the interval of a share


def cover(number: int, name: str, settings: Settings) -> Row:
    """Where the truths of one simulated experiment lie in their posteriors.

    Raises:
        KeyError: the posterior lacks what a truth is of.
    """
    torch.set_num_threads(1)
    design = DESIGNS[name]
    df, truth, asked = design.simulate(np.random.default_rng([number, zlib.crc32(name.encode())]))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", hs.HDDMWarning)
        begin, busy = time.perf_counter(), time.process_time()
        model = hs.HierarchicalDDM(df, **COMMON, **design.options)
        found = model.sample(
            draws=settings.draws, tune=settings.tune, chains=settings.chains, cores=1, seed=number, progress=False
        )
        seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    listed = quantities(found)
    ess, _, r_hat = diagnostics(listed.draws)
    place = {label: k for k, label in enumerate(listed.labels)}
    draws = {label: listed.draws[..., place[label]] for label in truth}
    kinds = {label: listed.kinds[place[label]] for label in truth} | dict.fromkeys(asked, "contrast")
    draws |= {contrast: np.asarray(model.contrast(found, contrast).draws) for contrast in asked}
    truth = truth | asked
    statistics = group(found, "sample_stats")
    return {
        "truth": truth, "kinds": kinds,
        "below": {label: float((x < truth[label]).mean()) for label, x in draws.items()},
        "mean": {label: float(x.mean()) for label, x in draws.items()},
        "sd": {label: float(x.std()) for label, x in draws.items()},
        "r_hat": {"worst": float(np.nanmax(r_hat))}, "ess": {"least": float(np.nanmin(ess))},
        "least_of": listed.labels[int(np.nanargmin(ess))],
        "draws": settings.chains * settings.draws, "divergences": int(statistics["diverging"].sum()),
        "steps": float(statistics["n_steps"].mean()), "seconds": round(seconds, 2), "cpu": round(busy, 2),
        "said": sorted({str(one.message) for one in said}),
    }  # fmt: skip


def long(rows: dict[str, list[Row]]) -> pd.DataFrame:
    """A row for each truth: design, set, quantity, kind, share of draws below it, and its distance in posterior sds."""
    return pd.DataFrame(
        {
            "design": name, "set": row["set"], "quantity": label, "kind": row["kinds"][label], "below": below,
            "off": (row["mean"][label] - row["truth"][label]) / row["sd"][label],
        }
        for name, found in rows.items()
        for row in found
        for label, below in row["below"].items()
    )  # fmt: skip


def covered(table: pd.DataFrame, by: str | list[str]) -> pd.DataFrame:
    """Shares of truths in the central intervals, with bounds, and the mean distance in posterior sds."""
    return pd.DataFrame({key: _shares(part) for key, part in table.groupby(by, sort=False)}).T


def _shares(part: pd.DataFrame) -> dict[str, Any]:
    found: dict[str, Any] = {"truths": len(part), "sets": part[["design", "set"]].drop_duplicates().shape[0]}
    for level in LEVELS:
        inside = (np.abs(part["below"] - 0.5) < 0.5 * level).sum()
        bounds = stats.binomtest(int(inside), len(part)).proportion_ci(BOUND)
        found |= {
            f"in {level:.0%}": inside / len(part),
            f"from {level:.0%}": bounds.low,
            f"to {level:.0%}": bounds.high,
        }
    return found | {"off": part["off"].mean(), "off_se": part["off"].std() / np.sqrt(len(part))}
