"""Histograms of response times by choice on one pair of axes: two back to back, more side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hddm_sbi.likelihoods.observation.seen import UNSEEN
from hddm_sbi.plots.bins import bin_edges, density
from hddm_sbi.plots.observed import Predicted
from hddm_sbi.plots.panels import DATA, MEDIUM, MODEL, SMALL, tidy
from hddm_sbi.plots.statistics import bands
from hddm_sbi.trials.columns import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The plot ends where this share of responses does; the rest still counts in the densities and percentages.
_SHOWN = 0.995


class _Place(NamedTuple):
    """Where a choice is drawn: times to the right (side 1) or to the left (-1) of an origin."""

    origin: float
    side: int


def draw_histogram(data: Predicted, ax: Axes, until: float | None = None) -> None:
    """Draw bars of the observed trials, line and band of the predicted, for all choices in the same bins."""
    until = until_when(data) if until is None else until
    edges = bin_edges(data.rt, until)
    places = _places(data, until)
    if len(places) > 2:
        edges = edges[edges <= until]  # the next choice begins there
    for option, (origin, side) in enumerate(places):
        # stairs want ascending edges: the lower choice is mirrored
        at = origin + side * edges[::side]
        named = "" if option == 1 else "_"  # once in the legend
        observed = density(data.rt[None], data.choice[None], option, edges)[0]
        ax.stairs(observed[::side], at, fill=True, color=DATA, label=f"{named}observed")
        if data.sets:
            expected = density(data.predicted_rt, data.predicted_choice, option, edges)
            low, median, high = bands(expected)[:, ::side]
            ax.stairs(high, at, baseline=low, fill=True, color=MODEL, alpha=0.3, label=f"{named}predicted, 95%")
            ax.stairs(median, at, baseline=None, color=MODEL, linewidth=1.3, label=f"{named}predicted, median")
        ax.axvline(origin, color="black", linewidth=0.8)
    _time_axis(ax, places, until)
    if len(places) == 2 and not data.shows(0):
        ax.set_xlim(left=0.0)
    ax.set_ylim(bottom=0.0)
    tidy(ax, left=False)


def _places(data: Predicted, until: float) -> list[_Place]:
    """Two choices back to back, more of them side by side."""
    if len(data.options) == 2:
        return [_Place(0.0, -1), _Place(0.0, 1)]
    return [_Place(k * until, 1) for k in range(len(data.options))]


def _time_axis(ax: Axes, places: list[_Place], until: float) -> None:
    """Times count from each choice's origin."""
    from matplotlib.ticker import MaxNLocator

    if len(places) == 2:
        ax.set_xlim(-until, until)
        ax.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
        return
    ax.set_xlim(0.0, len(places) * until)
    times = np.asarray(MaxNLocator(4).tick_values(0.0, until))
    times = times[(times >= 0.0) & (times < 0.95 * until)]
    ax.set_xticks(
        [place.origin + time for place in places for time in times], [f"{time:g}" for time in times] * len(places)
    )


def until_when(data: Predicted) -> float:
    """Where the time axis ends, in seconds."""
    return float(np.nanquantile(data.rt, _SHOWN)) * 1.05


def label_histogram(data: Predicted, ax: Axes) -> None:
    """Write axis labels, the legend, and the choices with their shares."""
    ax.set_xlabel("response time (s)")
    ax.set_ylabel("density")
    if len(data.options) == 2:
        left, centre = (0, UNSEEN) if data.shows(0) or not data.omits else (UNSEEN, None)
        ax.set_title(share_words(data, left), loc="left", fontsize=MEDIUM)
        ax.set_title(share_words(data, 1), loc="right", fontsize=MEDIUM)
        if data.omits and centre is not None:
            ax.set_title(share_words(data, centre), loc="center", fontsize=MEDIUM)
    else:
        for option in range(len(data.options)):
            middle = (option + 0.5) / len(data.options)
            ax.text(middle, 1.02, share_words(data, option), transform=ax.transAxes, ha="center", fontsize=MEDIUM)
        if data.omits:
            ax.text(0.5, 1.16, share_words(data, UNSEEN), transform=ax.transAxes, ha="center", fontsize=MEDIUM)
    back_to_back = len(data.options) == 2 and data.shows(0)
    ax.legend(frameon=False, fontsize=SMALL, loc="upper left" if back_to_back else "upper right")


def share_words(data: Predicted, option: int) -> str:
    """The label of a choice, or of no response, with its observed and predicted share."""
    observed, (low, _, high) = shares_of(data, option)
    predicted = f"\n{low:.1f} to {high:.1f}% predicted" if data.sets else ""
    return f"{option_name(data, option)}: {observed:.1f}% observed{predicted}"


def option_name(data: Predicted, option: int) -> str:
    """What a choice is called; -1 stands for no response."""
    return "no response" if option == UNSEEN else str(plain(data.options[option]))


def shares_of(data: Predicted, option: int) -> tuple[float, tuple[float, float, float]]:
    """Observed share of a choice, or of no response, in percent; the 2.5%, 50% and 97.5% points of the predicted."""
    low, median, high = bands(100.0 * (data.predicted_choice == option).mean(axis=1))
    return 100.0 * float((data.choice == option).mean()), (float(low), float(median), float(high))


def draw_shares(data: Predicted, ax: Axes, legend: bool = True) -> Axes:
    """Draw the shares of the choices alone: bars for the observed, points with 95% intervals for the predicted."""
    shown = [option for option in (*range(len(data.options)), UNSEEN) if option >= 0 or data.omits]
    observed, predicted = zip(*(shares_of(data, option) for option in shown), strict=True)
    low, median, high = np.transpose(predicted)
    ax.bar(range(len(shown)), observed, color=DATA, width=0.6, label="observed")
    if data.sets:
        ax.errorbar(
            range(len(shown)), median, yerr=[median - low, high - median], fmt="o", color=MODEL, capsize=4,
            label="predicted, 95%",
        )  # fmt: skip
    ax.set_xticks(range(len(shown)), [option_name(data, option) for option in shown])
    ax.set_ylabel("share of the trials (%)")
    ax.set_ylim(0.0, 100.0)
    tidy(ax)
    if legend:
        ax.legend(frameon=False, fontsize=SMALL)
    return ax
