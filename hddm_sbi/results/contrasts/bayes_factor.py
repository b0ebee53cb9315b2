"""Bayes factors in words and numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

WIDTHS = {"half": 0.5, "stated": 1.0, "double": 2.0}
_OTHERS = {"half": "half as wide", "double": "twice as wide"}


@dataclass(frozen=True, repr=False)
class BayesFactor:
    """The evidence against a null hypothesis.

    Args:
        table: one row for each width of the prior, index ``width`` (``half``, ``stated``, ``double``); columns
            ``prior`` (of the contrast, in words), ``prior_density`` and ``posterior_density`` at the null, ``bf10``,
            ``mc_error`` (its Monte Carlo standard error, relative to it) and ``is_bound``: the null lies beyond the
            draws, and ``bf10`` is at least this. NaN where the draws do not tell, or the prior has no other width.
        null: the null hypothesis, in words.
        method: how the posterior density was found, in words.
    """

    table: pd.DataFrame
    null: str
    method: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """The factor under the stated prior and under the others, the null hypothesis, and the method."""
        stated = self.table.loc["stated"]
        others = [f"{_in_figures(self.table.loc[width])} with a prior {words}" for width, words in _OTHERS.items()]
        return (
            f"{_in_figures(stated)}{_in_favour(stated)}; prior {stated['prior']}.",
            f"{', '.join(others)}.",
            f"Null hypothesis: {self.null}.",
            f"{self.method}.",
        )

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    __repr__ = __str__


def _in_figures(row: pd.Series) -> str:
    if math.isnan(row["bf10"]):
        return "BF10 not known from these draws"
    if row["is_bound"]:
        return f"BF10 > {figure(row['bf10'])} (the null lies beyond the draws)"
    return f"BF10 = {figure(row['bf10'])} (Monte Carlo error {max(row['mc_error'], 1e-3):.1%})"


def _in_favour(row: pd.Series) -> str:
    if not row["bf10"] < 1.0:
        return ""
    if row["is_bound"]:
        return ""
    return f", {figure(1.0 / row['bf10'])} to 1 in favour of the null"


def figure(value: float) -> str:
    """Three significant figures: ``0.0123``, ``12.3``, ``1,230``."""
    if not 1e-4 <= abs(value) < 1e7:
        return f"{value:.3g}"
    decimals = max(2 - math.floor(math.log10(abs(value))), 0)
    return f"{round(value, 2 - math.floor(math.log10(abs(value)))):,.{decimals}f}"
