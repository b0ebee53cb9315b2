"""Response times of everybody, of each participant and of each cell in bins, observed and predicted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from hddm_sbi.plots.cells import Cells, cells_of, participants
from hddm_sbi.plots.histogram import option_name
from hddm_sbi.plots.observed import FloatArray, IntArray, Predicted
from hddm_sbi.results.to_arviz import spaced

EVERYBODY, ALL = "everybody", "all conditions"
BINS = 24
# Where the axis ends: this share of the observed times lies before.
_SHOWN = 0.985
_BAND = (0.05, 0.5, 0.95)
# Counts of all predicted experiments: 400 MB of memory at most while they are summarised.
_MOST_COUNTS = 50_000_000
# Participants, or conditions, whose times are in the page.
_MOST_PEOPLE = 400


def binned_times(data: Predicted, conditions: list[str]) -> pd.DataFrame:
    """The shares of trials in bins of time.

    Args:
        data: the trials, with the columns of the conditions.
        conditions: names of these columns.

    Returns:
        A row for each participant (``EVERYBODY`` first), condition (``ALL`` first), response and bin in which there is
        anything; columns ``participant``, ``condition``, ``response``, ``start`` and ``end`` in seconds, and in percent
        of the trials of that participant and condition ``observed``, ``low``, ``median``, ``high`` (90% of the
        predicted experiments lie between).
    """
    who = participants(data, "participants") if data.subject is not None else Cells(("",), _zeros(data), "")
    what = cells_of(data, conditions) if conditions else Cells(("",), _zeros(data), "")
    shape = (len(who.labels), len(what.labels), len(data.options), BINS)
    data = data.thinned(max(10, _MOST_COUNTS // int(np.prod(shape))))
    end = float(np.nanquantile(data.rt, _SHOWN))
    edges = np.linspace(0.0, end, BINS + 1)
    place = who.code.astype(np.int64) * len(what.labels) + what.code
    observed = _counts(data.rt[None], data.choice[None], place, shape, end)
    predicted = _counts(data.predicted_rt, data.predicted_choice, place, shape, end)
    trials = np.bincount(place, minlength=shape[0] * shape[1]).reshape(shape[:2])
    tables = []
    for name, people in _chosen(who, EVERYBODY):
        for label, cells in _chosen(what, ALL):
            total = int(trials[np.ix_(people, cells)].sum())
            if total:
                seen, expected = (counts[:, people][:, :, cells].sum(axis=(1, 2)) for counts in (observed, predicted))
                rows = _shares(seen, expected, total, edges, data)
                tables.append(rows.assign(participant=name, condition=label))
    table = pd.concat(tables, ignore_index=True)
    return table[["participant", "condition", "response", "start", "end", "observed", "low", "median", "high"]]


def _chosen(cells: Cells, together: str) -> Iterator[tuple[str, IntArray]]:
    """All of them together, and then each, where there are several; of many some that are evenly spaced."""
    count = len(cells.labels)
    yield together, np.arange(count)
    if count > 1:
        yield from ((cells.labels[k], np.array([k])) for k in spaced(count, _MOST_PEOPLE))


def _zeros(data: Predicted) -> IntArray:
    return np.zeros(len(data.rt), dtype=np.int64)


def _counts(rt: FloatArray, choice: IntArray, place: IntArray, shape: tuple[int, ...], end: float) -> IntArray:
    """Counts of each data set, shape (data sets, people, cells, options, bins), without what is later than the end."""
    result = np.empty((len(rt), *shape), dtype=np.int32)
    options, bins = shape[-2:]
    for k, (times, chosen) in enumerate(zip(rt, choice, strict=True)):
        with np.errstate(invalid="ignore"):
            inside = (times < end) & (chosen >= 0)  # NaN is not
        at = (place[inside] * options + chosen[inside]) * bins + (times[inside] / end * bins).astype(np.int64)
        result[k] = np.bincount(at, minlength=int(np.prod(shape))).reshape(shape)
    return result


def _shares(observed: IntArray, predicted: IntArray, total: int, edges: FloatArray, data: Predicted) -> pd.DataFrame:
    """The rows of one participant and condition, from counts of shape (data sets, options, bins)."""
    scale = 100.0 / total
    seen = observed[0] * scale
    low, median, high = np.quantile(predicted * scale, _BAND, axis=0)
    option, place = np.nonzero((seen > 0.0) | (high > 0.0))
    names = np.array([option_name(data, k) for k in range(len(data.options))], dtype=object)
    columns = {"observed": seen, "low": low, "median": median, "high": high}
    return pd.DataFrame(
        {
            "response": names[option],
            "start": edges[place].round(4),
            "end": edges[place + 1].round(4),
            **{name: values[option, place].round(2) for name, values in columns.items()},
        }
    )
