from __future__ import annotations

import numpy as np
import pytest

from hddm_sbi.results.quantities import KINDS, quantities
from hddm_sbi.results.summary import summarise
from hddm_sbi.results.to_arviz import arviz, group, to_inference_data

ROWS = [
    ("v[conf=HC]", "typical"),
    ("v[conf=LC]", "typical"),
    ("p_outlier", "typical"),
    ("v_mean[conf=HC]", "mean"),
    ("v_mean[conf=LC]", "mean"),
    ("v_Intercept", "coefficient"),
    ("v_conf[LC]", "coefficient"),
    ("v_Intercept_subject_sd", "sd"),
    ("v_subject[10, conf=HC]", "participant"),
    ("v_subject[10, conf=LC]", "participant"),
    ("v_subject[2, conf=LC]", "participant"),
    ("v_subject[33, conf=HC]", "participant"),
    ("v_subject[33, conf=LC]", "participant"),
    ("v_Intercept_subject[10]", "deviation"),
    ("v_Intercept_subject[2]", "deviation"),
    ("v_Intercept_subject[33]", "deviation"),
]


def test_rows_are_ordered_and_without_empty_cells(make_results) -> None:
    table = summarise(make_results())
    assert list(zip(table.index, table["kind"], strict=True)) == ROWS
    assert set(table["kind"]) <= set(KINDS)
    assert table.index.name == "quantity"
    assert table.drop(columns=["variable", "kind"]).notna().all(axis=None)


def test_numbers_are_those_of_the_draws(make_results) -> None:
    idata = make_results()
    row = summarise(idata).loc["v[conf=LC]"]
    draws = group(idata, "posterior")["v"].sel(condition="conf=LC").to_numpy()
    assert row["mean"] == pytest.approx(draws.mean())
    assert row["sd"] == pytest.approx(draws.std(ddof=1))
    assert (row["2.5%"], row["97.5%"]) == pytest.approx(tuple(np.quantile(draws, (0.025, 0.975))))
    assert row["ess_bulk"] == pytest.approx(float(arviz.ess(draws, method="bulk")))
    assert row["r_hat"] == pytest.approx(float(arviz.rhat(draws)))
    tails = [float(arviz.ess(draws, method="quantile", prob=prob)) for prob in (0.05, 0.95)]
    assert row["ess_tail"] == pytest.approx(min(tails))


def test_constants_are_no_estimates() -> None:
    """The drift is 0 where S is in ``v ~ 0 + S``, whatever the data."""
    rng, sample = np.random.default_rng(0), ("chain", "draw")
    v = rng.normal(size=(2, 8, 3)) * np.array([0.0, 1.0, 1.0])
    v[..., 2] = np.inf
    posterior = {"v": ((*sample, "condition"), v), "v_S": (sample, v[..., 1])}
    coords = {"condition": ("S=0", "S=1", "S=2")}
    idata = to_inference_data({"posterior": posterior}, coords, {})
    assert quantities(idata).labels == ("v[S=1]", "v[S=2]", "v_S")  # what is not finite has to be seen
    single = {"v_S": (sample, v[:1, :1, 1])}  # of a single draw nothing is known to vary
    assert quantities(to_inference_data({"posterior": single}, {}, {})).labels == ("v_S",)


def test_without_population_participants_are_told_from_deviations() -> None:
    sample = ("chain", "draw")
    rng = np.random.default_rng(0)
    posterior = {
        "v_Intercept_subject": ((*sample, "subject"), rng.normal(size=(2, 8, 2))),
        "v_subject": ((*sample, "subject"), rng.normal(size=(2, 8, 2))),
    }
    found = quantities(to_inference_data({"posterior": posterior}, {"subject": (1, 2)}, {}))
    assert found.kinds == ("participant", "participant", "deviation", "deviation")
    assert found.labels[:2] == ("v_subject[1]", "v_subject[2]")
    assert found.draws.shape == (2, 8, 4)


@pytest.mark.parametrize("groups", [True, False])
def test_the_drift_criterion_is_a_parameter_of_its_own(make_results, groups) -> None:
    draws = np.random.default_rng(0).normal(size=(4, 250))
    own = {"v_bias": draws, "v_bias_mean": draws, "v_bias_cond": draws} if groups else {"v_bias_Intercept": draws}
    table = summarise(make_results({**own, "v_bias": draws}))
    kinds = table.loc[[name for name in table.index if name.startswith("v_bias")], "kind"].to_dict()
    expected = {
        "v_bias": "typical",
        "v_bias_mean": "mean",
        "v_bias_cond": "coefficient",
        "v_bias_Intercept": "coefficient",
    }
    assert kinds == {name: expected[name] for name in ("v_bias", *own)}
    # without its mean or intercept it is the coefficient of a covariate called bias
    assert summarise(make_results({"v_bias": draws})).loc["v_bias", "kind"] == "coefficient"


def test_a_covariate_called_sd_is_a_coefficient(make_results) -> None:
    draws = np.random.default_rng(0).normal(size=(4, 250))
    table = summarise(make_results({"v_sd": draws, "t0": draws, "t0_Intercept": draws}))
    assert table.loc["v_sd", "kind"] == "coefficient"
    assert table.loc["t0", "kind"] == "typical"
    assert table.loc["t0_Intercept", "kind"] == "coefficient"
