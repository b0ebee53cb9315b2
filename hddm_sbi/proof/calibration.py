"""Whether posteriors are what they say: ranks of true values over many data sets, a verdict, and its error rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from hddm_sbi.proof.counting import how_fits_went
from hddm_sbi.proof.ranks import UniformRanks
from hddm_sbi.proof.sbc_task import THINNED
from hddm_sbi.tasks.job import TASK

# Chance that a departure is said of any quantity where there is none.
ERROR_RATE = 0.05
# The probability with which faults are found that the verdict names.
_POWER = 0.8
# A larger share of data sets without a fit leaves the question open: what cannot be fitted may be what is wrong.
_FAILED = 0.05
_OPEN = "{:.0%} of the data sets have no fit: whether the model is calibrated is open."


@dataclass(frozen=True, repr=False)
class Calibration:
    """What ``sbc`` found; ``print`` shows the sentences and the table.

    Args:
        ok: whether no departure from calibration was found, in at least 95% of the data sets.
        table: a row for each quantity: ``kind``; ``p``, that its ranks are uniform, by their whole ECDF (Säilynoja,
            Bürkner & Vehtari 2022), and ``p_of_all``, the same allowing for all quantities (Holm 1979); ``mean_rank``,
            0.5 where all is well, above where posteriors lie too low; ``in_50`` and ``in_90``, how often the central
            intervals of that probability held the truth; ``shift``, posterior mean minus truth in posterior sds, on
            average, and ``shift_error``; ``spread`` of the same, 1 where posteriors have the right width.
        sentences: what the table says, how fits went, and which faults would have been found.
        ranks: a row for each data set (``task``) and quantity, with its ``rank``, 0 ... 99.
        failed: data sets that could not be simulated or fitted: ``task`` and ``reason``.
    """

    ok: bool
    table: pd.DataFrame
    sentences: tuple[str, ...]
    ranks: pd.DataFrame
    failed: pd.DataFrame
    null: UniformRanks = field(repr=False)

    def __str__(self) -> str:
        return "\n".join([*self.sentences, "", self.table.to_string(float_format="{:.3g}".format)])

    __repr__ = __str__


def calibration(rows: pd.DataFrame, failed: pd.DataFrame, origin: str, beside: bool) -> Calibration:
    """The table, the verdict and the sentences.

    Args:
        rows: from the tasks.
        failed: the data sets without.
        origin: where true values came from.
        beside: whether simulated trials stood beside the observed ones.
    """
    sets = rows[TASK].nunique()
    null = UniformRanks(sets, THINNED + 1)
    table = calibration_table(rows, null)
    found = table["p_of_all"] <= ERROR_RATE
    lost = len(failed) / (sets + len(failed))
    where = "about this posterior" if beside else f"over {origin}"
    sentences = (
        _headline(table, int(found.sum()), sets, where),
        *(_departure(str(name), row) for name, row in table[found].iterrows()),
        *(_OPEN.format(lost) for _ in range(lost > _FAILED)),
        *how_fits_went(rows, failed),
        *_would_be_found(null, len(table)),
    )
    return Calibration(bool(not found.any() and lost <= _FAILED), table, sentences, rows, failed, null)


def calibration_table(rows: pd.DataFrame, null: UniformRanks) -> pd.DataFrame:
    """A row for each quantity."""
    found = {str(name): _of_quantity(part, null) for name, part in rows.groupby("quantity", sort=False)}
    table = pd.DataFrame(found.values(), index=pd.Index(found, name="quantity"))
    table.insert(table.columns.get_loc("p") + 1, "p_of_all", holm(table["p"].to_numpy()))
    return table


def holm(p: np.ndarray) -> np.ndarray:
    """p-values that allow for their number (Holm 1979, Scandinavian Journal of Statistics 6)."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate(np.sort(p) * (len(p) - np.arange(len(p))))
    result = np.empty(len(p))
    result[order] = np.minimum(stepped, 1.0)
    return result


def _of_quantity(part: pd.DataFrame, null: UniformRanks) -> dict[str, object]:
    ranks = part["rank"].to_numpy()
    middle = np.abs(ranks - THINNED / 2) / (THINNED + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = ((part["mean"] - part["truth"]) / part["sd"]).replace([np.inf, -np.inf], np.nan).dropna()
    return {
        "kind": part["kind"].iloc[0], "p": null.p_value(ranks), "mean_rank": (ranks.mean() + 0.5) / (THINNED + 1),
        "in_50": (middle < 0.25).mean(), "in_90": (middle < 0.45).mean(), "shift": off.mean(),
        "shift_error": off.std() / np.sqrt(max(len(off), 1)), "spread": off.std(),
    }  # fmt: skip


def _headline(table: pd.DataFrame, found: int, sets: int, where: str) -> str:
    rate = f"a verdict of departure is wrong in at most {ERROR_RATE:.0%} of calibrated models"
    if found:
        return (
            f"Posteriors are NOT calibrated {where}: the ranks of {found} of {len(table)} quantities in {sets} data "
            f"sets are not uniform ({rate})."
        )
    return (
        f"No departure from calibration was found {where}: {len(table)} quantities, {sets} data sets, least p "
        f"{table['p'].min():.2g}, {table['p_of_all'].min():.2g} allowing for all of them ({rate})."
    )


def _departure(name: str, row: pd.Series) -> str:
    error = 1.0 / np.sqrt(12.0)
    lean = (row["mean_rank"] - 0.5) / error
    if abs(lean) > 2.0 * abs(row["in_50"] - 0.5):
        how = f"posteriors lie too {'low' if lean > 0 else 'high'}, by {abs(row['shift']):.2f} of their sds on average"
    elif row["in_50"] < 0.5:
        how = "posteriors are too narrow"
    else:
        how = "posteriors are too wide"
    return (
        f"{name}: {how}; its central 50% and 90% intervals held the truth in {row['in_50']:.0%} and {row['in_90']:.0%} "
        f"(p {row['p']:.2g})."
    )


def _would_be_found(null: UniformRanks, quantities: int) -> Iterator[str]:
    shift, width = null.found_with(_POWER, ERROR_RATE / quantities)
    narrow = f", or one {1.0 - width:.0%} too narrow," if width > 0.0 else ""
    if np.isfinite(shift):
        yield (
            f"With {null.n} data sets a posterior that lies {shift:.2f} of its sds off{narrow} is found with a "
            f"probability of {_POWER:.0%}."
        )
    else:
        yield f"{null.n} data sets are too few to find a posterior that is off by as much as three of its sds."
