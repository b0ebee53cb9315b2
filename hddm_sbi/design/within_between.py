"""What a covariate is made of: each participant's mean, and the distance of a trial from it.

A covariate that varies within participants and between them has two effects, which need not be alike: trials with more
of it may differ from trials with less, and people with more of it from people with less. One slope is a mixture of the
two (Kreft, de Leeuw & Aiken 1995, Multivariate Behavioral Research 30, 1-21). ``within(x) + between(x)`` has a slope
for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import f as f_distribution

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

WITHIN, BETWEEN = "within", "between"
# The column of the table that formulas see which says whose trial a row is; no column of the user's has this name.
PARTICIPANT = "\0participant"
# A covariate varies between participants where its variance components say so, and not by chance.
_LEAST_SHARE, _MOST_CHANCE = 0.05, 1e-3


class _ByParticipant:
    """Participants' means of a covariate, remembered from the data that a model was built on.

    New participants have the means of the rows that they come with. Rows of nobody are those of the typical
    participant, whose mean is that of all trials.
    """

    __stateful_transform__ = True  # formulae makes one for each term, and calls it again for new data

    def __init__(self) -> None:
        self._means: dict[Any, float] | None = None

    def means(self, x: FloatArray, participant: Sequence[Any]) -> FloatArray:
        """The mean of each row's participant, shape (rows,)."""
        found = {
            key: float(mean) for key, mean in pd.Series(x).groupby(pd.Series(participant), sort=False).mean().items()
        }
        if self._means is None:
            self._means = {**found, None: float(x.mean())}
        known = found | self._means
        return np.array([known[key] for key in participant], dtype=np.float64)


class Between(_ByParticipant):
    """``between(x)``: the mean of x of the row's participant."""

    def __call__(self, x: Any, participant: Any) -> FloatArray:
        """Shape (rows,)."""
        return self.means(np.asarray(x, dtype=np.float64), list(participant))


class Within(_ByParticipant):
    """``within(x)``: the distance of x from the mean of the row's participant."""

    def __call__(self, x: Any, participant: Any) -> FloatArray:
        """Shape (rows,)."""
        values = np.asarray(x, dtype=np.float64)
        return values - self.means(values, list(participant))


def participants_of(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Whose trial each row is; None on all rows of a table without these columns.

    Args:
        frame: a table.
        columns: whose combination is the participant.
    """
    keys: list[Any] = [None] * len(frame)
    if columns and all(name in frame.columns for name in columns):
        keys = list(zip(*(frame[name].tolist() for name in columns), strict=True))
        keys = [None if all(value is None for value in key) else key for key in keys]
    found = np.empty(len(keys), dtype=object)
    found[:] = keys
    return pd.Series(found, index=frame.index)


def share_between(values: FloatArray, index: IntArray) -> float:
    """The share of a covariate's variance that lies between participants, 0 where it may be chance.

    Args:
        values: of the covariate, shape (trials,).
        index: participant of each trial, shape (trials,).

    Returns:
        The intraclass correlation by the analysis of variance, 1 for a covariate that does not vary within
        participants; 0 where it is small, or where means differ as those of independent trials do.
    """
    sizes = np.bincount(index)
    sizes = sizes[sizes > 0]
    groups, n = len(sizes), len(values)
    if groups < 2 or n <= groups:
        return 0.0
    by_participant = pd.Series(values).groupby(index)
    means = by_participant.transform("mean").to_numpy()
    inside = float(((values - means) ** 2).sum()) / (n - groups)
    outside = float(((means - values.mean()) ** 2).sum()) / (groups - 1)
    if inside <= 1e-20 * max(outside, 1e-300):
        return 1.0 if outside > 0.0 else 0.0
    typical = (n - float((sizes**2).sum()) / n) / (groups - 1)
    share = (outside - inside) / (outside + (typical - 1.0) * inside)
    by_chance = float(f_distribution.sf(outside / inside, groups - 1, n - groups))
    return share if share > _LEAST_SHARE and by_chance < _MOST_CHANCE else 0.0


def split_columns(terms: Iterable[Any]) -> frozenset[str]:
    """The columns that stand in ``within(x)`` or ``between(x)`` and nowhere else.

    Args:
        terms: formulae's terms of a model, see ``Term.source``.
    """
    inside: set[str] = set()
    outside: set[str] = set()
    for term in terms:
        for component in getattr(term, "components", ()):
            callee = getattr(getattr(component, "call", None), "callee", None)
            (inside if callee in (WITHIN, BETWEEN) else outside).update(component.var_names)
    return frozenset(inside - outside - {PARTICIPANT})
