"""What a run is judged by, the same code for every engine: convergence, effective draws, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hddm_sbi.results.to_arviz import arviz

Draws = Mapping[str, np.ndarray]
LARGEST_RHAT = 1.01
TAIL = (0.05, 0.95)  # ArviZ 1 has no default for these quantiles


def quantities(draws: Draws) -> dict[str, np.ndarray]:
    """Every scalar, (chains, draws): population values, sds, the participants' deviations and their values."""
    found: dict[str, np.ndarray] = {}
    for name, values in draws.items():
        if values.ndim == 2:
            found[name] = values
            continue
        coefficient = name.removesuffix("_subject")
        mean = draws[coefficient] if coefficient in draws else draws[f"{coefficient}_Intercept"]
        for s in range(values.shape[2]):
            found[f"{name}[{s}]"] = values[:, :, s]
            found[f"{name}_value[{s}]"] = mean + values[:, :, s]
    return found


def convergence(draws: Draws) -> dict[str, Any]:
    """Worst rank-normalised R-hat and least effective sample sizes (Vehtari et al. 2021) over all quantities."""
    found = quantities(draws)
    rhat = {name: float(arviz.rhat(values)) for name, values in found.items()}
    bulk = {name: float(arviz.ess(values, method="bulk")) for name, values in found.items()}
    tail = {name: float(arviz.ess(values, method="tail", prob=TAIL)) for name, values in found.items()}
    least = min(bulk, key=bulk.__getitem__)
    return {
        "quantities": len(found),
        "rhat": max(rhat.values()),
        "ess_bulk": bulk[least],
        "ess_bulk_of": least,
        "ess_tail": min(tail.values()),
    }


def costs(measured: Mapping[str, Any], report: Mapping[str, Any], process_seconds: float) -> dict[str, Any]:
    """Effective draws per second, by what is counted as time, and gradients per effective draw.

    Args:
        measured: from ``convergence``.
        report: what the engine wrote.
        process_seconds: from the start of the process to its end, the result saved.
    """
    seconds, numbers = report["seconds"], report["numbers"]
    row: dict[str, Any] = {
        f"{name}_s": seconds.get(name) for name in ("import", "build", "compile", "warmup", "sampling")
    }
    row["process_s"] = process_seconds
    spans = {
        "sampling": seconds["sampling"],
        "with_warmup": seconds["sampling"] + seconds.get("warmup", 0.0),
        "process": process_seconds,
    }
    for name, span in spans.items():
        row[f"bulk_per_s_{name}"] = measured["ess_bulk"] / span
        row[f"tail_per_s_{name}"] = measured["ess_tail"] / span
    row["gradients"] = numbers.get("gradients")
    row["warmup_gradients"] = numbers.get("warmup_gradients")
    row["divergences"] = numbers.get("divergences")
    if row["gradients"] is not None:
        row["gradients_per_effective_draw"] = row["gradients"] / measured["ess_bulk"]
    return row


def shift(draws: Draws, reference: Draws) -> float:
    """Largest difference of a posterior mean from the reference's, in its posterior sds."""
    theirs, ours = quantities(draws), quantities(reference)
    return max(abs(float(theirs[name].mean() - ours[name].mean())) / float(ours[name].std()) for name in ours)
