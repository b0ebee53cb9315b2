"""Certificates of fits by sound and by spoiled networks, beside fits by the exact likelihood."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import hddm_sbi as hs
from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.choose import Chosen
from hddm_sbi.errors import DataError, ModelError
from hddm_sbi.results.certificate import Certificate
from hddm_sbi.results.certify import Certifier, Fit
from hddm_sbi.results.quantities import quantities
from hddm_sbi.results.to_arviz import thin
from tests.inference.spoiled import DriftTwice

DRAWS, CHAINS = 400, 2
# Of each chain, where means are compared.
MANY = 1600
# Certificates of a sound likelihood, by method.
SEEDS = {"auto": 1, "reweighting": 1, "score": 5}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Four participants of 150 trials."""
    theta = [(1.0, 1.5, 0.5, 0.3), (0.6, 1.8, 0.45, 0.25), (1.4, 1.3, 0.55, 0.35), (0.9, 1.6, 0.5, 0.28)]
    rt, choice = hs.simulate("ddm", theta, 150, seed=4)
    return pd.DataFrame({"subject": np.repeat(range(4), 150), "rt": rt.ravel(), "response": choice.ravel()})


def _fit(
    table: pd.DataFrame, likelihood: Any, seed: int = 1, draws: int = DRAWS, **options: Any
) -> tuple[HierarchicalDDM, Any]:
    model = HierarchicalDDM(table, likelihood=likelihood, **{"groupby": "subject", **options})
    return model, model.sample(draws=draws, tune=300, chains=CHAINS, seed=seed, progress=False)


@pytest.fixture(scope="module")
def exact(table: pd.DataFrame) -> np.ndarray:
    """Draws of the quantities by the exact likelihood."""
    found = quantities(_fit(table, "exact", seed=7, draws=MANY)[1])
    return found.draws.reshape(-1, len(found.labels))


@pytest.fixture(scope="module")
def sound(table: pd.DataFrame) -> tuple[HierarchicalDDM, Any]:
    return _fit(table, "nle")


def _spoiled(net: str, scale: float = 1.0, noise: float = 0.0) -> Any:
    """The bundled network with the last layer of one of its networks scaled, or with noise on its weights."""
    network = copy.deepcopy(hs.load_pretrained("ddm"))
    last = [layer for layer in getattr(network, net).modules() if isinstance(layer, nn.Linear)][-1]
    with torch.no_grad():
        step = torch.randn(last.weight.shape, generator=torch.Generator().manual_seed(1)).to(last.weight)
        last.weight.add_(noise * last.weight.std() * step).mul_(scale)
        last.bias.mul_(scale)
    return network


def _actual(idata: Any, exact: np.ndarray) -> np.ndarray:
    """What the certificate estimates: the difference of the means in sds of the network's posterior."""
    found = quantities(idata)
    draws = found.draws.reshape(-1, len(found.labels))
    return (draws.mean(axis=0) - exact.mean(axis=0)) / draws.std(axis=0)


def _certificates(model: HierarchicalDDM, idata: Any, method: str) -> list[Certificate]:
    """By simulations of five seeds; reweighting takes none, and one certificate tells all.

    Of the score tests of a sound network one in thousands fails by the chance of its simulations (see
    ``results.shifts.SURELY``; none of 150 here): most of five fail with a chance of 10 p^3, p being that of each, which
    is below that of ``tests.chances`` while p is below 0.002.
    """
    return [model.certify(idata, method=method, seed=seed, seconds=120.0) for seed in range(SEEDS[method])]


def _most_pass(made: list[Certificate]) -> bool:
    return 2 * sum(one.passed for one in made) > len(made)


def _shift(made: list[Certificate]) -> np.ndarray:
    return np.mean([one.table["shift"] for one in made], axis=0)


@pytest.mark.parametrize("method", ["auto", "score"])
def test_the_bundled_network_passes(sound, method: str) -> None:
    model, idata = sound
    made = _certificates(model, idata, method)
    assert _most_pass(made), str(made[0])
    # by reweighting 0.024 +- 0.004, and the means of five score tests have errors of at most 0.022
    assert np.abs(_shift(made)).max() < 0.2
    for one in made:
        assert one.table["method"].iloc[0] == ("reweighting" if method == "auto" else "score test")
        assert "All draws lie within the range" in str(one)


@pytest.mark.parametrize(
    ("spoiled", "variable", "sign"),
    [
        ({"net": "choice_net", "scale": 0.75}, "v", 1),
        pytest.param({"net": "time_net", "noise": 2.0}, "", 0, marks=pytest.mark.slow),
    ],
)
def test_a_spoiled_network_is_caught_and_both_methods_agree_with_the_exact_fit(
    table, exact, spoiled, variable: str, sign: int
) -> None:
    """In the mean of five fits: those of one have errors of about 0.06, and its weights hang on a few draws."""
    fits = [_fit(table, _spoiled(**spoiled), seed) for seed in range(5)]
    actual = np.mean([_actual(idata, exact) for _, idata in fits], axis=0)
    assert np.abs(actual).max() > 0.5  # 0.9 and 1.8, give or take 0.05
    for method in ("reweighting", "score"):
        made = [model.certify(idata, method=method) for model, idata in fits]
        for one in made:
            assert not one.passed
            assert "NOT good enough" in one.sentence
        shift = pd.Series(_shift(made), made[0].table.index)
        # right to first order: 0.94 to 0.99, and 0.86 to 1.12, in eight such means of each network
        assert np.corrcoef(shift, actual)[0, 1] > 0.8
        assert 0.6 < shift @ actual / (actual @ actual) < 1.6
        if sign:
            # 0.5, give or take 0.07; three of the five would have to be fine
            assert np.sign(shift[variable]) == sign
            assert sum(one.table.loc[variable, "verdict"] != "fine" for one in made) > 2


@pytest.mark.slow
def test_the_bundled_network_passes_on_the_bundled_experiment(cavanagh) -> None:
    model, idata = _fit(cavanagh, "nle", groupby="participant_id")
    for method in ("reweighting", "score"):
        made = _certificates(model, idata, method)
        assert _most_pass(made), str(made[0])


def test_a_network_that_finds_half_the_drift_is_caught() -> None:
    """Its posterior is the exact one with every drift halved, the prior mattering little for so many trials."""
    rt, choice = hs.simulate("ddm", [0.5, 1.5, 0.5, 0.3], 600, seed=3)
    table = pd.DataFrame({"rt": rt, "response": choice})
    model, idata = _fit(table, "exact", groupby=None, p_outlier=0)
    coefficients = model._coefficients(idata)
    coefficients["v_Intercept"] = 0.5 * coefficients["v_Intercept"]
    found = quantities(idata)
    is_drift = np.array([name.startswith("v") for name in found.variables])
    found = replace(found, columns=tuple(np.moveaxis(np.where(is_drift, 0.5 * found.draws, found.draws), -1, 0)))
    fit = Fit(model.spec, model._bound.trials, model.ssm, Chosen(DriftTwice(), "nle"), None, coefficients, found, None)
    made = Certifier(fit).certify()
    # so far from the exact posterior weights are of no use
    assert made.table["method"].iloc[0] == "score test"
    assert not made.passed
    assert "moves v" in made.sentence
    drifts = found.draws.reshape(-1, len(found.labels))[:, is_drift]
    actual = -(drifts.mean(axis=0) / drifts.std(axis=0))
    # far beyond first order: the sign, and the size within a factor of three, 0.56 give or take 0.02
    assert (made.table["shift"][is_drift] / actual).between(1 / 3, 3).all()
    assert made.table["shift"][~is_drift].abs().max() < 0.25 * np.abs(actual).max()  # 0.06, give or take 0.014
    assert made.density.distance > 0.05  # 0.09, give or take 0.002
    assert "too far from the exact one" in Certifier(fit).certify("reweighting").sentence


def test_a_model_without_an_exact_likelihood_gets_the_score_test(table) -> None:
    ddm = hs.get_model("ddm")
    # another simulator of the same law, of which nobody knows that it has a formula
    own = replace(ddm, name="own", simulator=lambda theta, n, seed: ddm.simulator(theta, n, seed))
    network = hs.load_pretrained("ddm")
    network.card = {"model": "own"}
    model, idata = _fit(table, network, model=own)
    made = _certificates(model, idata, "score")
    assert _most_pass(made), str(made[0])
    made.append(model.certify(idata))
    for one in made:
        assert one.table["method"].iloc[0] == "score test"
        assert not one.has_exact
    with pytest.raises(ModelError, match="no exact likelihood to reweight to"):
        model.certify(idata, method="reweighting")


def test_the_exact_likelihood_is_certified_by_simulation(table) -> None:
    model, idata = _fit(table, "exact", groupby=None)
    with pytest.raises(ModelError, match="the likelihood is exact: there is no network to certify"):
        model.certify(idata)
    made = _certificates(model, idata, "score")
    assert _most_pass(made), str(made[0])
    for one in made:
        assert one.sentence.startswith("The likelihood is good enough") == one.passed
        assert one.table["method"].iloc[0] == "score test"


def test_the_same_seed_gives_the_same_certificate(sound) -> None:
    model, idata = sound
    few = thin(idata, 100)
    made, again = (model.certify(few, method="score", tolerance=0.3, seconds=600.0, seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(made.table, again.table)


def test_draws_that_tell_no_posterior_are_refused(sound) -> None:
    """None of them would show a shift: quantities that do not move have none."""
    model, idata = sound
    with pytest.raises(DataError, match="the results have 2 draws; a certificate needs at least 20"):
        model.certify(thin(idata, 1))
    coefficients = model._coefficients(idata)
    coefficients["v_Intercept"] = np.full_like(coefficients["v_Intercept"], 0.1)
    lapses, seen = model.likelihood.lapses, model._bound.trials
    fit = Fit(model.spec, seen, model.ssm, model._chosen, lapses, coefficients, quantities(idata), None)
    with pytest.raises(DataError, match="the draws of 'v_Intercept' do not move"):
        Certifier(fit)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "no method 'magic'"),
        ({"tolerance": 0.0}, "tolerance is 0.0"),
        ({"seconds": -1}, "seconds is -1"),
        ({"tolerance": "a"}, "tolerance is 'a'; give a number above 0"),
        ({"seed": -1}, "seed is -1; it must be a non-negative integer"),
    ],
)
def test_bad_options_are_refused(sound, options, message: str) -> None:
    model, idata = sound
    with pytest.raises(ModelError, match=message):
        model.certify(idata, **options)


@pytest.mark.filterwarnings("ignore:the covariate 'x'")
def test_results_of_another_model_are_refused(sound, table) -> None:
    _, idata = sound
    other = table.assign(x=0.1 * (np.arange(len(table)) % 7))
    with pytest.raises(DataError, match="they belong to another model"):
        HierarchicalDDM(other, formula="v ~ x", groupby="subject").certify(idata)
