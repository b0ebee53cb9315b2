"""What a contrast is answered with: draws, a table, and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from hddm_sbi.results.contrasts.asked import FloatArray
from hddm_sbi.results.contrasts.bayes_factor import BayesFactor
from hddm_sbi.results.contrasts.probabilities import Probability, probability
from hddm_sbi.results.convergence import ESS_NEEDED, R_HAT_BELOW
from hddm_sbi.results.diagnostics import diagnostics
from hddm_sbi.trials.columns import listed

_SHOWN = "{:.4g}".format
# A table of more participants than a screen holds shows as many of them from either end.
_MOST_ROWS, _FROM_EITHER_END = 40, 10


@dataclass(frozen=True, repr=False)
class Contrast:
    """The answer to a contrast; ``print`` shows it.

    Args:
        text: the contrast as it was written.
        of: whose it is, in words, with the scale.
        draws: of the contrast, dims (chain, draw) and, of participants, that of the participant.
        summary: one row, or one for each participant who has a value; columns ``mean``, ``median``, ``sd``, the ends of
            the equal-tailed interval (``2.5%`` and ``97.5%``), ``direction`` (``P(> 0) > .998``), ``p_direction`` and
            ``p_direction_error``: its probability, no finer than its Monte Carlo standard error, or the bound, whose
            error is NaN; with a ROPE ``p_rope`` and ``p_rope_error``; ``ess_bulk``, ``ess_tail``, ``r_hat``.
        notes: what was averaged over, and what to be careful about.
        interval: probability of the interval.
        null: what the direction and the Bayes factor refer to.
        rope: the region of practical equivalence; None where none was given.
        bayes_factor: None where none was asked for.
    """

    text: str
    of: str
    draws: xr.DataArray
    summary: pd.DataFrame
    notes: tuple[str, ...]
    interval: float
    null: float
    rope: tuple[float, float] | None
    bayes_factor: BayesFactor | None

    def __str__(self) -> str:
        shown = [self._row(self.summary.iloc[0])] if self.draws.ndim == 2 else [self._table()]
        evidence = [] if self.bayes_factor is None else [str(self.bayes_factor)]
        return "\n".join([f"{self.text}, {self.of}", *shown, *evidence, *self.notes])

    __repr__ = __str__

    def _row(self, row: pd.Series) -> str:
        low, high = ends(self.interval)
        mean, median, sd = (_SHOWN(row[name]) for name in ("mean", "median", "sd"))
        lines = [
            f"mean {mean}, median {median}, sd {sd}, {100 * self.interval:g}% interval [{_SHOWN(row[low])}, "
            f"{_SHOWN(row[high])}]",
            f"{row['direction']}{_error(row['p_direction_error'])}",
        ]
        if self.rope is not None:
            lines.append(f"{row['rope']}{_error(row['p_rope_error'])}")
        return "\n".join(lines)

    def _table(self) -> str:
        columns = ["mean", "sd", *ends(self.interval), "direction", *(["rope"] if self.rope is not None else [])]
        table = self.summary[columns]
        if len(table) <= _MOST_ROWS:
            return table.to_string(float_format=_SHOWN)
        table = table.sort_values("mean")
        between = len(table) - 2 * _FROM_EITHER_END
        ends_alone = pd.concat([table.head(_FROM_EITHER_END), table.tail(_FROM_EITHER_END)])
        lines = ends_alone.to_string(float_format=_SHOWN).splitlines()
        gap = f"... {between:,} between them: the summary has all {len(table):,} ..."
        return "\n".join([*lines[:-_FROM_EITHER_END], gap, *lines[-_FROM_EITHER_END:]])


def _error(value: float) -> str:
    return "" if np.isnan(value) else f" (Monte Carlo error {value:.1g})"


def ends(interval: float) -> tuple[str, str]:
    """The names of the ends of an equal-tailed interval: ``2.5%`` and ``97.5%``."""
    tail = 50.0 * (1.0 - interval)
    return f"{tail:.6g}%", f"{100.0 - tail:.6g}%"


def summarise_draws(
    values: FloatArray, index: pd.Index, null: float, interval: float, rope: tuple[float, float] | None
) -> pd.DataFrame:
    """The table of ``Contrast``.

    Args:
        values: draws, shape (chains, draws, rows).
        index: labels of the rows.
        null: what the direction refers to.
        interval: probability of the interval.
        rope: the region of practical equivalence, or None.
    """
    flat = values.reshape(-1, values.shape[-1])
    tail = 0.5 * (1.0 - interval)
    low, middle, high = np.quantile(flat, (tail, 0.5, 1.0 - tail), axis=0)
    bulk, tails, r_hat = diagnostics(values)
    sd = flat.std(axis=0, ddof=1) if len(flat) > 1 else np.full(flat.shape[1], np.nan)
    table = pd.DataFrame({"mean": flat.mean(axis=0), "median": middle, "sd": sd}, index=index)
    first, second = ends(interval)
    table[first], table[second] = low, high
    ess = np.fmin(bulk, tails)
    directions = [_direction(values[..., k], null, ess[k]) for k in range(len(index))]
    table["direction"] = [f"P({sign} {null:g}) {share}" for sign, share in directions]
    table["p_direction"] = [share.value for _, share in directions]
    table["p_direction_error"] = [share.mc_error for _, share in directions]
    if rope is not None:
        inside = (rope[0] <= values) & (values <= rope[1])
        shares = [probability(inside[..., k], ess[k]) for k in range(len(index))]
        table["rope"] = [f"P({rope[0]:g} to {rope[1]:g}) {share}" for share in shares]
        table["p_rope"] = [share.value for share in shares]
        table["p_rope_error"] = [share.mc_error for share in shares]
    return table.assign(ess_bulk=bulk, ess_tail=tails, r_hat=r_hat)


def _direction(values: FloatArray, null: float, ess: float) -> tuple[str, Probability]:
    """The more probable side of the null, and how probable it is."""
    sign = ">" if np.median(values) >= null else "<"
    return sign, probability(values > null if sign == ">" else values < null, ess)


def imprecise(table: pd.DataFrame) -> Iterator[str]:
    """A sentence where the draws of a contrast are not enough, or their chains disagree."""
    few = table.index[(table[["ess_bulk", "ess_tail"]] < ESS_NEEDED).any(axis=1)]
    if len(few):
        least = float(table[["ess_bulk", "ess_tail"]].min().min())
        whom = "" if len(table) == 1 else f" for {_some(few)}"
        yield f"Only {least:.0f} effective draws{whom}, where {ESS_NEEDED} are needed: sample more."
    apart = table.index[table["r_hat"] >= R_HAT_BELOW]
    if len(apart) and len(table) == 1:
        yield f"The chains disagree (R-hat {table['r_hat'].max():.3f}): see diagnose(idata)."


def _some(labels: Sequence[object]) -> str:
    return listed(labels) if len(labels) <= 4 else f"{len(labels)} participants"
