"""Does the model fit? Response times by choice, observed and predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from hddm_sbi.errors import DataError
from hddm_sbi.likelihoods.observation.seen import UNSEEN
from hddm_sbi.plots.observed import Predicted, bin_edges, density, from_results
from hddm_sbi.results.to_arviz import Results

# Okabe & Ito 2008, told apart by colour-blind readers and in grey
_DATA = "#b9b9b9"
_MODEL = "#0072b2"

# 95% ends of this many data sets are known to about 1% of probability; more only cost time.
_MOST_DATA_SETS = 400

# The plot ends where this share of responses does; the rest still counts in the densities and percentages.
_SHOWN = 0.995

_COLUMNS = 4


def plot_predictive(
    data: Results | Predicted,
    ax: Axes | None = None,
    *,
    by: Literal["subject"] | None = None,
    options: Sequence[object] | None = None,
    subject: npt.ArrayLike | None = None,
    subjects: Sequence[object] = (),
    max_panels: int = 16,
) -> Axes | npt.NDArray[np.object_]:
    """Posterior predictive plot of response time by choice.

    The upper choice is drawn to the right, the lower choice to the left; more than two choices stand side by side. Bars
    are the observed responses, normalised over all choices; the line is the median of the predicted data sets in each
    bin, the band holds 95% of them. A model that fits has most bars end inside the band. The share of trials without a
    response stands in the middle; without any response times the shares of the choices are all that is drawn.

    Args:
        data: a result with the groups ``observed_data`` and ``posterior_predictive``, or only ``prior_predictive``, as
            of ``model.prior_predictive()``; or the arrays as ``Predicted``.
        ax: axes to draw on; default a new figure. Not with ``by``.
        by: ``"subject"`` draws a panel for each participant.
        options: labels of the choices, in order, lower first (``Predicted`` has its own); default lower and upper, or
            0, 1, 2, ... where there are more.
        subject: participant of each trial, shape (trials,); needed with ``by="subject"`` (``Predicted`` has its own).
        subjects: labels of the participants.
        max_panels: with ``by="subject"``, the number of participants drawn at most, evenly spaced among them.

    Returns:
        The axes; with ``by="subject"`` an array of them, shape (panels,).

    Raises:
        DataError: no predicted data, shapes that do not fit, or no participants to draw by.

    Example:
        >>> from hddm_sbi.plots.observed import Predicted
        >>> theta = [0.5, 1.5, 0.5, 0.3]
        >>> rt, choice = simulate("ddm", theta, n=500, seed=1)
        >>> predicted = simulate("ddm", [theta] * 20, n=500, seed=2)
        >>> ax = plot_predictive(Predicted(rt, choice, *predicted, options=("left", "right")))
        >>> ax.get_ylabel()
        'density'
    """
    predicted = data if isinstance(data, Predicted) else from_results(data, options, subject, subjects)
    predicted = predicted.thinned(_MOST_DATA_SETS).comparable()
    if by is None:
        ax = plt.subplots(figsize=(7.0, 3.8), layout="constrained")[1] if ax is None else ax
        if not predicted.timed:
            return draw_shares(predicted, ax)
        _draw(predicted, ax)
        _label(predicted, ax)
        return ax
    return _by_subject(predicted, max_panels)


class _Place(NamedTuple):
    """Where a choice is drawn: times to the right (side 1) or to the left (-1) of an origin."""

    origin: float
    side: int


def _places(data: Predicted, until: float) -> list[_Place]:
    """Two choices back to back, more of them side by side."""
    if len(data.options) == 2:
        return [_Place(0.0, -1), _Place(0.0, 1)]
    return [_Place(k * until, 1) for k in range(len(data.options))]


def _draw(data: Predicted, ax: Axes, until: float | None = None) -> None:
    """Bars, line and band of all choices, in the same bins."""
    until = _until(data) if until is None else until
    edges = bin_edges(data.rt, until)
    places = _places(data, until)
    if len(places) > 2:
        edges = edges[edges <= until]  # the next choice begins there
    for option, (origin, side) in enumerate(places):
        observed = density(data.rt[None], data.choice[None], option, edges)[0]
        expected = density(data.predicted_rt, data.predicted_choice, option, edges)
        # stairs want ascending edges: the lower choice is mirrored
        low, median, high = np.quantile(expected, (0.025, 0.5, 0.975), axis=0)[:, ::side]
        at = origin + side * edges[::side]
        named = "" if option == 1 else "_"  # once in the legend
        ax.stairs(observed[::side], at, fill=True, color=_DATA, label=f"{named}observed")
        ax.stairs(high, at, baseline=low, fill=True, color=_MODEL, alpha=0.3, label=f"{named}predicted, 95%")
        ax.stairs(median, at, baseline=None, color=_MODEL, linewidth=1.3, label=f"{named}predicted, median")
        ax.axvline(origin, color="black", linewidth=0.8)
    _time_axis(ax, places, until)
    if len(places) == 2 and not data.shows(0):
        ax.set_xlim(left=0.0)
    ax.set_ylim(bottom=0.0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.set_yticks([])


def _time_axis(ax: Axes, places: list[_Place], until: float) -> None:
    """Times count from each choice's origin."""
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


def _until(data: Predicted) -> float:
    """Where the time axis ends, in seconds."""
    return float(np.nanquantile(data.rt, _SHOWN)) * 1.05


def _label(data: Predicted, ax: Axes) -> None:
    """Axis labels, the legend, and the choices with their shares."""
    ax.set_xlabel("response time (s)")
    ax.set_ylabel("density")
    if len(data.options) == 2:
        left, centre = (0, UNSEEN) if data.shows(0) or not data.omits else (UNSEEN, None)
        ax.set_title(_share(data, left), loc="left", fontsize="medium")
        ax.set_title(_share(data, 1), loc="right", fontsize="medium")
        if data.omits and centre is not None:
            ax.set_title(_share(data, centre), loc="center", fontsize="medium")
    else:
        for option in range(len(data.options)):
            middle = (option + 0.5) / len(data.options)
            ax.text(middle, 1.02, _share(data, option), transform=ax.transAxes, ha="center", fontsize="medium")
        if data.omits:
            ax.text(0.5, 1.16, _share(data, UNSEEN), transform=ax.transAxes, ha="center", fontsize="medium")
    back_to_back = len(data.options) == 2 and data.shows(0)
    ax.legend(frameon=False, fontsize="small", loc="upper left" if back_to_back else "upper right")


def _share(data: Predicted, option: int) -> str:
    """The label of a choice, or of no response, with its observed and predicted share."""
    observed, (low, _, high) = shares_of(data, option)
    return f"{_name(data, option)}: {observed:.1f}% observed\n{low:.1f} to {high:.1f}% predicted"


def _name(data: Predicted, option: int) -> str:
    if option == UNSEEN:
        return "no response"
    label = data.options[option]
    return f"{label:g}" if isinstance(label, float) else str(label)


def shares_of(data: Predicted, option: int) -> tuple[float, tuple[float, float, float]]:
    """Observed share of a choice, or of no response, in percent; the 2.5%, 50% and 97.5% points of the predicted."""
    shares = 100.0 * (data.predicted_choice == option).mean(axis=1)
    low, median, high = np.quantile(shares, (0.025, 0.5, 0.975))
    return 100.0 * float((data.choice == option).mean()), (low, median, high)


def draw_shares(data: Predicted, ax: Axes) -> Axes:
    """Draw the shares of the choices alone: bars for the observed, points with 95% intervals for the predicted."""
    shown = [option for option in (*range(len(data.options)), UNSEEN) if option >= 0 or data.omits]
    observed, predicted = zip(*(shares_of(data, option) for option in shown), strict=True)
    low, median, high = np.transpose(predicted)
    ax.bar(range(len(shown)), observed, color=_DATA, width=0.6, label="observed")
    ax.errorbar(
        range(len(shown)), median, yerr=[median - low, high - median], fmt="o", color=_MODEL, capsize=4,
        label="predicted, 95%",
    )  # fmt: skip
    ax.set_xticks(range(len(shown)), [_name(data, option) for option in shown])
    ax.set_ylabel("share of the trials (%)")
    ax.set_ylim(0.0, 100.0)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize="small")
    return ax


def _by_subject(data: Predicted, max_panels: int) -> npt.NDArray[np.object_]:
    """A panel for each participant, on common axes."""
    if data.subject is None:
        raise DataError("by='subject' needs the participant of each trial: pass subject.")
    everyone = np.unique(data.subject)
    shown = everyone[np.unique(np.linspace(0, len(everyone) - 1, min(max_panels, len(everyone))).round().astype(int))]
    wide = len(data.options) / 2.0
    columns = min(max(1, round(_COLUMNS / wide)), len(shown))
    rows = math.ceil(len(shown) / columns)
    size = (2.2 * wide * columns + 0.4, 1.7 * rows + 0.9)
    figure, axes = plt.subplots(rows, columns, figsize=size, sharex=True, squeeze=False, layout="constrained")
    until = _until(data) if data.timed else 1.0
    panels = axes.ravel()
    told = (1,) if len(data.options) == 2 else tuple(range(len(data.options)))
    for panel, subject in zip(panels, shown, strict=False):
        own = data.of(int(subject))
        if own.timed:
            _draw(own, panel, until)
        else:
            draw_shares(own, panel)
        name = data.subjects[subject] if data.subjects else subject
        panel.set_title(
            f"{name}: {_percent(own.choice, told)} ({_percent(own.predicted_choice, told)})", fontsize="small"
        )
    for panel in panels[len(shown) - columns : len(shown)]:  # the lowest of each column
        panel.tick_params(labelbottom=True)
    for panel in panels[len(shown) :]:
        panel.remove()
    names = [_name(data, option) for option in range(len(data.options))]
    where = f"{names[0]} to the left, {names[1]} to the right" if len(names) == 2 else f"of {', '.join(names)}"
    figure.supxlabel(f"response time (s), {where}", fontsize="medium")
    some = "" if len(shown) == len(everyone) else f", {len(shown)} of {len(everyone)} participants"
    handles, labels = panels[0].get_legend_handles_labels()
    title = f"share of {', '.join(names[option] for option in told)}, observed (predicted){some}"
    figure.legend(handles, labels, title=title, loc="outside upper center", ncols=3, frameon=False, fontsize="small")
    return panels[: len(shown)]


def _percent(choice: npt.NDArray[np.signedinteger], options: Sequence[int]) -> str:
    """Shares of some options: ``48/32/20%``."""
    return "/".join(f"{100.0 * (choice == option).mean():.0f}" for option in options) + "%"
