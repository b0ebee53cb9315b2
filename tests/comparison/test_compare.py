"""Models compared from their draws, in numbers and in sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hddm_sbi as hs
from hddm_sbi.comparison.compare import compare
from hddm_sbi.comparison.leaving_out import LeftOut, leave_out
from hddm_sbi.comparison.result import Comparison
from hddm_sbi.errors import DataError, ModelError
from hddm_sbi.inference.predictive import pointwise_log_prob
from hddm_sbi.results.to_arviz import thin
from tests.comparison.conftest import SHORT


@pytest.fixture(scope="module")
def found(fits: dict[str, Any]) -> Comparison:
    return hs.compare(fits, progress=False)


def test_the_model_with_the_effect_predicts_better(found: Comparison) -> None:
    table = found.table
    assert table.index.tolist() == ["condition", "none"]
    assert table["difference"].tolist()[0] == 0.0 and table.loc["none", "difference"] < -10.0
    assert found.pointwise.index.tolist() == list(range(11)) and found.pointwise.index.name == "participant"
    np.testing.assert_allclose(found.pointwise.sum(), table["elpd"])
    difference = found.pointwise["none"] - found.pointwise["condition"]
    assert table.loc["none", "se_difference"] == pytest.approx(np.sqrt(11) * difference.std(ddof=1))
    assert 1.0 < table.loc["condition", "p_loo"] < 8.0  # v, its effect, sd, a, t0
    assert (table["worst_k"] == found.k.max()).all() and (table["bad_k"] == found.unreliable.sum()).all()
    assert not table["mc_error"].isna().any() and table["mc_error"].max() < 1.0


def test_it_says_so(found: Comparison) -> None:
    text = str(found)
    # runs this short may not converge, which is said, and then nothing is ranked
    if found.table["verdict"].tolist() == ["best", "worse"]:
        assert "'condition' predicts participants that it has not seen better than 'none'" in text
        assert f"of {len(found.pointwise)} participants" in text
    else:
        assert "No ranking" in text and "cannot be used as they are" in text
    assert "predicted by the model from the other participants" in text


def test_trials_are_left_out_from_given_log_likelihoods_or_computed_ones(fits: dict[str, Any]) -> None:
    found = compare(fits, by="trial", progress=False)
    model, idata = fits["none"]
    fit = model.fitted(idata)
    values = leave_out(pointwise_log_prob(fit.spec, fit.bound, fit.coefficients))
    np.testing.assert_allclose(found.pointwise["none"], values.elpd)
    by_person = (found.pointwise["condition"] - found.pointwise["none"]).groupby(model.trials.subject).sum()
    assert found.table.loc["none", "se_difference"] == pytest.approx(np.sqrt(11) * by_person.std(ddof=1))
    assert found.table.loc["none", "p_loo"] > hs.compare(fits, progress=False).table.loc["none", "p_loo"]


def test_a_participant_may_be_left_out_by_sampling(fits: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    by_weights = compare(fits, progress=False)
    second = np.sort(by_weights.k.to_numpy().ravel())[-2]
    monkeypatch.setattr(LeftOut, "largest_k", property(lambda self: float(second) + 1e-9))
    monkeypatch.setattr("hddm_sbi.comparison.refit.DRAWS", 150)
    told = compare(fits, progress=False)
    (sentence,) = [line for line in told.sentences if "importance weights of 1 participant" in line]
    assert "300 draws bear" in sentence and "Sample at least 1,000 draws, which bear 0.67." in sentence
    monkeypatch.setattr("hddm_sbi.comparison.wording.FEWEST_FOR_LOO", 300)
    assert any(
        "compare(..., refit=True) samples the model without it" in line
        for line in compare(fits, progress=False).sentences
    )
    found = compare(fits, refit=True, progress=False)
    assert found.table["refitted"].sum() == 1 and not found.unreliable.to_numpy().any()
    changed = found.pointwise.to_numpy() != by_weights.pointwise.loc[:, found.pointwise.columns].to_numpy()
    assert changed.sum() == 1
    off = found.pointwise.to_numpy()[changed] - by_weights.pointwise.loc[:, found.pointwise.columns].to_numpy()[changed]
    assert abs(off[0]) < 0.5


def test_complete_pooling_does_not_need_participants(build: Callable[..., Any], fits: dict[str, Any]) -> None:
    models = [build(groupby=groupby, pooling="complete", shared=()) for groupby in ("subject", None)]
    idata = [model.sample(seed=0, **SHORT) for model in models]
    pair = {"known": (models[0], idata[0]), "unknown": (models[1], idata[1])}
    table = compare(pair, progress=False).table
    assert table["elpd"].iloc[0] == pytest.approx(table["elpd"].iloc[1], abs=1e-6)
    with_fits = compare({"all alike": pair["unknown"], **fits}, progress=False)
    assert with_fits.table.index.tolist() == ["condition", "none", "all alike"]


def test_results_of_both_kinds_are_compared(fits: dict[str, Any], found: Comparison, monkeypatch: Any) -> None:
    """InferenceData, and the DataTree that took its place in ArviZ 1."""
    monkeypatch.setattr("hddm_sbi.results.to_arviz.HAS_INFERENCE_DATA", False)
    trees = {name: (model, thin(idata, 300)) for name, (model, idata) in fits.items()}
    again = compare(trees, progress=False)
    np.testing.assert_allclose(again.pointwise, found.pointwise)


def test_what_cannot_be_compared_is_said(fits: dict[str, Any], build: Callable[..., Any]) -> None:
    (model, idata), other = fits["condition"], fits["none"]
    for given, sentence in (
        ({"a": (model, idata)}, "there is only 'a' to compare; give two models"),
        ({}, "there is nothing to compare"),
        ({1: (model, idata), "1": (model, idata)}, "two models are called '1'"),
        ([(model, idata)], r"compare takes \{name: \(model, idata\), ...\}, not list"),
        ({"a": (model, idata), "b": model}, "'b' is of type HierarchicalDDM; give a model and"),
    ):
        with pytest.raises(ModelError, match=sentence):
            compare(given)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="of 'b', the results"):
        compare({"a": (model, idata), "b": (other[0], idata)})
    with pytest.raises(DataError, match="'b' has 40 draws, too few to leave anything out; sample at least 100"):
        compare({"a": (model, idata), "b": (other[0], thin(other[1], 40))})
