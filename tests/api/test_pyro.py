"""The Pyro model, the density that is sampled, and the two samplers: one and the same posterior."""

from __future__ import annotations

import warnings

import numpy as np
import pyro
import pytest
import torch
from pyro.infer import MCMC, NUTS, Predictive
from pyro.infer.mcmc.util import initialize_model
from pyro.poutine import trace

from hddm_sbi.results.to_arviz import group
from tests.chances import far_apart

OPTIONS = {
    "default": {},
    "slopes": {"formula": ["v ~ conf + theta", "a ~ 0 + stim"], "p_outlier": 0.05},
    "correlated": {"formula": "v ~ conf", "correlated": True},
    "apart": {"pooling": "none", "p_outlier": 0.05},
    "one population": {"groupby": None, "formula": "v ~ stim"},
}


def sites_at(model, u: np.ndarray) -> dict[str, torch.Tensor]:
    return {site.name: torch.tensor(u[site.slice]).reshape(site.free_shape) for site in model.potential.layout.sites}


@pytest.mark.parametrize("name", OPTIONS)
def test_log_density_is_minus_pyros_potential(build, name: str) -> None:
    model = build(**OPTIONS[name])
    points = 0.3 * np.random.default_rng(0).normal(size=(3, model.potential.ndim))
    # a starting point is given: whether Pyro's own search finds a possible one is a matter of luck
    _, potential_fn, _, _ = initialize_model(model.pyro_model, initial_params=sites_at(model, points[0]))
    for u in points:
        expected = -float(potential_fn(sites_at(model, u)))
        assert model.log_density(u) == pytest.approx(expected, rel=1e-10, abs=1e-8)
    assert model.log_density(points[0].tolist()) == model.log_density(points[0])


def test_trace(build) -> None:
    model = build(formula="v ~ conf")
    with pyro.poutine.seed(rng_seed=0):
        nodes = trace(model.pyro_model).get_trace().nodes
    assert {"v_Intercept", "v_conf", "v_Intercept_subject_sd", "subject_raw", "trials"} <= set(nodes)
    assert nodes["trials"]["is_observed"]
    assert nodes["trials"]["value"].shape == (120, 2)
    np.testing.assert_allclose(nodes["trials"]["value"][:, 0], model.trials.rt)


def test_pyros_own_mcmc_runs_on_the_model(build) -> None:
    model = build(pooling="complete")
    pyro.set_rng_seed(0)
    kernel = NUTS(model.pyro_model, max_tree_depth=3, init_strategy=pyro.infer.autoguide.init_to_median)
    mcmc = MCMC(kernel, num_samples=5, warmup_steps=5, disable_progbar=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pyro's own
        mcmc.run()
    samples = mcmc.get_samples()
    assert samples["v_Intercept"].shape == (5,)
    assert torch.isfinite(samples["v_Intercept"]).all()


def test_predictive(build) -> None:
    model = build(formula="v ~ conf")
    pyro.set_rng_seed(0)
    # Pyro adds dimensions of length 1 up to its deepest plate
    drawn = Predictive(model.pyro_model, num_samples=4)(observed=False)["trials"].squeeze(1)
    assert drawn.shape == (4, 120, 2)
    assert (drawn[..., 0] > 0).all()
    assert set(drawn[..., 1].unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("sampler", ["nutpie", "pyro"])
def test_the_seed_decides(build, sampler: str) -> None:
    def draws(seed: int, **options) -> np.ndarray:
        idata = build(pooling="complete").sample(
            draws=15, tune=20, chains=2, sampler=sampler, seed=seed, progress=False, **options
        )
        return group(idata, "posterior")["v"].values

    first = draws(3)
    np.testing.assert_array_equal(first, draws(3, cores=1))
    assert not np.array_equal(first, draws(4))
    assert not np.array_equal(first[0], first[1])


@pytest.mark.slow
def test_both_samplers_give_the_same_posterior(build) -> None:
    model = build(pooling="complete", p_outlier=0.05, fixed={"z": 0.5})
    results = {
        name: group(model.sample(draws=500, tune=300, chains=2, sampler=name, seed=5, progress=False), "posterior")
        for name in ("nutpie", "pyro")
    }
    for variable in ("v", "a", "t0"):
        assert not far_apart(*(found[variable].values for found in results.values()), comparisons=3), variable
