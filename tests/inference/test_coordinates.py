"""The change of coordinates changes nothing but the coordinates, and makes the posterior rounder."""

import itertools

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.inference.between import posterior_variance
from hddm_sbi.inference.coordinates import Rounded
from hddm_sbi.inference.coordinates.centre import precision_of
from hddm_sbi.inference.initial import estimate, starting_points
from hddm_sbi.inference.potential import Potential
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.formulas import get_exact
from hddm_sbi.spec.build import build_spec
from hddm_sbi.ssm.registry import get_model, simulate
from hddm_sbi.trials.reading import read_trials
from tests.inference.test_initial import experiment
from tests.observing import bound, lapsing

DDM = get_model("ddm")
MODELS = {
    "intercepts": {},
    "slopes": {"formula": ["v ~ cond", "a ~ cond"]},
    "correlated": {"formula": ["v ~ cond", "a ~ cond"], "correlated": True},
    "apart": {"pooling": "none", "formula": "v ~ cond"},
    "complete": {"pooling": "complete", "formula": "v ~ cond"},
    "identity": {"links": {"a": "identity"}, "shared": ("z", "t0")},
}


class OnlyPython:
    """A density without its compiled form."""

    def __init__(self, density):
        self.parameters, self.n_choices = density.parameters, density.n_choices
        self.log_prob, self.log_prob_grad = density.log_prob, density.log_prob_grad


def prepare(name, likelihood):
    trials = read_trials(experiment(8, 80, 3), groupby="subject")
    spec, _ = build_spec(DDM, trials, **MODELS[name])
    potential = Potential(spec, bound(likelihood, spec, trials.rt, trials.choice))
    return potential, estimate(potential, DDM)


LIKELIHOOD = lapsing(ExactDDM(), (0.0, 20.0))


def check_density_and_gradient(target, potential, atol, rtol=1e-5):
    """The density of x is that of u, with the Jacobian and up to a constant; the gradient is its own, about."""
    offsets, points = [], 0.3 * np.random.default_rng(0).normal(size=(100, target.ndim))
    for x in sorted(points, key=target.log_density)[-3:]:
        value, by_x = target.log_density_grad(x)
        steps = 1e-5 * np.eye(target.ndim)
        jacobian = np.array([target.to_u(x + e) - target.to_u(x - e) for e in steps]) / 2e-5
        offsets.append(value - potential.log_density(target.to_u(x)) - np.linalg.slogdet(jacobian)[1])
        numeric = [(target.log_density(x + e) - target.log_density(x - e)) / 2e-5 for e in steps]
        np.testing.assert_allclose(by_x, numeric, rtol=rtol, atol=atol)
    assert len(offsets) == 3
    np.testing.assert_allclose(offsets, offsets[0], atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.filterwarnings("ignore::hddm_sbi.errors.HDDMWarning")
def test_density_and_gradient(name):
    potential, centre = prepare(name, LIKELIHOOD)
    target = Rounded(potential, centre)
    n_core, at_zero = potential.ndim - potential.layout.n_group, target.to_u(np.zeros(target.ndim))
    np.testing.assert_allclose(at_zero[:n_core], centre[:n_core], atol=1e-12)
    # around the groups' means where they have ridges, else around their modes
    assert potential.log_density(at_zero) >= potential.log_density(centre) - 1.0
    check_density_and_gradient(target, potential, atol=1e-4)


def prepare_full(sz: float):
    rng, rows = np.random.default_rng(3), []
    for subject in range(6):
        theta = [1.0 + 0.3 * rng.normal(), 1.5, 0.5, 0.3 + 0.03 * rng.normal(), 0.8, sz, 0.1]
        rt, choice = simulate("full_ddm", theta, 80, seed=subject)
        rows.append(pd.DataFrame({"subject": subject, "rt": rt, "response": choice}))
    trials, full = read_trials(pd.concat(rows), groupby="subject"), get_model("full_ddm")
    likelihood = lapsing(get_exact(full), (0.0, 20.0))
    spec, _ = build_spec(full, trials)
    potential = Potential(spec, bound(likelihood, spec, trials.rt, trials.choice))
    return potential, estimate(potential, full)


def test_a_width_moves_the_others_by_its_square():
    potential, centre = prepare_full(0.4)
    sz, sv = (potential.layout.site(f"{name}_Intercept").start for name in ("sz", "sv"))
    centre[sz] = -0.5  # a width of .38 of its room
    target = Rounded(potential, centre)
    check_density_and_gradient(target, potential, atol=1e-3)
    # along its coordinate the others follow a straight line in p^2
    u = np.array([target.to_u(k * np.eye(target.ndim)[sz]) for k in (-2.0, -1.0, 1.0, 2.0)])
    square = 1.0 / (1.0 + np.exp(-u[:, sz])) ** 2
    slopes = np.diff(u[:, sv]) / np.diff(square)
    assert abs(slopes[0]) > 0.0
    np.testing.assert_allclose(slopes, slopes[0], rtol=1e-9)


def test_a_width_next_to_nothing_is_moved_straight():
    potential, centre = prepare_full(0.4)
    sz, sv = (potential.layout.site(f"{name}_Intercept").start for name in ("sz", "sv"))
    centre[sz] = -4.0
    target = Rounded(potential, centre)
    u = np.array([target.to_u(k * np.eye(target.ndim)[sz]) for k in (-1.0, 0.0, 1.0)])
    np.testing.assert_allclose(np.diff(u[:, sv], 2), 0.0, atol=1e-12)


def test_python_and_compiled_agree():
    potential, centre = prepare("slopes", LIKELIHOOD)
    slow = Potential(
        potential.spec, bound(lapsing(OnlyPython(ExactDDM()), (0.0, 20.0)), potential.spec, *_trials(potential))
    )
    assert potential.native is not None and not potential.not_compiled
    assert slow.native is None and slow.not_compiled == ("the likelihood",)
    compiled, python = Rounded(potential, centre), Rounded(slow, centre)
    assert compiled.native is not None and python.native is None
    for seed in range(5):
        x = np.random.default_rng(seed).normal(size=compiled.ndim)
        (value, gradient), (expected, by_x) = compiled.log_density_grad(x), python.log_density_grad(x)
        assert value == pytest.approx(expected, rel=1e-10)
        np.testing.assert_allclose(gradient, by_x, rtol=1e-6, atol=1e-6)


def _trials(potential):
    """rt and choice of every trial of ``prepare``, in the order of the data."""
    trials = read_trials(experiment(8, 80, 3), groupby="subject")
    return trials.rt, trials.choice


def test_the_posterior_is_nearly_round():
    potential, centre = prepare("slopes", LIKELIHOOD)
    target = Rounded(potential, centre)
    steps = 1e-3 * np.eye(target.ndim)
    gradient = np.array([target.log_density_grad(e)[1] - target.log_density_grad(-e)[1] for e in steps])
    precision = -gradient / 2e-3
    raw = slice(potential.ndim - potential.layout.n_group, None)
    precision = 0.5 * (precision + precision.T)[raw, raw]
    values = np.linalg.eigvalsh(precision)
    assert values.min() > 0.3 and values.max() < 3.0
    # without the change of coordinates it is not
    by_u = np.array(
        [potential.log_density_grad(centre + e)[1] - potential.log_density_grad(centre - e)[1] for e in steps]
    )
    by_u = (-0.5 * (by_u + by_u.T))[raw, raw]
    scale = np.sqrt(np.diag(by_u))
    correlation = np.linalg.eigvalsh(by_u / np.outer(scale, scale))
    assert correlation.max() / correlation.min() > 2.5 * values.max() / values.min()


def places(layout, site):
    """The coordinates of a group term's raw coefficients."""
    return next(layout.places(term).ravel() for block in layout.blocks for term in block.terms if term.site == site)


def test_a_standard_deviation_passes_through_zero():
    potential, centre = prepare("intercepts", LIKELIHOOD)
    target = Rounded(potential, centre)
    at = potential.layout.site("z_Intercept_subject_sd").start
    raw = places(potential.layout, "z_Intercept_subject")
    x = starting_points(target)(0)
    zero = -1.0  # y = sd at the centre * (1 + x)
    sides = []
    for side in (-1e-7, 1e-7):
        x[at] = zero + side
        u = target.to_u(x)
        assert u[at] < np.log(1e-6)
        sides.append((target.log_density_grad(x), u[raw]))
    ((left, by_left), raw_left), ((right, by_right), raw_right) = sides
    assert left == pytest.approx(right, abs=1e-4)
    np.testing.assert_allclose(by_left, by_right, atol=1e-3)
    np.testing.assert_allclose(raw_left, -raw_right, atol=1e-6)


def test_a_negative_standard_deviation_is_a_positive_one_with_coefficients_turned_round():
    potential, centre = prepare("slopes", LIKELIHOOD)
    target = Rounded(potential, centre)
    layout, rng = potential.layout, np.random.default_rng(0)
    for site in ("z_Intercept_subject", "a_cond_subject"):
        at = layout.site(f"{site}_sd").start
        for y in (0.3, 1.0, 4.0):  # in units of the sd at the centre, where x = 0
            x = rng.normal(size=target.ndim)
            x[at] = y - 1.0
            mirrored = x.copy()
            mirrored[at] = -y - 1.0
            mirrored[places(layout, site)] *= -1.0
            assert target.log_density(mirrored) == pytest.approx(target.log_density(x), abs=1e-8)
            np.testing.assert_allclose(target.to_u(mirrored), target.to_u(x), atol=1e-10)


def test_with_a_negative_standard_deviation_its_correlations_are_turned_round_as_well():
    potential, centre = prepare("correlated", LIKELIHOOD)
    block = potential.layout.blocks[0]
    (together,) = block.sets
    sd_at, corr_at = potential.layout.sd_at(block)[0], potential.layout.correlations_at(together)[0]
    centre[corr_at] = 0.0  # so that x and -x lie on both sides of zero
    target = Rounded(potential, centre)
    raw = potential.layout.site(block.site).coordinates.reshape(block.groups.n, -1)
    i, j = np.tril_indices(block.n_effects, -1)
    effects = [block.effects.index(name) for name in ("z_Intercept", "a_cond[B]")]
    for effect, y in itertools.product(effects, (0.3, 1.0, 4.0)):  # in units of the sd at the centre, where x = 0
        x = np.random.default_rng(effect).normal(size=target.ndim)
        x[sd_at[effect]] = y - 1.0
        mirrored = x.copy()
        mirrored[sd_at[effect]] = -y - 1.0
        mirrored[raw[:, effect]] *= -1.0
        mirrored[corr_at[(i == effect) | (j == effect)]] *= -1.0
        assert target.log_density(mirrored) == pytest.approx(target.log_density(x), abs=1e-8)
        np.testing.assert_allclose(target.to_u(mirrored), target.to_u(x), atol=1e-10)


def test_where_the_likelihood_is_normal_groups_are_standard_normal_whatever_the_population(smooth):
    trials = read_trials(experiment(8, 40, 3), groupby="subject")
    fixed = {"a": 1.5, "z": 0.5, "t0": 0.3}
    spec, _ = build_spec(DDM, trials, formula="v ~ cond", fixed=fixed, p_outlier=0)
    likelihood = bound(smooth(DDM.parameter_names), spec, trials.rt, trials.choice)
    potential = Potential(spec, likelihood)
    n_core, rng = potential.ndim - potential.layout.n_group, np.random.default_rng(1)
    target = Rounded(potential, 0.3 * rng.normal(size=potential.ndim))
    for spread in (0.1, 1.0, 3.0):
        x = spread * rng.normal(size=potential.ndim)
        x[n_core:] = rng.normal(size=potential.layout.n_group)
        mode = np.where(np.arange(potential.ndim) < n_core, x, 0.0)
        loss = target.log_density(mode) - target.log_density(x)
        assert loss == pytest.approx(0.5 * (x[n_core:] ** 2).sum(), rel=1e-5)


@pytest.mark.parametrize("seed", range(12))
def test_random_models(make_spec, toy, seed):
    maker = make_spec(seed)
    potential = Potential(maker.spec(), bound(toy, maker.spec(), maker.rt, maker.choice))
    rng = np.random.default_rng(seed)
    points = rng.choice([0.3, 0.1, 0.03], size=(200, 1)) * rng.normal(size=(200, potential.ndim))
    centre = max(points, key=potential.log_density)
    check_density_and_gradient(Rounded(potential, centre), potential, atol=1e-3, rtol=1e-4)


def test_information_of_any_size():
    sharp, prior = np.full((2, 2), 1e30), np.array([4.0, 9.0])  # as where a response is next to t0
    for likelihood in (sharp, -sharp, 0 * sharp):
        precision = precision_of(prior, likelihood)
        assert np.isfinite(np.linalg.inv(np.linalg.cholesky(precision))).all()
    np.testing.assert_allclose(precision_of(prior, np.eye(2)), np.diag(prior) + np.eye(2))
    sd, information = np.array([0.5, 0.2]), np.array([np.full((2, 2), 1e18), np.diag([3.0, 0.0])])
    variance = posterior_variance(information, np.diag(sd))
    np.testing.assert_allclose(variance[1], np.diag([1 / (3 + 4), 0.04]))
    along = np.array([1.0, 1.0])
    assert 0 <= along @ variance[0] @ along < 1e-15
