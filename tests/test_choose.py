"""From a kind to a likelihood, and log_likelihood as a user calls it."""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sbi.neural_nets.net_builders import build_mnle

from hddm_sbi.choose import choose_likelihood, log_likelihood
from hddm_sbi.errors import HDDMWarning, ModelError, WeightsError
from hddm_sbi.likelihoods.formulas import find_exact, get_exact
from hddm_sbi.likelihoods.neural.generic import EstimatorLikelihood
from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood
from hddm_sbi.ssm import get_model, simulate
from hddm_sbi.weights.checkpoint import save_checkpoint, sha256
from hddm_sbi.weights.store import load_pretrained
from tests.likelihoods.networks import DDM, PLAIN, RACE, network, thetas

THETA = [0.5, 1.5, 0.5, 0.3]


def _one_by_one(rt: np.ndarray, choice: np.ndarray, theta: np.ndarray) -> np.ndarray:
    return get_exact("ddm").log_prob(rt, choice.astype(np.int64), theta, np.arange(len(rt)))


def test_the_kinds(tmp_path: Path) -> None:
    assert choose_likelihood(DDM, "exact").label == "exact"
    estimator = network(DDM, double=False)
    chosen = choose_likelihood(DDM, estimator)
    assert isinstance(chosen.density, FirstPassageLikelihood)
    assert chosen.label == "FirstPassageEstimator" and chosen.weights is not None
    assert chosen.weights == choose_likelihood(DDM, network(DDM, double=False)).weights
    assert chosen.weights != choose_likelihood(DDM, network(DDM, seed=1, double=False)).weights
    np.testing.assert_array_equal(chosen.box, DDM.box)
    path = tmp_path / "mine.safetensors"
    save_checkpoint(estimator, path)
    rt, choice = simulate("ddm", THETA, n=50, seed=1)
    expected = log_likelihood("ddm", rt, choice, THETA, kind=estimator)
    for kind in (path, str(path)):
        chosen = choose_likelihood(DDM, kind)
        assert (chosen.label, chosen.weights) == (str(path), sha256(path))
        np.testing.assert_array_equal(log_likelihood("ddm", rt, choice, THETA, kind=kind), expected)


def test_any_sbi_estimator_of_the_right_shape() -> None:
    theta = thetas(DDM, 300)
    rt, choice = simulate("ddm", theta, n=1, seed=2)
    x = torch.from_numpy(np.column_stack([rt, choice])).float()
    torch.manual_seed(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sbi explains the order of columns
        estimator = build_mnle(x, torch.from_numpy(theta).float(), log_transform_x=True)
    chosen = choose_likelihood(DDM, estimator)
    assert isinstance(chosen.density, EstimatorLikelihood)
    assert chosen.box is None
    value = log_likelihood("ddm", rt, choice, theta[:, None], kind=estimator)
    assert value.shape == (300, 1)
    assert not np.any(np.isnan(value))


def test_the_pretrained_kind() -> None:
    chosen = choose_likelihood(DDM, "nle")
    assert chosen.label == "nle"
    assert chosen.weights is not None
    rt, choice = simulate("ddm", THETA, n=1000, seed=3)
    exact = log_likelihood("ddm", rt, choice, THETA)
    assert np.abs(log_likelihood("ddm", rt, choice, THETA, kind="nle") - exact).mean() < 0.01


@pytest.mark.parametrize("kind", ["exactly", "", "weights.pt", "NLE"])
def test_an_unknown_kind(kind: str) -> None:
    with pytest.raises(ModelError, match=r"give 'nle', 'exact', the path of a \.safetensors file, a trained sbi"):
        choose_likelihood(DDM, kind)


def test_what_a_model_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        choose_likelihood(RACE, "exact")
    with pytest.raises(ModelError, match="no pretrained network for the model 'race'"):
        choose_likelihood(RACE, "nle")
    with pytest.raises(
        ModelError, match=r"is for the parameters v0, v1, v2, B, t0, but the model 'ddm' has v, a, z, t0"
    ):
        choose_likelihood(DDM, network(RACE))
    with pytest.raises(WeightsError, match="there are no weights at"):
        choose_likelihood(DDM, str(tmp_path / "none.safetensors"))


@pytest.mark.parametrize(
    ("rt", "choice", "theta"),
    [((), (), ()), ((7,), (7,), ()), ((7,), (), ()), ((), (7,), (7,)), ((3, 1), (4,), (3, 4)), ((5, 3), (3,), (3,)),
     ((1,), (1,), (6,)), ((0,), (0,), ())],
)  # fmt: skip
def test_broadcasting(rt: tuple[int, ...], choice: tuple[int, ...], theta: tuple[int, ...]) -> None:
    rng = np.random.default_rng(4)
    times, codes = 0.4 + rng.random(rt), rng.integers(0, 2, size=choice)
    parameters = np.array(THETA) + 0.1 * rng.random((*theta, 4))
    value = log_likelihood("ddm", times, codes, parameters)
    shape = np.broadcast_shapes(rt, choice, theta)
    assert value.shape == shape
    flat = _one_by_one(
        np.broadcast_to(times, shape).ravel(),
        np.broadcast_to(codes, shape).ravel(),
        np.broadcast_to(parameters, (*shape, 4)).reshape(-1, 4),
    )
    np.testing.assert_allclose(value.ravel(), flat, rtol=1e-13)


def test_shapes_that_do_not_broadcast() -> None:
    with pytest.raises(ModelError, match=r"rt \(3,\), choice \(2,\) and the leading shape of theta \(\) do not"):
        log_likelihood("ddm", [0.5, 0.6, 0.7], [0, 1], THETA)


def test_trials_that_are_no_numbers() -> None:
    with pytest.raises(ModelError, match=r"rt is \['a'\]; give response times in seconds"):
        log_likelihood("ddm", ["a"], [1], THETA)
    for choice in (["left"], [[0], [1, 1]]):
        with pytest.raises(ModelError, match=r"choice is .*; give the options by number, 0 = lower, 1 = upper"):
            log_likelihood("ddm", [0.6], choice, THETA)


def test_bad_theta_and_unknown_models() -> None:
    with pytest.raises(ModelError, match="z is 1;"):
        log_likelihood("ddm", 0.5, 1, [0.5, 1.5, 1.0, 0.3])
    with pytest.raises(ModelError, match=r"takes \(v, a, z, t0\)"):
        log_likelihood("ddm", 0.5, 1, [0.5, 1.5, 0.5])
    with pytest.raises(ModelError, match="did you mean 'ddm'"):
        log_likelihood("ddmm", 0.5, 1, THETA)


@pytest.mark.parametrize("kind", ["exact", "network"])
def test_trials_that_cannot_happen(kind: str) -> None:
    likelihood = "exact" if kind == "exact" else network(DDM)
    rt = [0.3, 0.2, -1.0, np.nan, np.inf, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    choice = [1, 0, 1, 0, 1, 2, -1, 0.5, np.nan, np.inf, 1e300]
    value = log_likelihood("ddm", rt, choice, THETA, kind=likelihood)
    assert np.all(value == -np.inf)
    assert np.isfinite(log_likelihood("ddm", 0.31, True, THETA, kind=likelihood))
    # a whole number written as a float is a choice
    assert log_likelihood("ddm", 0.5, 1.0, THETA, kind=likelihood) == log_likelihood(
        "ddm", 0.5, 1, THETA, kind=likelihood
    )


@pytest.mark.parametrize("kind", ["exact", "network"])
def test_a_non_decision_time_of_zero(kind: str) -> None:
    likelihood = "exact" if kind == "exact" else network(DDM)
    value = log_likelihood("ddm", [0.0, 0.2, 0.5], [1, 1, 0], [0.5, 1.5, 0.5, 0.0], kind=likelihood)
    shifted = log_likelihood("ddm", [0.3, 0.5, 0.8], [1, 1, 0], THETA, kind=likelihood)
    assert value[0] == -np.inf
    np.testing.assert_allclose(value[1:], shifted[1:], rtol=1e-9)


def test_a_model_of_ones_own() -> None:
    value = log_likelihood(PLAIN, [0.5, 0.6], [0, 1], THETA, kind=network(PLAIN))
    assert np.all(np.isfinite(value))


def _half_the_drift(theta: np.ndarray, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    return DDM.simulator(theta * [0.5, 1.0, 1.0, 1.0], n, seed)


@pytest.mark.parametrize("kind", ["nle", "exact"])
def test_an_own_model_does_not_get_what_is_the_registrys_by_its_name(kind: str) -> None:
    own = replace(DDM, simulator=_half_the_drift)
    with pytest.raises(ModelError, match="the model 'ddm' has a simulator of its own"):
        choose_likelihood(own, kind)
    assert find_exact(own) is None


def test_a_race_of_ones_own_is_not_sent_to_the_formula() -> None:
    rdm = get_model("rdm")
    own = replace(rdm, simulator=lambda theta, n, seed: rdm.simulator(theta, n, seed))
    with pytest.raises(ModelError, match="the model 'rdm' has a simulator of its own"):
        choose_likelihood(own, "nle")


def test_other_priors_and_ranges_leave_a_model_what_it_is() -> None:
    parameters = tuple(replace(one, prior=None, box=(one.box[0], one.box[1] / 2)) for one in DDM.parameters)
    copy = replace(DDM, parameters=parameters)
    assert get_exact(copy) is get_exact("ddm")
    assert choose_likelihood(copy, "nle").label == "nle"
    assert choose_likelihood(copy, load_pretrained("ddm")).label == "FirstPassageEstimator"


def test_an_estimator_for_another_model_of_the_same_parameters() -> None:
    estimator = load_pretrained("ddm")
    assert choose_likelihood(DDM, estimator).label == "FirstPassageEstimator"
    with pytest.raises(ModelError, match="was trained for the model 'ddm', not for 'own'"):
        choose_likelihood(replace(DDM, name="own"), estimator)
    race = network(get_model("rdm"))
    assert choose_likelihood(get_model("lba"), race).box is not None  # nobody knows what it was trained for
    race.card = {"model": "rdm"}  # type: ignore[assignment]
    with pytest.raises(ModelError, match="was trained for the model 'rdm', not for 'lba'"):
        choose_likelihood(get_model("lba"), race)


def test_theta_outside_the_range_of_the_network_is_told() -> None:
    estimator, theta = network(DDM), np.tile(THETA, (4, 1))
    log_likelihood("ddm", 0.6, 1, theta, kind=estimator)  # no warning
    theta[1, 1] = 50.0
    with pytest.warns(HDDMWarning, match="1 of 4 parameter vectors lie outside the range .* mainly in 'a'"):
        log_likelihood("ddm", 0.6, 1, theta, kind=estimator)
    with pytest.warns(HDDMWarning, match="^theta lies outside the range"):
        log_likelihood("ddm", 0.6, 1, theta[1], kind=estimator)
    log_likelihood("ddm", 0.6, 1, theta)  # a formula knows no range


def test_the_range_of_a_width_is_that_of_its_proportion() -> None:
    full = get_model("full_ddm")
    theta = thetas(full, 50)
    log_likelihood(full, 3.0, 1, theta, kind=network(full))
    z, sz = (full.parameter_names.index(name) for name in ("z", "sz"))
    theta[:, z], theta[:, sz] = 0.3, 0.5999  # nearly all of its room, but a width that is elsewhere usual
    with pytest.warns(HDDMWarning, match="50 of 50 parameter vectors lie .* 'sz', .* of its room"):
        log_likelihood(full, 3.0, 1, theta, kind=network(full))


def mixed(*codes: float):
    """sbi's mixed estimator, trained on nothing, for the ddm with its choices coded so."""
    torch.manual_seed(2)
    choice = torch.tensor(codes)[torch.randint(0, len(codes), (200, 1))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sbi's builders announce what they infer from the data
        return build_mnle(torch.cat([0.3 + torch.rand(200, 1), choice], 1), torch.randn(200, 4)).eval()


@pytest.mark.parametrize("codes", [(-1.0, 1.0), (1.0, 2.0), (0.0, 1.0, 2.0)])
def test_a_network_that_codes_choices_otherwise_is_refused(codes: tuple[float, ...]) -> None:
    """sbi itself would read a choice that it never saw as the next one above, and say nothing."""
    stated = ", ".join(f"{code:g}" for code in codes[:-1]) + f" and {codes[-1]:g}"
    message = f"'MixedDensityEstimator' was trained on the choices {stated}, but this model's are 0 and 1 "
    for ask in (
        lambda: choose_likelihood(DDM, mixed(*codes)),
        lambda: log_likelihood("ddm", 0.6, 1, THETA, kind=mixed(*codes)),
    ):
        with pytest.raises(ModelError, match=message):
            ask()


def test_a_network_may_know_fewer_choices_than_the_model_has() -> None:
    chosen = choose_likelihood(DDM, mixed(1.0))
    assert chosen.density.known_choices == (1.0,)
    assert np.isneginf(log_likelihood("ddm", 0.6, 0, THETA, kind=mixed(1.0)))
