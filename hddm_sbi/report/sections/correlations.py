"""Correlations between group effects, where the model has any."""

from __future__ import annotations

import pandas as pd

from hddm_sbi.report.fit import Fit
from hddm_sbi.report.sections.writing import Section, hint, wide

_LABELS = {"low": "2.5%", "high": "97.5%", "ess": "ESS", "r_hat": "R-hat"}


def section(fit: Fit) -> Section | None:
    """A row for each pair of effects; None where group effects are independent."""
    rows = fit.summary[fit.summary["kind"] == "correlation"]
    if rows.empty:
        return None
    table = pd.DataFrame(
        {
            "of": rows["variable"].to_numpy(),
            "effects": [
                str(label).removeprefix(f"{name}[").removesuffix("]")
                for label, name in zip(rows.index, rows["variable"], strict=True)
            ],
            "mean": rows["mean"].to_numpy(),
            "low": rows["2.5%"].to_numpy(),
            "high": rows["97.5%"].to_numpy(),
            "prior": rows["prior"].to_numpy(),
            "ess": rows[["ess_bulk", "ess_tail"]].min(axis=1).round().astype("Int64").array,
            "r_hat": rows["r_hat"].to_numpy(),
        }
    )
    told = hint(
        "Of deviations from the population, on the scale of the link, uncertainty of each participant allowed for; the "
        "prior is that of one correlation, as mean and sd."
    )
    return Section("correlations", "Correlations", [told, wide(table, "correlations", labels=_LABELS)])
