"""The potential equals the densities written out, its gradient equals finite differences."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.distributions as td

from hddm_sbi.inference.layout import Layout
from hddm_sbi.inference.potential import Potential
from hddm_sbi.inference.potential.priors import FAMILIES, N_NUMBERS, ExternalPriors, density, encode
from hddm_sbi.spec.distributions import ScaledBeta
from hddm_sbi.spec.model_spec import CommonTerm, ParameterSpec
from tests.observing import bound

D = torch.float64


def t(x):
    return torch.tensor(x, dtype=D)


PRIORS = {
    "Normal": td.Normal(t(0.3), t(1.2)),
    "StudentT": td.StudentT(t(4.0), t(-0.2), t(0.8)),
    "Cauchy": td.Cauchy(t(0.1), t(0.5)),
    "HalfNormal": td.HalfNormal(t(0.7)),
    "HalfCauchy": td.HalfCauchy(t(0.7)),
    "Gamma": td.Gamma(t(1.7), t(2.3)),
    "Exponential": td.Exponential(t(1.9)),
    "LogNormal": td.LogNormal(t(0.4), t(0.9)),
    "Beta": td.Beta(t(1.0), t(20.0)),
    "Uniform": td.Uniform(t(-1.5), t(2.5)),
    "ScaledBeta": ScaledBeta(2.0, 3.5, 1.0, 3.0),
    "Gumbel": td.Gumbel(t(0.0), t(1.0)),
}


def test_every_analytic_family_is_tested():
    assert set(FAMILIES) <= set(PRIORS)


@pytest.mark.parametrize("name", PRIORS)
def test_densities_equal_torch(name):
    prior = PRIORS[name]
    u = np.linspace(-6, 6, 25)
    code = encode(prior)
    assert (code is not None) == (name in FAMILIES)
    mapped = np.empty((4, u.size))
    if code is None:
        ExternalPriors(range(u.size), [prior] * u.size).fill(u, mapped)
    else:
        numbers = np.zeros(N_NUMBERS)
        numbers[: len(code.numbers)] = code.numbers
        mapped[:] = np.transpose([density(code.family, x, numbers) for x in u])
    at = torch.tensor(u, requires_grad=True)
    transform = td.biject_to(prior.support)
    value = transform(at)
    expected = prior.log_prob(value) + transform.log_abs_det_jacobian(at, value)
    (slope,) = torch.autograd.grad(value.sum(), at, retain_graph=True)
    (gradient,) = torch.autograd.grad(expected.sum(), at)
    np.testing.assert_allclose(mapped[0], value.detach(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(mapped[2], expected.detach(), rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(mapped[1], slope, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(mapped[3], gradient, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_pack_inverts_unpack(make_spec, seed):
    layout = Layout.of(make_spec(seed).spec())
    u = np.random.default_rng(seed).normal(size=(2, 3, layout.ndim))
    values = layout.unpack(u)
    np.testing.assert_allclose(layout.pack(values), u, atol=1e-9)
    for site in layout.sites:
        assert values[site.name].shape == (2, 3, *site.shape)
    assert len(set(layout.names)) == layout.ndim


def inverse(parameter, eta):
    low, high = parameter.ends
    return {
        "identity": lambda: eta,
        "log": lambda: np.exp(eta),
        "logit": lambda: low + (high - low) / (1 + np.exp(-eta)),
    }[parameter.link]()


def written_deviations(layout, values):
    """b - beta by term, (groups, columns): group by group, diag(s) L raw."""
    result = {}
    for block in layout.blocks:
        found = np.zeros((block.groups.n, block.n_effects))
        for g in range(block.groups.n):
            stratum = 0 if block.groups.stratum is None else block.groups.stratum[g]
            sd, factor, effects = [], np.eye(block.n_effects), []
            for term in block.terms:
                own = values[term.sd_site].reshape(max(len(block.groups.strata), 1), -1)[stratum]
                sd += [own[0 if term.sd_of is not None else j] for j in range(term.matrix.shape[1])]
                effects += term.effects
            for one in block.sets:
                own = values[one.correlation.site].reshape(-1, one.size, one.size)[stratum]
                at = [effects.index(effect) for effect in one.correlation.effects]
                factor[np.ix_(at, at)] = own
            found[g] = np.array(sd) * (factor @ values[block.site][g])
        ends = np.cumsum([term.matrix.shape[1] for term in block.terms])
        result |= {t.site: found[:, end - t.matrix.shape[1] : end] for t, end in zip(block.terms, ends, strict=True)}
    for term in layout.apart:
        beta = 0.0 if term.common is None else np.atleast_1d(values[term.common])
        result[term.site] = values[term.apart_site].reshape(term.groups.n, -1) - beta
    return result


def written_out(spec, likelihood, rt, choice, u):
    """The joint log density, term by term, as the docstrings of the spec state it."""
    layout = Layout.of(spec)
    values, total = layout.unpack(u), 0.0
    for site in layout.sites:
        prior = site.prior
        if site.kind == "raw":
            prior = td.Normal(0.0, 1.0)
        if site.kind == "correlation":
            prior = td.LKJCholesky(site.shape[-1], torch.tensor(1.0, dtype=D))
        transform = td.biject_to(prior.support)
        at = torch.tensor(u[site.slice])
        if site.kind == "correlation":
            at = at.reshape(*site.shape[:-2], -1)
        x = transform(at)
        total += float((prior.log_prob(x)).sum() + transform.log_abs_det_jacobian(at, x).sum())
    deviations = written_deviations(layout, values)
    natural = np.empty((spec.n_rows, len(spec.parameters)))
    for k, parameter in enumerate(spec.parameters):
        eta = np.zeros(spec.n_rows) if parameter.offset is None else parameter.offset.copy()
        for term in parameter.common:
            eta += term.matrix @ np.atleast_1d(values[term.site])
        for term in parameter.group:
            eta += (deviations[term.site][term.groups.index] * term.matrix).sum(1)
        natural[:, k] = parameter.fixed if parameter.fixed is not None else inverse(parameter, eta)
    theta = natural.copy()
    for k, parameter in enumerate(spec.parameters):
        if parameter.within is not None:
            z = natural[:, [other.name for other in spec.parameters].index(parameter.within)]
            if parameter.fixed is None:
                theta[:, k] *= 2 * np.minimum(z, 1 - z)
            if (theta[:, k] < 0).any() or ((theta[:, k] > 0) & (theta[:, k] >= 2 * np.minimum(z, 1 - z))).any():
                return -np.inf
    return total + float(likelihood.log_prob(rt, choice, theta, spec.row).sum())


@pytest.mark.parametrize("seed", range(40))
def test_density_is_the_one_written_out_and_gradient_matches(make_spec, toy, seed):
    maker = make_spec(seed)
    spec = maker.spec()
    potential = Potential(spec, bound(toy, spec, maker.rt, maker.choice))
    u = 0.5 * np.random.default_rng(seed).normal(size=potential.ndim)
    value, gradient = potential.log_density_grad(u)
    assert value == pytest.approx(written_out(spec, toy, maker.rt, maker.choice, u), rel=1e-11, abs=1e-9)
    assert value == pytest.approx(potential.log_density(u), rel=1e-13)
    step = 1e-5
    numeric = [
        (potential.log_density(u + step * e) - potential.log_density(u - step * e)) / (2 * step)
        for e in np.eye(potential.ndim)
    ]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=2e-5)


def test_overflow_is_minus_infinity_with_zero_gradient(make_spec, toy):
    maker = make_spec(3)
    potential = Potential(maker.spec(), bound(toy, maker.spec(), maker.rt, maker.choice))
    for u in (np.full(potential.ndim, 1e3), np.full(potential.ndim, -1e3), np.full(potential.ndim, np.nan)):
        value, gradient = potential.log_density_grad(u)
        assert value == -np.inf or np.isfinite(value)
        assert np.isfinite(gradient).all()
        assert potential.log_density(u) == value


def _with_width(make_spec, seed, width):
    """A random spec with p free and the given specification of w."""
    maker = make_spec(seed)
    spec = maker.spec()
    term = CommonTerm("Intercept", "p_Intercept", np.ones((spec.n_rows, 1)), None, td.Normal(t(0.0), t(1.0)))
    parameters = (*spec.parameters[:2], ParameterSpec("p", "logit", common=(term,)), spec.parameters[3], width)
    # the effects of p are gone, and with them the sets that they belonged to
    alone = [replace(p, group=tuple(replace(g, correlation=None) for g in p.group)) for p in parameters]
    return maker, replace(spec, parameters=tuple(alone))


@pytest.mark.parametrize("seed", range(5))
def test_a_constant_width_must_fit_around_every_starting_point(make_spec, toy, seed):
    maker, spec = _with_width(make_spec, seed, ParameterSpec("w", "logit", fixed=0.5, within="p"))
    potential = Potential(spec, bound(toy, spec, maker.rt, maker.choice))
    at = potential.layout.site("p_Intercept").start
    u = 0.2 * np.random.default_rng(seed).normal(size=potential.ndim)
    for p, fits in ((0.26, True), (0.5, True), (0.74, True), (0.24, False), (0.76, False)):
        u[at] = np.log(p / (1.0 - p))
        value, gradient = potential.log_density_grad(u)
        assert np.isfinite(value) == fits and value == pytest.approx(written_out(spec, toy, maker.rt, maker.choice, u))
        assert gradient.any() == fits
        assert not fits or (potential.theta(u)[:, 4] == 0.5).all()


def test_a_proportion_on_the_identity_link_must_stay_one(make_spec, toy):
    term = CommonTerm("Intercept", "w_Intercept", np.ones((0, 1)), None, td.Normal(t(0.5), t(1.0)))
    maker = make_spec(1)
    n_rows = len(maker.x)
    width = ParameterSpec("w", "identity", common=(replace(term, matrix=np.ones((n_rows, 1))),), within="p")
    maker, spec = _with_width(make_spec, 1, width)
    potential = Potential(spec, bound(toy, spec, maker.rt, maker.choice))
    u = np.zeros(potential.ndim)
    for proportion, fits in ((0.0, True), (0.4, True), (0.99, True), (1.0, False), (-0.1, False)):
        u[potential.layout.site("w_Intercept").start] = proportion
        assert np.isfinite(potential.log_density(u)) == fits
