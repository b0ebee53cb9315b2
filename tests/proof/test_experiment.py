"""Simulated experiments are the user's own: what was seen, cut off, or not recorded, and what is fitted to them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.errors import DataError
from hddm_sbi.inference.prior import prior_coefficients
from hddm_sbi.proof.truths import FromDraws, FromPrior, FromTable, truths_of
from tests.proof.conftest import PRIORS, SDS, experiment

COMMON: dict[str, Any] = {
    "groupby": "subject", "likelihood": "exact", "fixed": {"z": 0.5}, "shared": "t0", "priors": PRIORS | SDS
}  # fmt: skip


def some_missing() -> pd.DataFrame:
    """Some times, and some choices, were not recorded."""
    table = experiment()
    return table.assign(
        rt=table["rt"].mask(table.index % 10 == 3), response=table["response"].mask(table.index % 10 == 5)
    )


def test_what_was_not_recorded_is_not_simulated() -> None:
    with pytest.warns(match="times|choices|response"):
        model = HierarchicalDDM(some_missing(), deadline=5.0, p_outlier=0, **COMMON)
    own = model._experiment()
    rt, choice = own.simulate(prior_coefficients(own.spec, 1, 3), seed=4)
    no_time, no_choice = np.isnan(some_missing()["rt"]), np.isnan(some_missing()["response"])
    omitted = np.isnan(rt) & (choice < 0)
    np.testing.assert_array_equal(np.isnan(rt)[~omitted], no_time[~omitted])
    np.testing.assert_array_equal((choice < 0)[~omitted], no_choice[~omitted])


def test_truncated_trials_stay_within_and_late_ones_are_omitted() -> None:
    table = experiment()
    model = HierarchicalDDM(table[table["rt"] < 1.2], truncate=(None, 1.2), p_outlier=0, **COMMON)
    rt, choice = model._experiment().simulate(FromPrior().draw(model._experiment(), 0, np.random.default_rng(1)), 4)
    assert (rt < 1.2).all() and (choice >= 0).all() and len(rt) == (table["rt"] < 1.2).sum()
    late = table["rt"] > 1.0
    cut = table.assign(rt=table["rt"].mask(late), response=table["response"].mask(late))
    model = HierarchicalDDM(cut, deadline=1.0, p_outlier=0, **COMMON)
    rt, choice = model._experiment().simulate(FromPrior().draw(model._experiment(), 0, np.random.default_rng(1)), 4)
    assert np.nanmax(rt) <= 1.0 and np.isnan(rt).any()
    np.testing.assert_array_equal(np.isnan(rt), choice < 0)


def test_parameters_that_allow_no_trial_are_refused(small: HierarchicalDDM) -> None:
    own = HierarchicalDDM(
        experiment(), links={"a": "identity"}, p_outlier=0, **{**COMMON, "priors": None}
    )._experiment()
    coefficients = prior_coefficients(own.spec, 1, 0)
    coefficients["a_Intercept"] = coefficients["a_Intercept"] * 0.0 - 5.0
    with pytest.raises(DataError, match="allow no response on 120 of 120 trials"):
        own.simulate(coefficients, 0)


def test_the_fit_of_other_outcomes_keeps_model_and_lapse_window(small: HierarchicalDDM) -> None:
    model = HierarchicalDDM(experiment(), **COMMON)
    own = model._experiment()
    rt, choice = own.simulate(prior_coefficients(own.spec, 1, 0), 0)
    refit = model._showing(model._bound.showing(rt * 3.0, choice), model.trials.showing(rt * 3.0, choice))
    assert refit.lapse == model.lapse
    assert refit.potential.ndim == model.potential.ndim
    u = np.zeros(model.potential.ndim)
    assert refit.log_density(u) != model.log_density(u)
    both = model._showing(
        model._bound.on(model._bound.trials.joined(model._bound.trials)),
        model.trials.beside(model.trials.rt, model.trials.choice), np.tile(model.spec.row, 2),
    )  # fmt: skip
    # the likelihood counts twice, the prior once
    prior = model.log_density(u) - model._bound.log_prob(_theta(model, u)).sum()
    assert both.log_density(u) - prior == pytest.approx(2.0 * (model.log_density(u) - prior))
    assert model.log_density(u) == HierarchicalDDM(experiment(), **COMMON).log_density(u)  # and is untouched


def _theta(model: HierarchicalDDM, u: np.ndarray) -> np.ndarray:
    from hddm_sbi.inference.layout import coefficients
    from hddm_sbi.spec.linear import natural_parameters

    return natural_parameters(model.spec, coefficients(model.spec, u[None, None]))[0, 0]


class TestTruths:
    def test_a_table_gives_the_population_and_draws_participants(self, small: HierarchicalDDM) -> None:
        own = small._experiment()
        table = pd.DataFrame(
            {
                "v_Intercept": [1.0, 2.0], "a_Intercept": [0.3, 0.4], "t0_Intercept": [-1.2, -1.1],
                "v_Intercept_subject_sd": [0.0, 0.5], "a_Intercept_subject_sd": [0.1, 0.2],
            }
        )  # fmt: skip
        truths = FromTable.of(own, table)
        first, second, third = (own.posterior(truths.draw(own, k, np.random.default_rng(k))) for k in range(3))
        assert first["v"].item() == third["v"].item() == 1.0 and second["v"].item() == 2.0
        assert second["v_Intercept_subject_sd"].item() == 0.5
        np.testing.assert_allclose(first["v_subject"], 1.0)
        drawn = np.concatenate(
            [
                own.posterior(truths.draw(own, 1, np.random.default_rng(k)))["v_subject"].values.ravel()
                for k in range(60)
            ]
        )
        assert drawn.mean() == pytest.approx(2.0, abs=4 * 0.5 / np.sqrt(240))
        assert drawn.std() == pytest.approx(0.5, rel=4 / np.sqrt(480))

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"v": [1.0]}, "has the column 'v', which is no value of this model's population"),
            ({"a_Intercept": None}, "lacks the column 'a_Intercept': give each a value"),
            ({"a_Intercept": ["much"]}, "no number in the column 'a_Intercept'"),
        ],
        ids=["unknown", "missing", "text"],
    )
    def test_a_table_that_does_not_fit_is_refused(self, change: dict, words: str, small: HierarchicalDDM) -> None:
        full = {"v_Intercept": [1.0], "a_Intercept": [0.3], "t0_Intercept": [-1.2], "v_Intercept_subject_sd": [0.1],
                "a_Intercept_subject_sd": [0.1]}  # fmt: skip
        table = pd.DataFrame({name: value for name, value in {**full, **change}.items() if value is not None})
        with pytest.raises(DataError, match=words):
            truths_of(small._experiment(), table, None)

    def test_draws_are_those_of_the_posterior(self, small: HierarchicalDDM, posterior: Any) -> None:
        own, truths = small._experiment(), FromDraws.of(small._coefficients(posterior))
        found = own.posterior(truths.draw(own, 0, np.random.default_rng(2)))
        draws = posterior["posterior"]
        at = [np.abs(draws["v"].values.ravel() - found["v"].item()).argmin()]
        np.testing.assert_allclose(
            found["v_subject"].values.ravel(), draws["v_subject"].values.reshape(-1, 4)[at[0]], rtol=1e-10
        )

    def test_nothing_else_is_taken_for_truth(self, small: HierarchicalDDM) -> None:
        with pytest.raises(DataError, match="truth is 'posterior'; give 'prior'"):
            small.recover(20, "posterior")
        with pytest.raises(DataError, match="the results are 3; give what sample returned"):
            small.recover(20, 3)
        with pytest.raises(DataError, match="truth of sbc is a table"):
            small.sbc(20, pd.DataFrame())
