"""Ridges of non-decision times: they find modes, and bends make them one hump."""

import numpy as np
import pytest
from scipy import stats

from hddm_sbi.inference.coordinates import Rounded, tilts
from hddm_sbi.inference.coordinates.bends import bend, moments
from hddm_sbi.inference.coordinates.ridges import Ridge
from hddm_sbi.inference.coordinates.straight import on_ridges
from hddm_sbi.inference.roundness import is_round, suited
from hddm_sbi.inference.sampler import NutsSettings
from tests.inference.test_coordinates import LIKELIHOOD, prepare


def two_modes(k: int = 3) -> Ridge:
    """t0 with modes at -1 and 1, which the second coefficient follows."""
    t = np.linspace(-3.0, 3.0, 61)
    log_density = np.logaddexp(stats.norm.logpdf(t, -1.0, 0.3), stats.norm.logpdf(t, 1.0, 0.3))
    points = np.column_stack([t, 0.5 * t**2, *(np.zeros_like(t) for _ in range(k - 2))])
    spread = np.tile(np.diag([0.0, 0.04, *[1.0] * (k - 2)]), (len(t), 1, 1))
    return Ridge(np.eye(k)[0], points, log_density, spread)


def test_moments_are_those_of_the_mixture():
    found = moments(two_modes())
    np.testing.assert_allclose(found.mean, [0.0, 0.5 * 1.09, 0.0], atol=0.01)
    np.testing.assert_allclose(found.covariance[0, 0], 1.09, rtol=0.01)
    np.testing.assert_allclose(np.diag(found.covariance)[2], 1.0, rtol=0.01)


def test_a_bend_turns_modes_into_one_hump():
    ridge = two_modes()
    found = moments(ridge)
    lower = np.diag(1.0 / np.sqrt(np.diag(found.covariance)))
    nodes = bend(ridge, found, lower)[..., 0]
    z = np.linspace(-4.0, 4.0, len(nodes))
    t = (z + nodes[:, 0]) / lower[0, 0]
    assert (np.diff(t) > 0.0).all()
    # half of each mode's mass lies beyond it: the quartiles of a standard normal variable become the modes
    np.testing.assert_allclose(np.interp([-0.674, 0.674], z, t), [-1.0, 1.0], atol=0.1)
    assert nodes[len(z) // 2, 1] < nodes[len(z) // 8, 1]  # the second coefficient follows the curve


def test_the_ridge_is_the_profile_of_the_density():
    potential, u = prepare("intercepts", LIKELIHOOD)
    found = on_ridges(potential, u)
    assert len(found) == 8 and all(found)
    at = potential.layout.site(potential.layout.blocks[0].site).coordinates.reshape(8, -1)
    for g in (0, 5):
        ridge = found[g].ridge
        order = np.argsort(ridge.points[:, 0])
        middle = order[np.argmax(ridge.log_density[order])]
        for place in (middle, order[len(order) // 4]):
            point = u.copy()
            point[at[g][[3, 0, 1, 2]]] = ridge.points[place]
            across = potential.log_density_grad(point)[1][at[g][:3]]
            sd = np.sqrt(np.diag(ridge.spread[place])[1:])
            assert (np.abs(across) * sd < 0.3).all()  # next to the likeliest, in standard deviations


def test_density_and_gradient_on_a_bend(monkeypatch):
    monkeypatch.setattr(tilts, "LEAST_LEFT", np.inf)  # as where trials are many
    potential, centre = prepare("intercepts", LIKELIHOOD)
    target = Rounded(potential, centre)
    assert (target._arrays.ridge_at >= 0).any()
    x = np.random.default_rng(3).normal(size=target.ndim)
    x[target._arrays.group_at[0]] = 4.5  # beyond the last node
    numeric = [(target.log_density(x + e) - target.log_density(x - e)) / 2e-6 for e in 1e-6 * np.eye(target.ndim)]
    np.testing.assert_allclose(target.log_density_grad(x)[1], numeric, rtol=1e-4, atol=1e-3)


class Normal:
    """A normal density with one scale that is off."""

    native = None

    def __init__(self, sd: float) -> None:
        self.ndim, self.precision = 20, np.array([1.0 / sd**2, *[1.0] * 19])

    def log_density(self, x):
        return -0.5 * float(self.precision @ x**2)

    def log_density_grad(self, x):
        return self.log_density(x), -self.precision * x


@pytest.mark.parametrize(("sd", "expected"), [(1.0, True), (0.8, True), (0.1, False)])
def test_roundness_decides_on_steps_and_warm_up(sd, expected):
    assert is_round(Normal(sd)) is expected
    settings = NutsSettings(tune=1_000)
    after = suited(settings, Normal(sd), tune=True, steps=True)
    assert (after.tune, after.target_accept) == ((300, 0.7) if expected else (1_000, 0.9))
    assert suited(settings, Normal(sd), tune=False, steps=False) == settings
    assert suited(settings, Normal(sd), tune=False, steps=True).tune == 1_000
