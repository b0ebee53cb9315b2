"""The numbers behind plots of response times: quantiles, cumulated shares, accuracy by speed, differences by speed.

Every table has columns ``observed`` and, for the predicted data sets, ``low``, ``median`` and ``high``: the median and
the ends that hold 95% of them unless asked otherwise, NaN where nothing is predicted. What is computed of the observed
trials is computed in the same way of every predicted data set, so that both are as noisy and as much biased.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.likelihoods.observation.seen import UNSEEN
from hddm_sbi.plots.cells import Cells, participants
from hddm_sbi.plots.observed import BoolArray, FloatArray, IntArray, Predicted
from hddm_sbi.plots.statistics import BAND, bands, checked_probabilities, in_bins, mean, row_quantiles, share

_COMPARED = ("observed", "low", "median", "high")
QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)

# rt and choice of data sets, each (data sets, trials) -> a statistic of each, (data sets, ...)
Statistic = Callable[[FloatArray, IntArray], FloatArray]


def share_table(data: Predicted, cells: Cells, ends: Sequence[float] = BAND) -> pd.DataFrame:
    """How often each choice was made, and no response, in percent of the trials.

    Args:
        data: the trials.
        cells: shares in each of them.
        ends: which quantiles of the predicted data sets ``low``, ``median`` and ``high`` are.

    Returns:
        A row for each cell and option, -1 for no response where there are such trials; columns ``cell``, ``option``,
        ``observed``, ``low``, ``median``, ``high``.
    """
    rows = []
    options = [*range(len(data.options)), *([UNSEEN] if data.omits else [])]
    for cell, part in _parts(data, cells):
        for option in options:
            rows.append((cell, option, *_compared(part, _percent_of(option), ends=ends)))
    return pd.DataFrame(rows, columns=["cell", "option", *_COMPARED])


def _percent_of(option: int) -> Statistic:
    return lambda rt, choice: 100.0 * share(choice, option)


def quantile_table(
    data: Predicted,
    cells: Cells,
    probabilities: Sequence[float] = QUANTILES,
    average: bool = False,
    ends: Sequence[float] = BAND,
) -> pd.DataFrame:
    """Quantiles of the response times of each choice, beside how often it was made.

    Args:
        data: the trials.
        cells: a distribution for each of them.
        probabilities: of the quantiles.
        average: whether to average over participants the quantiles of each, as Ratcliff (1979, Psychological Bulletin
            86, 446-461) does, instead of taking those of all trials together.
        ends: which quantiles of the predicted data sets ``low``, ``median`` and ``high`` are.

    Returns:
        A row for each cell, option and probability; columns ``cell``, ``option``, ``probability``, in seconds
        ``observed``, ``low``, ``median``, ``high``, and as proportions of the trials ``share``, ``share_low``,
        ``share_median``, ``share_high``. Where a choice was made fewer than five times the quantiles are NaN.
    """
    wanted = checked_probabilities(probabilities)
    rows = []
    for cell, part in _parts(data, cells):
        for option in range(len(data.options)):

            def of_option(rt: FloatArray, choice: IntArray, k: int = option) -> FloatArray:
                return row_quantiles(np.where(choice == k, rt, np.nan), wanted)

            times = _compared(part, of_option, average, ends)
            shares = _compared(part, lambda rt, choice, k=option: share(choice, k), ends=ends)  # type: ignore[misc]
            for at, p in enumerate(wanted):
                rows.append((cell, option, p, *(column[at] for column in times), *shares))
    named = ["share", "share_low", "share_median", "share_high"]
    return pd.DataFrame(rows, columns=["cell", "option", "probability", *_COMPARED, *named])


def cdf_table(data: Predicted, cells: Cells, times: FloatArray) -> pd.DataFrame:
    """The share of trials on which a choice had been made by a time (the defective distribution function).

    Args:
        data: the trials.
        cells: a curve for each of them and each option.
        times: in seconds.

    Returns:
        A row for each cell, option and time; columns ``cell``, ``option``, ``time``, ``observed``, ``low``, ``median``,
        ``high``. The curves of all options end at 1, less the share of trials without a response.
    """
    rows = []
    for cell, part in _parts(data, cells):
        for option in range(len(data.options)):

            def by_time(rt: FloatArray, choice: IntArray, k: int = option) -> FloatArray:
                own = np.sort(np.where(choice == k, rt, np.inf), axis=1)
                counts = [np.searchsorted(row, times, side="right") for row in own]
                return np.reshape(counts, (len(own), len(times))) / max(rt.shape[1], 1)

            columns = _compared(part, by_time)
            rows += [(cell, option, t, *(column[k] for column in columns)) for k, t in enumerate(times)]
    return pd.DataFrame(rows, columns=["cell", "option", "time", *_COMPARED])


def accuracy_table(
    data: Predicted, cells: Cells, option: int = 1, bins: int = 5, average: bool = False
) -> pd.DataFrame:
    """How often an option is chosen among fast, ..., slow responses (the conditional accuracy function).

    Args:
        data: the trials.
        cells: a curve for each of them.
        option: whose share it is: with errors and correct responses, 1 for the accuracy.
        bins: how many, with equally many responses, of all choices together.
        average: whether to average over participants, each with bins of their own.

    Returns:
        A row for each cell and bin; columns ``cell``, ``bin``, the mean response time in it, ``rt`` and ``rt_median``
        of the predicted, and as proportions ``observed``, ``low``, ``median``, ``high``.
    """
    if not isinstance(bins, int) or bins < 2:
        raise DataError(f"bins is {bins!r}; give two or more.")

    def of_bins(rt: FloatArray, choice: IntArray) -> FloatArray:
        return in_bins(rt, choice == option, bins)

    rows = []
    for cell, part in _parts(data, cells):
        observed, low, median, high = _compared(part, of_bins, average)
        for k in range(bins):
            rows.append((cell, k, observed[k, 0], median[k, 0], observed[k, 1], low[k, 1], median[k, 1], high[k, 1]))
    return pd.DataFrame(rows, columns=["cell", "bin", "rt", "rt_median", *_COMPARED])


def delta_table(
    data: Predicted,
    pair: Cells,
    option: int | None = 1,
    probabilities: Sequence[float] = tuple(np.arange(1, 10) / 10),
    average: bool = False,
) -> pd.DataFrame:
    """The effect of a condition on response times, from fast to slow responses (the delta plot).

    Args:
        data: the trials.
        pair: the two conditions that are compared; trials of others are left out.
        option: of which choice; None for all responses.
        probabilities: of the quantiles that are compared.
        average: whether to average over participants; all trials together show how differently fast participants are,
            too.

    Returns:
        A row for each probability; columns ``probability``, the mean of the two quantiles, ``rt`` and ``rt_median`` of
        the predicted, and the second condition's quantile less the first's in seconds, ``observed``, ``low``,
        ``median``, ``high``.
    """
    wanted = checked_probabilities(probabilities)

    def of_choice(rt: FloatArray, choice: IntArray) -> FloatArray:
        return row_quantiles(rt if option is None else np.where(choice == option, rt, np.nan), wanted)

    observed, predicted = [], []
    for everyone in _groups(data, average):
        sides = [everyone & pair.rows(k) for k in (0, 1)]
        if all(rows.any() for rows in sides):
            one, other = (data.at(rows) for rows in sides)
            of_one, of_other = (of_choice(part.rt[None], part.choice[None]) for part in (one, other))
            observed.append(_against(of_one, of_other)[0])
            of_one, of_other = (of_choice(part.predicted_rt, part.predicted_choice) for part in (one, other))
            predicted.append(_against(of_one, of_other))
    if not observed:
        raise DataError(f"no participant has trials in both conditions, {pair.labels[0]} and {pair.labels[1]}.")
    seen, (low, median, high) = mean(observed), bands(mean(predicted))
    columns = [wanted, seen[:, 0], median[:, 0], seen[:, 1], low[:, 1], median[:, 1], high[:, 1]]
    return pd.DataFrame(dict(zip(["probability", "rt", "rt_median", *_COMPARED], columns, strict=True)))


def _against(one: FloatArray, other: FloatArray) -> FloatArray:
    """Their mean, and how much larger the other is."""
    return np.stack([0.5 * (one + other), other - one], axis=-1)


def _parts(data: Predicted, cells: Cells) -> list[tuple[str, Predicted]]:
    return [(label, data.at(cells.rows(k))) for k, label in enumerate(cells.labels)]


def _groups(data: Predicted, average: bool) -> list[BoolArray]:
    """Whose trials are taken together: each participant's, or everybody's."""
    if not average:
        return [np.ones(len(data.rt), dtype=np.bool_)]
    who = participants(data, "average=True")
    return [who.rows(k) for k in range(len(who.labels))]


def _compared(
    data: Predicted, statistic: Statistic, average: bool = False, ends: Sequence[float] = BAND
) -> tuple[FloatArray, ...]:
    """A statistic of the observed trials, and its ends and median over the predicted data sets."""
    parts = [data.at(rows) for rows in _groups(data, average)]
    observed = mean([statistic(part.rt[None], part.choice[None])[0] for part in parts])
    predicted = mean([statistic(part.predicted_rt, part.predicted_choice) for part in parts])
    return (observed, *bands(predicted, ends))
