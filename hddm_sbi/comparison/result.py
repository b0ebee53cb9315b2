"""What a comparison is answered with: a table, values of every unit, and sentences."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

_WHAT = {
    "participant": (
        "elpd: log density of all trials of a participant, predicted by the model from the other participants, summed "
        "over participants; larger is better. A difference of 1 makes the data e = 2.7 times as probable."
    ),
    "trial": (
        "elpd: log density of a trial, predicted by the model from all other trials, those of the same participant "
        "included, summed over trials; larger is better. A difference of 1 makes the data e = 2.7 times as probable."
    ),
}
_FORMATS = {
    "elpd": "{:,.1f}", "se": "{:,.1f}", "difference": "{:,.1f}", "se_difference": "{:,.1f}", "mc_error": "{:.2f}",
    "p_loo": "{:.1f}", "worst_k": "{:.2f}",
}  # fmt: skip


@dataclass(frozen=True, repr=False, eq=False)
class Comparison:
    """How well models predict what they have not seen; ``print`` shows it.

    Args:
        by: what was left out, ``"participant"`` or ``"trial"``.
        table: a row for each model, the best first: ``elpd``, the expected log predictive density, and ``se``, its
            standard error by participants; ``difference`` from the best model's elpd, 0 or negative, and
            ``se_difference``, its standard error by participants; ``mc_error``, the Monte Carlo standard error of
            ``elpd``; ``p_loo``, the effective number of parameters; ``worst_k``, the largest Pareto k, ``bad_k``, how
            many are too large, and ``refitted``, for how many units the model was sampled without them; ``verdict``,
            ``"best"``, ``"worse"``, ``"about equal"`` or ``"open"``.
        pointwise: elpd of each unit by each model, shape (units, models).
        k: Pareto k of each, NaN where the model was sampled without the unit, shape (units, models).
        unreliable: whether importance weights cannot be relied on, shape (units, models).
        sentences: what follows, for people who do not know statistics.
    """

    by: str
    table: pd.DataFrame
    pointwise: pd.DataFrame
    k: pd.DataFrame
    unreliable: pd.DataFrame
    sentences: tuple[str, ...]

    def __str__(self) -> str:
        formats = {name: form.format for name, form in _FORMATS.items()}
        table = self.table.to_string(formatters=formats, na_rep="-")
        return "\n".join([table, "", *self.sentences, _WHAT[self.by]])

    __repr__ = __str__
