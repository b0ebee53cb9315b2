"""Drawn are the numbers of the tables: cumulated shares, quantiles over shares, accuracy and effects by speed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hddm_sbi import plots
from hddm_sbi.errors import DataError
from hddm_sbi.plots.cells import cells_of
from hddm_sbi.plots.observed import Predicted
from hddm_sbi.plots.tables import accuracy_table, delta_table, quantile_table

Plot = Callable[..., Any]
ALL: dict[str, Plot] = {
    "predictive": plots.predictive,
    "cdf": plots.cdf,
    "conditional_accuracy": plots.conditional_accuracy,
    "delta": lambda data, ax=None, **options: plots.delta(data, "cond", ax, **options),
    "quantile_probability": plots.quantile_probability,
}
IN_PANELS = [name for name in ALL if name != "quantile_probability"]


def line(ax: Axes, label: str) -> np.ndarray:
    """The points of a line, shape (points, 2)."""
    (found,) = [one for one in ax.lines if one.get_label() == label]
    return found.get_xydata()


def omitting(data: Predicted) -> Predicted:
    late, predicted_late = data.rt > 1.2, data.predicted_rt > 1.2
    return replace(
        data, rt=np.where(late, np.nan, data.rt), choice=np.where(late, -1, data.choice),
        predicted_rt=np.where(predicted_late, np.nan, data.predicted_rt),
        predicted_choice=np.where(predicted_late, -1, data.predicted_choice),
    )  # fmt: skip


@pytest.fixture
def race(predicted: Predicted) -> Predicted:
    rng = np.random.default_rng(1)
    return replace(
        predicted,
        choice=rng.choice(3, size=predicted.choice.shape, p=(0.5, 0.3, 0.2)),
        predicted_choice=rng.choice(3, size=predicted.predicted_choice.shape, p=(0.5, 0.3, 0.2)),
        options=("left", "middle", "right"),
    )


@pytest.mark.parametrize("name", ALL)
def test_every_plot_takes_and_returns_axes(name: str, predicted: Predicted, race: Predicted) -> None:
    for data in (predicted, omitting(predicted), race, omitting(race)):
        ax = Figure(layout="constrained").subplots()
        assert ALL[name](data, ax) is ax
        ax.figure.canvas.draw()
        assert ax.get_xlabel()
    with pytest.raises(DataError, match="give matplotlib axes, a figure, or leave it out"):
        ALL[name](predicted, "axes")


@pytest.mark.parametrize("name", IN_PANELS)
def test_every_plot_has_panels(name: str, predicted: Predicted) -> None:
    panels = ALL[name](predicted, by="subject")
    assert [panel.get_title().split(":")[0] for panel in panels] == ["a", "b", "c", "d", "e"]
    figure = Figure(layout="constrained")
    assert all(panel.figure is figure for panel in ALL[name](predicted, figure, by="side"))
    given = Figure().subplots(1, 2)
    np.testing.assert_array_equal(ALL[name](predicted, given, by="side"), given)
    with pytest.raises(DataError, match="this plot has 5 panels, but ax holds 1; give a figure, or axes for each"):
        ALL[name](predicted, Figure().subplots(), by="subject")
    second = ALL[name](predicted, by="subject", max_panels=2, page=2)
    assert [panel.get_title().split(":")[0] for panel in second] == ["c", "d"]
    assert "participants 3 to 4 of 5 (page 2 of 3)" in second[0].figure.legends[0].get_title().get_text()
    with pytest.raises(DataError, match="page is True; 5 participants fill 1 page of 16: give 1"):
        ALL[name](predicted, by="subject", page=True)
    with pytest.raises(DataError, match="max_panels is 0; give a positive integer"):
        ALL[name](predicted, by="subject", max_panels=0)
    with pytest.raises(DataError, match="page is 4; 5 participants fill 3 pages of 2: give 1 to 3"):
        ALL[name](predicted, by="subject", max_panels=2, page=4)


@pytest.mark.parametrize("name", [name for name in ALL if name != "predictive"])
def test_plots_of_times_need_times(name: str, predicted: Predicted) -> None:
    nothing = replace(predicted, rt=np.full_like(predicted.rt, np.nan))
    with pytest.raises(DataError, match="shows response times, and none were seen"):
        ALL[name](nothing)


@pytest.mark.parametrize("name", ALL)
def test_omissions_are_shown(name: str, predicted: Predicted) -> None:
    data = omitting(predicted)
    ax = ALL[name](data)
    legend = ax.get_legend()
    told = [ax.get_title(loc="center"), ax.get_title(loc="right"), legend.get_title().get_text()]
    share = 100.0 * np.isnan(data.rt).mean()
    assert any(f"no response: {share:.1f}%" in text for text in told)


def test_cumulated_shares(predicted: Predicted) -> None:
    ax = plots.cdf(predicted)
    observed = line(ax, "LL, observed")
    assert observed[-1, 1] == pytest.approx(((predicted.choice == 1) & (predicted.rt <= observed[-1, 0])).mean())
    assert np.all(np.diff(line(ax, "HH, predicted (95%)")[:, 1]) >= 0.0)


def test_what_is_never_chosen_has_no_curve(predicted: Predicted) -> None:
    go = replace(
        predicted, rt=np.where(predicted.choice == 1, predicted.rt, np.nan),
        choice=np.where(predicted.choice == 1, 1, -1), predicted_choice=np.ones_like(predicted.predicted_choice),
    )  # fmt: skip
    assert plots.cdf(go).get_legend_handles_labels()[1] == ["LL, predicted (95%)", "LL, observed"]


def test_quantiles_over_shares(predicted: Predicted) -> None:
    ax = plots.quantile_probability(predicted, by="cond")
    table = quantile_table(predicted, cells_of(predicted, "cond"))
    for option, name in enumerate(predicted.options):
        own = table[table["option"] == option]
        np.testing.assert_allclose(line(ax, f"{name}, observed"), own[["share", "observed"]])
    assert [text.get_text() for text in ax.texts] == ["cond=A", "cond=B"] * 2


def test_conditions_of_quantiles_are_paged(predicted: Predicted) -> None:
    labels = np.arange(len(predicted.rt)) % 30
    ax = plots.quantile_probability(predicted, by=labels, page=3)
    assert {text.get_text() for text in ax.texts} <= {str(k) for k in range(24, 30)}
    assert "labels 25 to 30 of 30 (page 3 of 3)" in ax.get_legend().get_title().get_text()


def test_accuracy_by_speed(predicted: Predicted) -> None:
    table = accuracy_table(predicted, cells_of(predicted, None), option=0, bins=4)
    ax = plots.conditional_accuracy(predicted, option="HH", bins=4)
    np.testing.assert_allclose(line(ax, "observed"), table[["rt", "observed"]])
    np.testing.assert_allclose(line(ax, "predicted (95%)"), table[["rt_median", "median"]])
    assert ax.get_ylabel() == "share of HH among the responses"
    with pytest.raises(DataError, match="option is 'XX'; choose one of 'HH', 'LL'"):
        plots.conditional_accuracy(predicted, option="XX")


def test_effects_by_speed(predicted: Predicted) -> None:
    table = delta_table(predicted, cells_of(predicted, "cond"), average=True)
    ax = plots.delta(predicted, "cond")
    np.testing.assert_allclose(line(ax, "observed"), table[["rt", "observed"]])
    turned = plots.delta(predicted, "cond", levels=("B", "A"))
    np.testing.assert_allclose(line(turned, "observed")[:, 1], -table["observed"])
    assert turned.get_ylabel() == "cond=A less cond=B, rt of LL (s)"
    whole = plots.delta(predicted, "cond", option="all", average=False)
    assert whole.get_ylabel() == "cond=B less cond=A, rt (s)"


def test_effects_are_of_two_levels(predicted: Predicted) -> None:
    three = replace(predicted, columns={"x": np.arange(len(predicted.rt)) % 3})
    with pytest.raises(DataError, match="delta compares two levels, and 'x' has 3, 'x=0', 'x=1', 'x=2'; choose two"):
        plots.delta(three, "x")
    assert "x=2 less x=0" in plots.delta(three, "x", levels=(0, 2)).get_ylabel()
    with pytest.raises(DataError, match="levels names 7, but 'x' has 0, 1, 2"):
        plots.delta(three, "x", levels=(0, 7))
    with pytest.raises(DataError, match="levels is 7; give two levels of 'x'"):
        plots.delta(three, "x", levels=7)  # type: ignore[arg-type]


def test_a_condition_in_which_nobody_responds_has_its_panel(predicted: Predicted) -> None:
    never = predicted.columns["cond"] == "B"
    data = replace(predicted, rt=np.where(never, np.nan, predicted.rt), choice=np.where(never, -1, predicted.choice))
    panels = plots.predictive(data, by="cond")
    upper = 100.0 * predicted.predicted_choice[:, never].mean()
    assert panels[1].texts[0].get_text() == "no response times"
    assert panels[1].get_title() == f"cond=B: 0/100% ({upper:.0f}/0%)"
    for name in ("cdf", "conditional_accuracy"):
        ALL[name](data, by="cond")[1].figure.canvas.draw()


def test_two_hundred_participants_stay_legible() -> None:
    rng = np.random.default_rng(2)
    n = 200 * 20
    data = Predicted(
        rt=0.3 + rng.gamma(2.0, 0.3, n), choice=rng.integers(0, 2, n), predicted_rt=0.3 + rng.gamma(2.0, 0.3, (4, n)),
        predicted_choice=rng.integers(0, 2, (4, n)), subject=np.repeat(np.arange(200), 20),
    )  # fmt: skip
    panels = plots.predictive(data, by="subject")
    assert len(panels) == 16
    assert "16 of 200 participants" in panels[0].figure.legends[0].get_title().get_text()
    shown: list[str] = []
    for page in range(1, 14):
        panels = plots.predictive(data, by="subject", page=page)
        width, height = panels[0].get_position().size * panels[0].figure.get_size_inches()
        assert width > 1.2 and height > 0.8  # inches
        shown += [panel.get_title().split(":")[0] for panel in panels]
    assert shown == [str(k) for k in range(200)]
