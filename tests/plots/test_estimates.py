"""Plots of draws: what is drawn is what the draws say, and who or what is not there is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hddm_sbi import plots
from hddm_sbi.errors import DataError
from hddm_sbi.plots.estimates import density_curve, participant_table, trade_offs
from hddm_sbi.plots.prior_posterior import within
from hddm_sbi.plots.shrinkage import shrinkage_table
from hddm_sbi.results.to_arviz import HAS_INFERENCE_DATA, group, thin
from tests.plots.made import draws

PLOTS: dict[str, Callable[..., Any]] = {
    "forest": lambda idata, ax=None, **options: plots.forest(idata, "v", ax, **options),
    "shrinkage": lambda idata, ax=None, **options: plots.shrinkage(idata, draws("none"), "v", ax, **options),
    "population": lambda idata, ax=None, **options: plots.population(idata, None, ax, **options),
    "prior_posterior": lambda idata, ax=None, **options: plots.prior_posterior(idata, None, ax, **options),
    "pairs": lambda idata, ax=None, **options: plots.pairs(idata, None, ax, **options),
}


def segments(ax: Axes, label: str) -> np.ndarray:
    """The ends of horizontal lines: (lines, 2, 2)."""
    (found,) = [one for one in ax.collections if one.get_label() == label]
    return np.array(found.get_segments())


@pytest.mark.parametrize("name", PLOTS)
def test_every_plot_takes_a_figure_or_axes(name: str) -> None:
    idata = draws()
    figure = Figure(layout="constrained")
    panels = PLOTS[name](idata, figure)
    assert all(panel.figure is figure for panel in panels)
    figure.canvas.draw()
    given = Figure().subplots(len(panels), 1, squeeze=False).ravel()
    np.testing.assert_array_equal(PLOTS[name](idata, given), given)
    if len(panels) > 1:
        first = PLOTS[name](idata, max_panels=1, page=2)
        assert len(first) == 1
    with pytest.raises(DataError, match="page is 99"):
        PLOTS[name](idata, page=99)
    with pytest.raises(DataError, match="max_panels is 'x'; give a positive integer"):
        PLOTS[name](idata, max_panels="x")


@pytest.mark.parametrize("name", PLOTS)
def test_too_few_draws_are_said(name: str) -> None:
    few = thin(draws(), 4)
    with pytest.raises(DataError, match=r"draws, too few to plot|have no group 'prior'"):
        PLOTS[name](few)


def test_participants_estimates() -> None:
    idata = draws()
    table = participant_table(group(idata, "posterior"), "v", interval=0.8)
    assert len(table) == 6 * 2 - 1  # the first never saw the second condition
    values = group(idata, "posterior")["v_subject"].sel(subject="p003", condition="cond=B").to_numpy().ravel()
    row = table[(table["participant"] == "p003") & (table["condition"] == "cond=B")].iloc[0]
    assert row["mean"] == pytest.approx(values.mean())
    np.testing.assert_allclose([row["low"], row["high"]], np.quantile(values, (0.1, 0.9)))


def test_forest_draws_them_in_order() -> None:
    idata = draws()
    panels = plots.forest(idata, "a")
    table = participant_table(group(idata, "posterior"), "a")
    labels = [label.get_text() for label in panels[0].get_yticklabels()]
    assert labels == table.sort_values("mean")["participant"].tolist()
    ends = segments(panels[0], "95% interval")
    np.testing.assert_allclose(ends[:, :, 0], table.sort_values("mean")[["low", "high"]])
    by_label = plots.forest(idata, "a", sort="label")
    assert [label.get_text() for label in by_label[0].get_yticklabels()] == [f"p{k:03d}" for k in range(6)][::-1]
    with pytest.raises(DataError, match="sort is 'size'"):
        plots.forest(idata, "a", sort="size")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="interval is 95"):
        plots.forest(idata, "a", interval=95)


def test_a_condition_is_a_panel() -> None:
    panels = plots.forest(draws(), "v")
    assert [panel.get_title() for panel in panels] == ["cond=A", "cond=B"]
    assert len(segments(panels[1], "95% interval")) == 5


def test_two_hundred_participants_stay_legible() -> None:
    many = draws(subjects=200)
    for panels in (plots.forest(many, "a"), plots.shrinkage(many, draws("none", subjects=200), "a")):
        labels = [label.get_text() for panel in panels for label in panel.get_yticklabels()]
        assert len(panels) == 4 and sorted(labels) == [f"p{k:03d}" for k in range(200)]
        panels[0].figure.canvas.draw()
        rows = panels[0].get_position().height * panels[0].figure.get_size_inches()[1] / 50
        assert rows * 72 > 6.0  # points, the size of the labels
    assert len(plots.forest(many, "v", max_panels=3)) == 2  # both conditions of fifty
    panels = plots.forest(many, "v", page=2)
    assert [panel.get_title() for panel in panels] == ["cond=A", "cond=B"] * 2
    assert "panels 5 to 8 of 8 (page 2 of 2)" in panels[0].figure.get_supxlabel()


def test_shrinkage_shows_both_estimates() -> None:
    pooled, own = draws(), draws("none", spread=0.9, seed=1)
    table = shrinkage_table(pooled, own, "a")
    assert table["own_mean"].tolist() == participant_table(group(own, "posterior"), "a")["mean"].tolist()
    panels = plots.shrinkage(pooled, own, "a")
    shown = table.set_index("participant").loc[[label.get_text() for label in panels[0].get_yticklabels()]]
    np.testing.assert_allclose(segments(panels[0], "alone, 95% interval")[:, :, 0], shown[["own_low", "own_high"]])
    np.testing.assert_allclose(segments(panels[0], "pooled, 95% interval")[:, :, 0], shown[["low", "high"]])


def test_shrinkage_needs_the_same_people_apart() -> None:
    with pytest.raises(DataError, match="own holds results of a hierarchical model"):
        plots.shrinkage(draws(), draws(), "v")
    with pytest.raises(DataError, match="the two results have other participants: 'p005' are in one of them only"):
        plots.shrinkage(draws(), draws("none", subjects=5), "a")


def test_population_densities() -> None:
    idata = draws()
    panels = plots.population(idata)
    assert [panel.get_xlabel() for panel in panels] == ["v", "a"]
    curves = [one for one in panels[0].lines if one.get_label() in ("cond=A", "cond=B")]
    for k, curve in enumerate(curves):
        values = group(idata, "posterior")["v"].to_numpy()[..., k].ravel()
        x, y = density_curve(values)
        np.testing.assert_allclose(curve.get_xydata(), np.column_stack([x, y]))
        assert 0.95 < np.trapezoid(y, x) <= 1.0
    with pytest.raises(DataError, match="have no population, since participants were fitted apart"):
        plots.population(_without_typical())
    with pytest.raises(DataError, match="'v_subject' has 11 values, too many densities for a panel"):
        plots.population(idata, "v_subject")


def _without_typical() -> object:
    idata = draws("none")
    posterior = group(idata, "posterior").drop_vars("p_outlier")
    idata["posterior"] = posterior
    return idata


def test_constants_are_lines() -> None:
    x, y = density_curve(np.full(100, 0.5))
    assert x.tolist() == [0.5] and len(y) == 1


def test_prior_and_posterior() -> None:
    idata = draws()
    panels = plots.prior_posterior(idata)
    assert [panel.get_xlabel() for panel in panels] == ["v[cond=A]", "v[cond=B]", "a"]
    before, after = (group(idata, name)["a"].to_numpy().ravel() for name in ("prior", "posterior"))
    (line,) = [one for one in panels[2].lines if one.get_label() == "prior"]
    np.testing.assert_allclose(line.get_xydata(), np.column_stack(density_curve(before[within(before, after)])))
    alone = thin(idata, 100)
    with pytest.raises(DataError, match="have no group 'prior'"):
        plots.prior_posterior(alone)
    assert len(plots.prior_posterior(alone, prior=idata)) == 3


def test_pairs_begin_with_the_strongest() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((2, 200))
    table = trade_offs([("x", x), ("y", y), ("z", -x + 0.1 * y), ("fixed", np.full(200, 0.5))])
    assert (table["first"][0], table["second"][0]) == ("x", "z") and table["correlation"][0] < -0.9
    assert len(table) == 3
    panels = plots.pairs(draws())
    assert len(panels) == 3
    size = [abs(float(panel.get_title().removeprefix("r = "))) for panel in panels]
    assert size == sorted(size, reverse=True)
    diverged = [one for one in panels[0].lines if one.get_label() == "diverged"]
    assert len(diverged[0].get_xdata()) == 3


def test_pairs_of_a_participant() -> None:
    panels = plots.pairs(draws(), subject="p000")
    assert len(panels) == 1 and {panels[0].get_xlabel(), panels[0].get_ylabel()} == {"v[cond=A]", "a"}
    with pytest.raises(DataError, match="subject is 'nobody'; the participants are 'p000'"):
        plots.pairs(draws(), subject="nobody")
    with pytest.raises(DataError, match="two parameters or more that vary"):
        plots.pairs(draws(), "a")


@pytest.mark.parametrize("plot", ["forest", "shrinkage"])
def test_parameters_that_are_not_there_are_said(plot: str) -> None:
    def draw(parameter: str) -> None:
        arguments = (draws(), draws("none")) if plot == "shrinkage" else (draws(),)
        getattr(plots, plot)(*arguments, parameter)

    with pytest.raises(DataError, match="the results have no parameter 'w'; they have 'v', 'a'"):
        draw("w")


def test_what_does_not_vary_by_participant_is_said() -> None:
    idata = draws("none")
    with pytest.raises(DataError, match="'p_outlier' does not vary by participant in these results; 'v', 'a' do"):
        plots.forest(idata, "p_outlier")
    for plot in (plots.population, plots.prior_posterior, plots.pairs):
        with pytest.raises(DataError, match="the results have no parameter 'w'"):
            plot(draws(), "w")
        for nothing in ([], 3):
            with pytest.raises(DataError, match=r"parameters is .*; give names, as in \['v', 'a'\]"):
                plot(draws(), nothing)


@pytest.mark.parametrize("name", PLOTS)
def test_both_kinds_of_results_are_drawn(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """InferenceData, and the DataTree that took its place in ArviZ 1."""
    kinds = []
    for inference_data in (HAS_INFERENCE_DATA, False):
        monkeypatch.setattr("hddm_sbi.results.to_arviz.HAS_INFERENCE_DATA", inference_data)
        kinds.append([panel.get_xlabel() for panel in PLOTS[name](draws())])
    assert kinds[0] == kinds[1]
