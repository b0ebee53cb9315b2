"""Pointwise log densities are the likelihood's; predicted trials follow the model and its lapses."""

import numpy as np
import pytest

from hddm_sbi import _room
from hddm_sbi.errors import HDDMWarning
from hddm_sbi.inference.layout import Layout, coefficients
from hddm_sbi.inference.potential import Potential
from hddm_sbi.inference.predictive import pointwise_log_prob, predict, thinned
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.observation.lapses import Lapses
from hddm_sbi.likelihoods.observation.observation_model import ObservationModel
from hddm_sbi.likelihoods.observation.seen import SeenTrials
from hddm_sbi.spec.model_spec import CommonTerm, ModelSpec, ParameterSpec
from hddm_sbi.ssm.registry import get_model, one_of_each
from tests.observing import bound, lapsing, on_rows

DDM = get_model("ddm")
N = 20_000


@pytest.mark.parametrize("seed", range(5))
def test_pointwise_log_prob_sums_to_the_potential(make_spec, toy, seed):
    maker = make_spec(seed)
    spec = maker.spec()
    potential = Potential(spec, bound(toy, spec, maker.rt, maker.choice))
    u = 0.3 * np.random.default_rng(seed).normal(size=(2, 3, potential.ndim))
    draws = coefficients(spec, u)
    likelihood = bound(toy, spec, maker.rt, maker.choice)
    whole = pointwise_log_prob(spec, likelihood, draws)
    assert whole.shape == (2, 3, maker.n)
    np.testing.assert_array_equal(whole, pointwise_log_prob(spec, likelihood, draws, memory=1))
    for at in np.ndindex(2, 3):
        expected = toy.log_prob(maker.rt, maker.choice, potential.theta(u[at]), spec.row)
        np.testing.assert_allclose(whole[at], expected, rtol=1e-9)


def ddm_spec(p_outlier):
    """Two design rows with drifts 0 and 1.5; a and t0 as drawn, z a constant."""
    prior = None  # plays no part here
    two = np.array([[0.0], [1.5]])
    v = ParameterSpec("v", "identity", None, (CommonTerm("x", "v_x", two, None, prior),))
    a = ParameterSpec("a", "log", None, (CommonTerm("Intercept", "a_Intercept", np.ones((2, 1)), None, prior),))
    rest = [ParameterSpec("z", "logit", 0.5), ParameterSpec("t0", "log", 0.3)]
    lapse = [] if p_outlier is None else [ParameterSpec("p_outlier", "identity", p_outlier)]
    return ModelSpec("ddm", (v, a, *rest, *lapse), np.repeat([0, 1], N), 2)


def simulating(window):
    """The exact likelihood with a simulator, and lapses in a window, of trials with the rows of ``ddm_spec``."""
    lapses = None if window is None else Lapses(*window, window[1])
    model = ObservationModel(ExactDDM(), lapses, one_of_each(DDM))
    return model.bind(SeenTrials.whole(np.full(2 * N, np.nan), np.full(2 * N, -1), np.repeat([0, 1], N)))


DRAWS = {"v_x": np.ones((1, 2)), "a_Intercept": np.log([[1.0, 1.6]])}


def test_predicted_trials_follow_the_model():
    rt, choice = predict(ddm_spec(None), simulating(None), DRAWS, seed=3)
    assert rt.shape == choice.shape == (1, 2, 2 * N)
    for draw, a in enumerate((1.0, 1.6)):
        for row, v in enumerate((0.0, 1.5)):
            own = slice(row * N, (row + 1) * N)
            upper = 1 / (1 + np.exp(-v * a))
            assert choice[0, draw, own].mean() == pytest.approx(upper, abs=5 * np.sqrt(0.25 / N))
            mean = 0.3 + (a**2 / 4 if v == 0 else a / (2 * v) * np.tanh(v * a / 2))
            sample = rt[0, draw, own]
            assert sample.mean() == pytest.approx(mean, abs=5 * sample.std() / np.sqrt(N))


def test_lapses_have_their_share_and_window():
    rt, choice = predict(ddm_spec(0.2), simulating((0.0, 20.0)), DRAWS, seed=3)
    late = rt[0, 0, :N] > 5.0  # with a = 1 and v = 0 the process is done by then, but for 1e-9 of the trials
    expected = 0.2 * 15 / 20
    assert late.mean() == pytest.approx(expected, abs=5 * np.sqrt(expected / N))
    assert choice[0, 0, :N][late].mean() == pytest.approx(0.5, abs=5 * np.sqrt(0.25 / (expected * N)))
    assert rt.max() <= 20.0


def test_mean_log_density_of_predictions_is_minus_the_entropy():
    spec, likelihood = ddm_spec(0.1), lapsing(ExactDDM(), (0.0, 4.0))
    rt, choice = predict(spec, simulating((0.0, 4.0)), DRAWS, seed=1)
    theta = np.array([[0.0, 1.0, 0.5, 0.3, 0.1]])
    own = on_rows(likelihood, rt[0, 0, :N], choice[0, 0, :N], theta, np.zeros(N, int)).log_prob(theta)
    t = np.arange(0, 4, 1e-4) + 5e-5
    log_f = on_rows(likelihood, t, np.zeros(t.size, int), theta, np.zeros(t.size, int)).log_prob(theta)
    entropy = 2 * np.sum(np.exp(log_f) * log_f) * 1e-4  # both choices alike at v = 0; lapses end at 4 s
    assert own[rt[0, 0, :N] < 4].mean() == pytest.approx(entropy, abs=5 * own.std() / np.sqrt(N))


def test_prediction_depends_on_the_seed_alone():
    spec = ddm_spec(0.1)
    first, again, other = (
        predict(spec, simulating((0.0, 5.0)), DRAWS, seed=seed, memory=memory)
        for seed, memory in ((1, 2**26), (1, 1), (2, 1))
    )
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[0][0, 0], first[0][0, 1])


def test_coefficients_are_the_posterior_variables(make_spec):
    spec = make_spec(2).spec()
    layout = Layout.of(spec)
    u = np.random.default_rng(0).normal(size=(2, 4, layout.ndim))
    values = coefficients(spec, u)
    expected = {term.site for _, term in spec.common_terms()} | {term.site for _, term in spec.group_terms()}
    expected |= {f"{term.site}_sd" for _, term in spec.group_terms() if term.sd_prior is not None}
    assert set(values) == expected


def test_draws_are_left_out_where_memory_is_short():
    draws = {"v_Intercept": np.arange(24.0).reshape(2, 12)}
    assert thinned(draws, 100, largest=8 * 24 * 100) is draws
    with pytest.warns(HDDMWarning, match="one draw in 3"):
        few = thinned(draws, 100, largest=8 * 2 * 4 * 100)
    np.testing.assert_array_equal(few["v_Intercept"], draws["v_Intercept"][:, ::3])


def test_draws_for_loo_are_kept_whatever_memory_they_take():
    draws = {"v_Intercept": np.arange(24.0).reshape(2, 12)}
    with pytest.warns(HDDMWarning, match="one draw in 2"):
        few = thinned(draws, 100, largest=1, fewest=10)
    np.testing.assert_array_equal(few["v_Intercept"], draws["v_Intercept"][:, ::2])


def test_results_in_files_are_those_in_memory(monkeypatch, tmp_path):
    spec, likelihood = ddm_spec(0.2), simulating((0.0, 20.0))
    seen = lapsing(ExactDDM(), (0.0, 20.0))
    rt, choice = predict(spec, likelihood, DRAWS, seed=3)
    trials = on_rows(seen, rt[0, 0], choice[0, 0], np.zeros((2, 5)), spec.row)
    in_memory = pointwise_log_prob(spec, trials, DRAWS)
    monkeypatch.setattr(_room, "available_memory", lambda: 0)
    monkeypatch.setattr(_room, "folder", lambda: tmp_path)
    in_file = pointwise_log_prob(spec, trials, DRAWS)
    assert isinstance(in_file.base, np.memmap) or isinstance(in_file, np.memmap)
    np.testing.assert_array_equal(in_file, in_memory)
    for values, others in zip(predict(spec, likelihood, DRAWS, seed=3), (rt, choice), strict=True):
        np.testing.assert_array_equal(values, others)
