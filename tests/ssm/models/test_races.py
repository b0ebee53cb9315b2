"""Races of accumulators: families of models, and simulators that agree with the densities."""

import numpy as np
import pytest
from scipy import stats

from hddm_sbi.choose import log_likelihood
from hddm_sbi.errors import ModelError
from hddm_sbi.ssm import SSM, get_model, simulate
from hddm_sbi.ssm.models.lba import positive_normal
from hddm_sbi.ssm.registry import is_family, list_models, model_of, option_counts
from hddm_sbi.ssm.simulation.loop import BLOCK
from hddm_sbi.ssm.simulation.rng import seed_state
from tests.ssm.distances import bound, bound_between, distance_between, distance_to

N = 200_000
POINTS = {
    "rdm": [
        (3.0, 1.5, 1.0, 0.5),
        (0.3, 0.2, 1.0, 0.5, 0.4),
        (2.0, 1.0, 0.5, 0.1, 0.2, 2.0),
        (9.0, 0.05, 4.0, 5.0, 0.3),
        (5.0, 5.0, 0.1, 0.0),
        (1e-3, 2.0, 0.3, 0.0),
    ],
    "lba": [
        (3.0, 1.5, 1.0, 0.5),
        (0.3, -0.2, 1.0, 0.5, 0.4),
        (2.0, 1.0, 0.5, 0.1, 0.2, 2.0),
        (8.0, -3.0, 4.0, 5.0, 0.3),
        (5.0, 5.0, 0.1, 0.0),
        (-9.0, -10.0, 0.3, 0.0),
    ],
}
CASES = [(name, point) for name, points in POINTS.items() for point in points]
T0 = 0.2


def _cumulative(name: str, theta: np.ndarray, option: int):
    """Distribution function of one choice: the integral of its density, in the logarithm of the decision time."""
    log_t = np.linspace(-16.0, 20.0, 20_001)
    log_f = log_likelihood(name, T0 + np.exp(log_t), np.full(log_t.shape, option), theta)
    steps = np.exp(log_f + log_t)
    total = np.concatenate([[0.0], np.cumsum(0.5 * (steps[1:] + steps[:-1]) * np.diff(log_t))])
    return lambda rt: np.interp(np.log(rt - T0), log_t, total)


@pytest.mark.parametrize(("name", "point"), CASES)
def test_draws_agree_with_the_density(name: str, point: tuple[float, ...]) -> None:
    theta = np.array([*point, T0])
    rt, choice = simulate(name, theta, n=N, seed=4)
    assert rt.min() > T0
    assert np.all(np.isfinite(rt))
    for option in range(len(theta) - 3):
        cdf = _cumulative(name, theta, option)
        assert distance_to(rt, choice, option, cdf) < bound(N)
        share = cdf(np.array([np.exp(20.0) + T0]))[0]
        # Bernstein's bound holds at any share, rare choices included: 16 = log(1e7)
        assert abs(np.mean(choice == option) - share) <= np.sqrt(2 * 16 * share * (1 - share) / N) + 16 / N


@pytest.mark.parametrize("mean", [-30.0, -8.0, -1.0, -0.51, -0.49, 0.0, 2.0, 20.0])
def test_positive_slopes(mean: float) -> None:
    state = np.empty(4, dtype=np.uint64)
    seed_state(state, 3, 5)
    draws = np.array([positive_normal(mean, state) for _ in range(20_000)])
    theory = stats.truncnorm(-mean, np.inf, loc=mean)
    assert distance_to(draws, np.zeros(len(draws)), 0, theory.cdf) < bound(len(draws))


@pytest.mark.parametrize("name", ["rdm", "lba"])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_one_model_for_each_number_of_accumulators(name: str, n: int) -> None:
    ssm = get_model(name, n_choices=n)
    assert isinstance(ssm, SSM)
    assert ssm.name == name
    assert ssm.n_choices == n
    assert ssm.parameter_names == (*(f"v{k}" for k in range(n)), "B", "A", "t0")
    assert get_model(name, n_choices=n) is ssm
    assert get_model(ssm, n_choices=n) is ssm
    theta = ssm.box.mean(axis=1)
    assert model_of(name, np.tile(theta, (4, 1))) is ssm
    rt, choice = simulate(name, np.tile(theta, (4, 1)), n=500, seed=1)
    assert rt.shape == (4, 500)
    assert set(np.unique(choice)) == set(range(n))
    again = simulate(ssm, np.tile(theta, (4, 1)), n=500, seed=1)
    assert np.array_equal(rt, again[0])
    for parameter in ssm.parameters:
        assert parameter.prior is not None
        assert parameter.prior.source


def test_two_accumulators_are_the_default() -> None:
    assert get_model("rdm") is get_model("rdm", n_choices=2)
    assert get_model("lba").n_choices == 2
    assert list_models().count("rdm") == list_models().count("lba") == 1


def test_which_models_are_families() -> None:
    assert is_family("rdm")
    assert is_family("lba")
    assert not is_family("ddm")
    assert not is_family(get_model("rdm", n_choices=3))
    assert option_counts("rdm") == (2, 3, 4)
    assert option_counts("ddm") == (2,)
    assert option_counts(get_model("rdm", n_choices=3)) == (3,)


def test_a_number_of_options_that_there_is_no_model_for() -> None:
    assert get_model("ddm", n_choices=2) is get_model("ddm")
    with pytest.raises(ModelError, match="the model 'ddm' has 2 response options, not 3; choose rdm or lba"):
        get_model("ddm", n_choices=3)
    with pytest.raises(ModelError, match="the model 'ddm' has 2 response options, not 7; no model has that many"):
        get_model("ddm", n_choices=7)
    with pytest.raises(ModelError, match="'rdm' has no variant with 5 response options; there are variants with 2, 3"):
        get_model("rdm", n_choices=5)


@pytest.mark.parametrize("theta", [1.0, [1.0, 2.0, 1.0, 0.5], np.zeros((3, 8))])
def test_a_wrong_number_of_parameters(theta) -> None:
    with pytest.raises(ModelError, match=r"the model 'rdm' takes v0, v1, B, A, t0; or .* along the last axis"):
        simulate("rdm", theta)


@pytest.mark.parametrize(
    ("name", "theta", "message"),
    [
        ("rdm", [1.0, 0.0, 1.0, 0.5, 0.2], "v1 is 0"),
        ("rdm", [1.0, 2.0, 0.0, 0.5, 0.2], "B is 0"),
        ("lba", [1.0, -2.0, 1.0, -0.5, 0.2], "A is -0.5"),
        ("lba", [1.0, np.inf, 1.0, 0.5, 0.2], "v1 is inf"),
    ],
)
def test_values_outside_their_support(name: str, theta: list[float], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        simulate(name, theta)


def test_permuted_accumulators_give_permuted_choices() -> None:
    for name, v in (("rdm", (2.0, 1.0, 0.5)), ("lba", (2.0, -1.0, 0.5))):
        rt, choice = simulate(name, [*v, 1.0, 0.5, T0], n=N, seed=8)
        permuted_rt, permuted = simulate(name, [v[2], v[0], v[1], 1.0, 0.5, T0], n=N, seed=9)
        for option, image in ((0, 1), (1, 2), (2, 0)):
            first, second = np.where(choice == option, rt, np.inf), np.where(permuted == image, permuted_rt, np.inf)
            assert distance_between(first, second) < bound_between(N, N)


@pytest.mark.parametrize("name", ["rdm", "lba"])
def test_the_same_seed_gives_the_same_trials_in_any_batch(name: str) -> None:
    theta = np.array([[2.0, 1.0, 1.0, 0.5, 0.2], [1.0, 3.0, 0.4, 1.0, 0.1]])
    rt, choice = simulate(name, theta, n=20 * BLOCK, seed=21)
    first = simulate(name, theta[0], n=20 * BLOCK, seed=21)
    assert np.array_equal(rt[0], first[0])
    assert np.array_equal(choice[0], first[1])
    assert not np.array_equal(rt, simulate(name, theta, n=20 * BLOCK, seed=22)[0])
