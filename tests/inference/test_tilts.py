"""Tilted priors of t0: quantiles of what they say they are, whatever the population is, and gradients with them."""

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

from benchmarks.awkward import CASES
from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.inference.coordinates import Rounded
from hddm_sbi.inference.coordinates.tilts import _concave, _fewer
from hddm_sbi.inference.potential import Potential


@pytest.fixture(scope="module", params=(0, 3))
def target(request):
    """Five trials each; of the first experiment the sd of t0 is moved on its logarithm, of the second as a number."""
    data = CASES["five trials each"].simulate(request.param)
    model = HierarchicalDDM(data, groupby="subject", likelihood="exact", choices=(0, 1))
    return Rounded(Potential(model.spec, model._bound), model._start)


def t0_places(target):
    """Coordinates of the population's t0, of its sd, and of the first participant's raw deviation."""
    layout = target.potential.layout
    own = layout.site(layout.blocks[0].site).coordinates.reshape(20, -1)[0, 3]
    return layout.site("t0_Intercept").start, layout.site("t0_Intercept_subject_sd").start, own


@pytest.mark.parametrize(("population", "spread"), [(0.0, 0.0), (1.5, -1.5), (-2.0, 0.7)])
def test_a_deviation_is_the_quantile_of_the_tilted_prior(target, population, spread):
    arrays, (common, sd, own) = target._arrays, t0_places(target)
    assert (np.diff(arrays.tilt_bounds) > 0).all()
    c, height, slope = arrays.tilt_knots[: arrays.tilt_bounds[1]].T
    x = np.zeros(target.ndim)
    x[common], x[sd] = population, spread
    for quantile in (-5.0, -1.0, 0.3, 2.0):
        x[own] = quantile
        u = target.to_u(x)
        shift, s = u[common] - arrays.centre[common], np.exp(u[sd])

        def g(r, shift=shift, s=s):
            at = shift + s * r
            tilt = np.interp(at, c, height)
            tilt += slope[0] * min(at - c[0], 0.0) + arrays.tilt_last[0] * max(at - c[-1], 0.0)
            return np.exp(tilt - height.max() - 0.5 * r**2)

        knots = (c - shift) / s
        edges = np.unique(np.clip([-40.0, *knots, u[own], 40.0], -40.0, 40.0))
        parts = np.array([integrate.quad(g, *ends, epsabs=0.0)[0] for ends in itertools.pairwise(edges)])
        below = parts[edges[1:] <= u[own]].sum() / parts.sum()
        # a negative standard deviation turns the order round
        sign = np.sign(arrays.centre[sd] + arrays.core[-1, -1] * spread) if arrays.scale_signed[-1] else 1.0
        assert below == pytest.approx(stats.norm.cdf(sign * quantile), rel=1e-6)


def test_density_and_gradient_with_a_tilt(target):
    rng = np.random.default_rng(4)
    offsets = []
    for x in (0.3 * rng.normal(size=target.ndim), rng.normal(size=target.ndim)):
        value, by_x = target.log_density_grad(x)
        steps = 1e-5 * np.eye(target.ndim)
        numeric = [(target.log_density(x + e) - target.log_density(x - e)) / 2e-5 for e in steps]
        np.testing.assert_allclose(by_x, numeric, rtol=1e-5, atol=1e-5)
        jacobian = np.array([target.to_u(x + e) - target.to_u(x - e) for e in steps]) / 2e-5
        offsets.append(value - target.potential.log_density(target.to_u(x)) - np.linalg.slogdet(jacobian)[1])
    assert offsets[0] == pytest.approx(offsets[1], abs=1e-6)


def test_without_a_standard_deviation_there_is_no_tilt(target):
    """As s goes to zero, a deviation is its coordinate: the prior alone is left."""
    arrays, (_, sd, own) = target._arrays, t0_places(target)
    x = np.zeros(target.ndim)
    x[own] = 0.7
    at = list(arrays.core_at).index(sd)
    tiny = 1e-7 - arrays.centre[sd] if arrays.scale_signed[-1] else -16.0 - arrays.centre[sd]
    x[sd] = tiny / arrays.core[at, at]
    assert target.to_u(x)[own] == pytest.approx(0.7, abs=1e-3)


def test_knots_are_concave_and_close_to_what_they_stand_for():
    t = np.linspace(-3.0, 3.0, 121)
    two = np.logaddexp(stats.norm.logpdf(t, -1.5, 0.4), stats.norm.logpdf(t, 1.5, 0.4))
    raised = _concave(np.column_stack([t, two]))
    assert (np.diff(raised[:, 1], 2) < 1e-9).all() and (raised[:, 1] >= two - 1e-12).all()
    assert raised[60, 1] == pytest.approx(two.max(), abs=0.05)  # no gap is left
    few = _fewer(raised, np.exp(0.5 * (raised[:, 1] - raised[:, 1].max())))
    assert len(few) < 41
    missed = np.abs(np.interp(t, *few.T) - raised[:, 1]) * np.exp(0.5 * (raised[:, 1] - raised[:, 1].max()))
    assert missed.max() < 0.021
