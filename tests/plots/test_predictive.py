from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hddm_sbi.errors import DataError
from hddm_sbi.plots import plot_predictive
from hddm_sbi.plots.bins import bin_edges, density
from hddm_sbi.plots.observed import Predicted
from hddm_sbi.plots.reading import from_results
from hddm_sbi.results.to_arviz import to_inference_data
from tests.plots.made import SETS, SUBJECTS


def test_densities_integrate_to_one_over_time_and_choices(predicted: Predicted) -> None:
    edges = bin_edges(predicted.rt, float(predicted.predicted_rt.max()) + 1.0)
    total = sum(
        density(predicted.predicted_rt, predicted.predicted_choice, option, edges).sum(axis=1) * (edges[1] - edges[0])
        for option in (0, 1)
    )
    np.testing.assert_allclose(total, np.ones(SETS))


def test_densities_count_trials_in_bins() -> None:
    edges = np.array([0.0, 0.5, 1.0])
    rt, choice = np.array([[0.1, 0.2, 0.7, 0.8, 3.0]]), np.array([[0, 1, 1, 1, 1]])
    np.testing.assert_allclose(density(rt, choice, 0, edges), [[1 / 2.5, 0.0]])
    np.testing.assert_allclose(density(rt, choice, 1, edges), [[1 / 2.5, 2 / 2.5]])


def _omitting(data: Predicted) -> Predicted:
    """Responses after a second are omissions, observed and predicted."""
    late, predicted_late = data.rt > 1.0, data.predicted_rt > 1.0
    return replace(
        data, rt=np.where(late, np.nan, data.rt), choice=np.where(late, -1, data.choice),
        predicted_rt=np.where(predicted_late, np.nan, data.predicted_rt),
        predicted_choice=np.where(predicted_late, -1, data.predicted_choice),
    )  # fmt: skip


@pytest.mark.filterwarnings("error")
def test_the_share_of_omissions_is_told(predicted: Predicted) -> None:
    data = _omitting(predicted)
    ax = plot_predictive(data)
    share = 100.0 * np.isnan(data.rt).mean()
    assert ax.get_title(loc="center").startswith(f"no response: {share:.1f}% observed")
    panels = plot_predictive(data, by="subject")
    assert len(panels) == SUBJECTS


def test_half_seen_trials_are_left_out(predicted: Predicted) -> None:
    half = np.zeros(len(predicted.rt), dtype=bool)
    half[::4] = True
    data = replace(predicted, rt=np.where(half, np.nan, predicted.rt))
    few = data.comparable()
    assert len(few.rt) == few.predicted_rt.shape[1] == few.predicted_choice.shape[1] == (~half).sum()
    assert few.subject is not None and len(few.subject) == (~half).sum()
    assert not np.isnan(few.rt).any()


def test_in_go_no_go_one_side_is_drawn(predicted: Predicted) -> None:
    def go(rt: np.ndarray, choice: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.where(choice == 1, rt, np.nan), np.where(choice == 1, 1, -1)

    rt, choice = go(predicted.rt, predicted.choice)
    predicted_rt, predicted_choice = go(predicted.predicted_rt, predicted.predicted_choice)
    data = replace(predicted, rt=rt, choice=choice, predicted_rt=predicted_rt, predicted_choice=predicted_choice)
    ax = plot_predictive(data)
    assert ax.get_xlim()[0] == 0.0
    assert ax.get_title(loc="left").startswith("no response") and not ax.get_title(loc="center")


def test_choices_alone_are_bars(predicted: Predicted) -> None:
    nothing = np.full_like(predicted.rt, np.nan)
    data = replace(predicted, rt=nothing, predicted_rt=np.full_like(predicted.predicted_rt, np.nan))
    ax = plot_predictive(data)
    heights = [bar.get_height() for bar in ax.patches]
    np.testing.assert_allclose(heights, [100.0 * (predicted.choice == option).mean() for option in (0, 1)])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["HH", "LL"]
    assert len(plot_predictive(data, by="subject")) == SUBJECTS


@pytest.mark.parametrize("step", [0.001, 0.01, 0.05])
def test_bins_hold_equally_many_recorded_values(step: float) -> None:
    # a uniform clock falls into bins evenly only if they are as wide as a whole number of steps
    rt = np.arange(1, int(4 / step)) * step
    edges = bin_edges(rt, 3.0)
    counts = np.histogram(rt, edges)[0]
    assert len(set(counts[1:])) == 1
    assert edges[-1] > 3.0


@pytest.mark.parametrize("rt", [np.full(20, 0.5), np.array([0.412345]), np.array([0.1, 900.0])])
def test_bins_exist_for_any_data(rt: np.ndarray) -> None:
    edges = bin_edges(rt, float(rt.max()) * 1.05)
    assert 5 < len(edges) < 200
    assert np.all(np.diff(edges) > 0)


def test_takes_and_returns_axes(predicted: Predicted) -> None:
    ax = Figure().subplots()
    assert plot_predictive(predicted, ax) is ax
    assert isinstance(plot_predictive(predicted), Axes)
    assert ax.get_title(loc="left").startswith("HH: ")
    assert ax.get_title(loc="right").startswith(f"LL: {100 * predicted.choice.mean():.1f}% observed\n")
    assert ax.get_legend_handles_labels()[1] == ["observed", "predicted, 95%", "predicted, median"]
    low, high = ax.get_xlim()
    assert low == -high


def test_observed_bars_have_the_area_of_their_choice(predicted: Predicted) -> None:
    ax = plot_predictive(predicted)
    bars = [patch for patch in ax.patches if "observed" in patch.get_label()]
    areas = [np.sum(bar.get_data().values * np.diff(bar.get_data().edges)) for bar in bars]
    lower, upper = 1.0 - predicted.choice.mean(), predicted.choice.mean()
    # a few responses are later than the axis shows
    np.testing.assert_allclose(areas, [lower, upper], atol=0.01)
    assert bars[0].get_data().edges.max() <= 0.01
    assert bars[1].get_data().edges.min() >= -0.01


def test_panels_by_subject(predicted: Predicted) -> None:
    panels = plot_predictive(predicted, by="subject")
    assert panels.shape == (SUBJECTS,)
    assert [panel.get_title().split(":")[0] for panel in panels] == ["a", "b", "c", "d", "e"]
    few = plot_predictive(predicted, by="subject", max_panels=3)
    assert [panel.get_title().split(":")[0] for panel in few] == ["a", "c", "e"]
    assert "3 of 5 participants" in few[0].figure.legends[0].get_title().get_text()
    few[0].figure.canvas.draw()


def test_draws_from_results(predicted: Predicted) -> None:
    rt, choice = (values.reshape(3, 10, -1) for values in (predicted.predicted_rt, predicted.predicted_choice))
    dims = ("chain", "draw", "trial")
    groups = {
        "observed_data": {"rt": (("trial",), predicted.rt), "choice": (("trial",), predicted.choice)},
        "posterior_predictive": {"rt": (dims, rt), "choice": (dims, choice)},
    }
    idata = to_inference_data(groups, {}, {})
    again = from_results(idata, ("HH", "LL"))
    np.testing.assert_array_equal(again.predicted_rt, predicted.predicted_rt)
    ax = plot_predictive(idata, options=(0, 1.0))
    assert ax.get_title(loc="right").startswith("1: ")
    assert plot_predictive(idata, by="subject", subject=predicted.subject).shape == (SUBJECTS,)
    with pytest.raises(DataError, match="needs the participant of each trial"):
        plot_predictive(idata, by="subject")
    with pytest.raises(DataError, match="no group 'posterior_predictive'"):
        plot_predictive(to_inference_data({"observed_data": groups["observed_data"]}, {}, {}))


@pytest.fixture
def race(predicted: Predicted) -> Predicted:
    rng = np.random.default_rng(1)
    return replace(
        predicted,
        choice=rng.choice(3, size=predicted.choice.shape, p=(0.5, 0.3, 0.2)),
        predicted_choice=rng.choice(3, size=predicted.predicted_choice.shape, p=(0.5, 0.3, 0.2)),
        options=("left", "middle", "right"),
    )


def test_more_than_two_choices_stand_side_by_side(race: Predicted) -> None:
    ax = plot_predictive(race)
    bars = [patch.get_data() for patch in ax.patches if "observed" in patch.get_label()]
    areas = [np.sum(bar.values * np.diff(bar.edges)) for bar in bars]
    np.testing.assert_allclose(areas, [(race.choice == option).mean() for option in range(3)], atol=0.01)
    for before, after in itertools.pairwise(bars):
        assert before.edges.max() <= after.edges.min() + 0.01
    assert [text.get_text().split(":")[0] for text in ax.texts] == ["left", "middle", "right"]
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert labels[0] == "0" and labels == labels[: len(labels) // 3] * 3
    panels = plot_predictive(race, by="subject")
    assert panels.shape == (SUBJECTS,)
    panels[0].figure.canvas.draw()


def test_results_with_more_choices_than_labels(race: Predicted) -> None:
    rt, choice = (values[None] for values in (race.predicted_rt, race.predicted_choice))
    dims = ("chain", "draw", "trial")
    groups = {
        "observed_data": {"rt": (("trial",), race.rt), "choice": (("trial",), race.choice)},
        "posterior_predictive": {"rt": (dims, rt), "choice": (dims, choice)},
    }
    idata = to_inference_data(groups, {}, {})
    assert from_results(idata).options == (0, 1, 2)
    with pytest.raises(DataError, match="there are 3 choices, but options names 2"):
        plot_predictive(idata, options=("a", "b"))


def test_draws_one_choice_only(predicted: Predicted) -> None:
    ones = np.ones_like(predicted.choice)
    plot_predictive(replace(predicted, choice=ones)).figure.canvas.draw()


def test_names_shapes_that_do_not_fit(predicted: Predicted) -> None:
    with pytest.raises(DataError, match="predicted_rt does not fit the 400 observed"):
        replace(predicted, predicted_rt=predicted.predicted_rt[:, :-1])
    with pytest.raises(DataError, match="for two options or more, not 1"):
        replace(predicted, options=("a",))
