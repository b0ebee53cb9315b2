"""Joint histograms over response time and choice."""

from __future__ import annotations

import numpy as np

from hddm_sbi.plots.observed import FloatArray, IntArray


def bin_edges(rt: FloatArray, until: float) -> FloatArray:
    """Edges of equal bins from 0 to just above ``until``, about as wide as Freedman & Diaconis (1981) advise.

    Widths are 1, 2, 2.5 or 5 times a power of ten, and a multiple of the clock's resolution: response times that are
    recorded in steps of 10 ms would otherwise fall unevenly into bins. For the same reason edges lie half a step below
    the recorded values.
    """
    rt = rt[np.isfinite(rt)]
    quartiles = np.quantile(rt, (0.25, 0.75))
    advised = 2.0 * float(quartiles[1] - quartiles[0]) / len(rt) ** (1.0 / 3.0)
    advised = min(max(advised, until / 60.0), until / 8.0)
    power = 10.0 ** np.floor(np.log10(advised))
    width = power * min((1.0, 2.0, 2.5, 5.0, 10.0), key=lambda step: abs(np.log(step * power / advised)))
    resolution = _resolution(rt)
    if resolution > 0.0:
        width = max(round(width / resolution), 1) * resolution
    count = int(np.ceil(until / width)) + 1
    return np.arange(count + 1) * width - resolution / 2.0


def _resolution(rt: FloatArray) -> float:
    """The step in which response times were recorded, where it is 1 ms or coarser; else 0."""
    for step in (0.1, 0.05, 0.02, 0.01, 0.005, 0.001):
        if np.abs(rt / step - np.round(rt / step)).max() < 1e-6 / step:
            return step
    return 0.0


def density(rt: FloatArray, choice: IntArray, option: int, edges: FloatArray) -> FloatArray:
    """Joint density of response time and one choice in each bin, for each data set.

    Args:
        rt: shape (data sets, trials); NaN where there is no response.
        choice: shape (data sets, trials).
        option: which choice.
        edges: of the bins, shape (bins + 1,).

    Returns:
        Shape (data sets, bins). Summed over options and integrated over time it is 1, less what lies beyond the edges
        and the share of trials without a response.
    """
    bins, width = len(edges) - 1, edges[1] - edges[0]

    def counts(rt: FloatArray) -> IntArray:
        at = np.floor((rt - edges[0]) / width)
        return np.bincount(at[(at >= 0) & (at < bins)].astype(np.int64), minlength=bins)  # NaN is not inside

    # one data set at a time: there may be millions of trials
    each = [counts(of_set[which == option]) for of_set, which in zip(rt, choice, strict=True)]
    return np.reshape(each, (len(rt), bins)) / (rt.shape[1] * width)
