import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
import torch.distributions as td
from pyro.infer import MCMC, NUTS, Predictive

from hddm_sbi.pyro_model.plate import as_pyro, plate_model
from hddm_sbi.spec.group_block import blocks_of
from hddm_sbi.spec.linear import natural_parameters
from hddm_sbi.spec.recoding import to_reported
from tests.observing import bound

FORMULA = ["v ~ 0 + stim + theta", "a ~ conf + (1 + conf | subject) + (1 | trial)"]


def _trace(model, seed=0):
    pyro.set_rng_seed(seed)
    return pyro.poutine.trace(model).get_trace()


def test_sites_shapes_and_plates(build, toy, trials):
    spec, _ = build(FORMULA)
    trace = _trace(plate_model(spec, bound(toy(spec), spec, trials.rt, trials.choice)))
    shapes = {name: tuple(trace.nodes[name]["value"].shape) for name in trace.stochastic_nodes}
    assert {name: shape for name, shape in shapes.items() if name.startswith(("v_", "a_")) and "level" not in name} == {
        "v_stim_sampled": (3,),
        "v_theta_sampled": (),
        "a_Intercept_sampled": (),
        "a_conf": (1,),
        "v_stim_subject_sampled_sd": (3,),
        "v_theta_subject_sampled_sd": (),
        "a_Intercept_subject_sampled_sd": (),
        "a_conf_subject_sd": (1,),
        "a_Intercept_trial_sd": (),
    }
    # three levels and a slope, an intercept and its effect, z and t0; the item's intercept
    assert shapes["subject_raw"] == (3, 8) and shapes["trial_raw"] == (3, 1)
    assert shapes["p_outlier"] == ()
    coefficients = [name for name in trace.nodes if name.startswith(("v_", "a_")) and "level" not in name]
    for name in (*coefficients, "p_outlier", "trials"):
        assert trace.nodes[name]["value"].dtype == torch.float64
    plates = {frame.name for frame in trace.nodes["subject_raw"]["cond_indep_stack"]}
    assert plates == {"subject"}
    # a grouping column called trial must not clash with the plate of the trials
    assert {frame.name for frame in trace.nodes["trials"]["cond_indep_stack"]} == {"trial_plate"}
    assert trace.nodes["trials"]["is_observed"] and trace.nodes["trials"]["value"].shape == (60, 2)


@pytest.mark.parametrize(
    "options",
    [
        {"formula": FORMULA},
        {"formula": FORMULA, "correlated": True},
        {"formula": "v ~ conf", "pooling": "none"},
        {"fixed": {"z": 0.3}},
    ],
)
def test_theta_is_the_one_of_the_numpy_layer(build, toy, trials, options):
    spec, _ = build(**options)
    trace = _trace(plate_model(spec, bound(toy(spec), spec, trials.rt, trials.choice)))
    values = {name: node["value"].numpy() for name, node in trace.nodes.items() if node["type"] == "sample"}
    for block in blocks_of(spec):
        for site, deviation in block.deviations(values).items():
            np.testing.assert_allclose(deviation, values[site], rtol=1e-12)
    theta = trace.nodes["trials"]["fn"].theta.numpy()
    assert theta.shape == (spec.n_rows, len(spec.parameters))
    assert np.allclose(theta, natural_parameters(spec, values), rtol=1e-12)


def test_deviations_have_their_sd(build, toy, trials):
    spec, _ = build("v ~ conf", p_outlier=0)
    model = plate_model(spec, bound(toy(spec), spec, trials.rt, trials.choice))
    fixed = pyro.condition(
        model,
        {
            "v_Intercept_sampled": torch.tensor(3.0, dtype=torch.float64),
            "v_Intercept_subject_sampled_sd": torch.tensor(0.4, dtype=torch.float64),
            "v_conf_subject_sd": torch.tensor([0.6], dtype=torch.float64),
        },
    )
    pyro.set_rng_seed(1)
    traces = [pyro.poutine.trace(fixed).get_trace() for _ in range(200)]
    # that of the reference, which lies half of the difference beside the middle: 0.4^2 + 0.3^2 = 0.5^2
    assert float(traces[0].nodes["v_Intercept_subject_sd"]["value"]) == pytest.approx(0.5)
    draws = torch.stack([trace.nodes["v_Intercept_subject"]["value"] for trace in traces])
    # standard errors of a mean and of an sd of 600 normal draws
    assert abs(float(draws.mean())) < 4 * 0.5 / np.sqrt(draws.numel())
    assert abs(float(draws.std()) - 0.5) < 4 * 0.5 / np.sqrt(2 * draws.numel())


@pytest.mark.parametrize(
    "options",
    [
        {"formula": FORMULA},
        {"formula": "v ~ stim*theta", "correlated": True, "contrasts": "sum"},
        {"formula": "v ~ conf", "pooling": "none"},
        {"formula": "v ~ stim", "pooling": "complete"},
    ],
)
def test_what_is_reported_has_sites_too(build, toy, trials, simulate, options):
    spec, _ = build(**options)
    model = plate_model(spec, bound(toy(spec), spec, trials.rt, trials.choice, simulate))
    values = {name: node["value"].numpy() for name, node in _trace(model).nodes.items() if node["type"] == "sample"}
    for block in blocks_of(spec):
        values |= {name: x for name, x in block.correlations(values).items() if name not in values}
    reported = to_reported(spec, values)
    for name, expected in reported.items():
        np.testing.assert_allclose(values[name], expected, rtol=1e-10, atol=1e-12)
    # many draws at a time
    pyro.set_rng_seed(4)
    prior = Predictive(model, num_samples=5, parallel=True)(observed=False)
    draws = {name: x.reshape(5, *values[name].shape).numpy() for name, x in prior.items() if name != "trials"}
    for block in blocks_of(spec):
        draws |= {name: x for name, x in block.correlations(draws).items() if name not in draws}
    for name, expected in to_reported(spec, draws).items():
        np.testing.assert_allclose(draws[name], expected, rtol=1e-10, atol=1e-12)


def test_log_joint_by_hand(build, toy, trials):
    spec, _ = build("v ~ conf", shared=("a", "z", "t0"))
    likelihood = toy(spec)
    trace = _trace(plate_model(spec, bound(likelihood, spec, trials.rt, trials.choice)))
    value = {name: node["value"] for name, node in trace.nodes.items() if node["type"] == "sample"}
    expected = sum(term.prior.log_prob(value[term.site]).sum() for _, term in spec.common_terms())
    for _, group in spec.group_terms():
        expected += group.sd_prior.log_prob(value[group.sd_site]).sum()
    expected += td.Normal(0.0, 1.0).log_prob(value["subject_raw"]).sum()
    theta = natural_parameters(spec, {name: x.numpy() for name, x in value.items()})
    expected += likelihood.log_prob(trials.rt, trials.choice, theta, spec.row).sum()
    assert float(trace.log_prob_sum()) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize("correlated", [False, True])
def test_nuts_and_predictive(build, toy, trials, simulate, correlated):
    spec, _ = build(FORMULA, correlated=correlated)
    model = plate_model(spec, bound(toy(spec), spec, trials.rt, trials.choice, simulate))
    pyro.set_rng_seed(2)
    mcmc = MCMC(NUTS(model, max_tree_depth=4), num_samples=6, warmup_steps=6, disable_progbar=True)
    mcmc.run()
    draws = mcmc.get_samples()
    assert draws["subject_raw"].shape == (6, 3, 8)
    results = {}
    for parallel in (False, True):
        predicted = Predictive(model, draws, parallel=parallel)(observed=False)
        assert predicted["trials"].numel() == 6 * 60 * 2
        results[parallel] = predicted["v_stim_subject"].reshape(6, 3, 3), predicted["a_Intercept_trial"].reshape(6, 3)
    for one, many in zip(results[False], results[True], strict=True):
        assert torch.allclose(one, many)
    prior = Predictive(model, num_samples=4, parallel=True)(observed=False)
    assert prior["trials"].numel() == 4 * 60 * 2


@pytest.mark.parametrize("correlated", [False, True])
def test_vectorised_draws_have_the_theta_of_single_draws(build, toy, trials, simulate, correlated):
    spec, _ = build(FORMULA, correlated=correlated)
    seen = []

    def record(theta, seed):
        seen.append(theta)
        return simulate(theta, seed)

    model = plate_model(spec, bound(toy(spec), spec, trials.rt, trials.choice, record))
    pyro.set_rng_seed(3)
    prior = Predictive(model, num_samples=5, parallel=True)(observed=False)
    theta = np.array(seen[-5:])
    values = {}
    for parameter in spec.parameters:
        for term in parameter.common:
            values[term.site] = prior[term.site].reshape(5, *(() if term.levels is None else (len(term.levels),)))
        for group in parameter.group:
            shape = (group.groups.n, *(() if group.levels is None else (len(group.levels),)))
            values[group.site] = prior[group.site].reshape(5, *shape)
    expected = natural_parameters(spec, {name: value.numpy() for name, value in values.items()})
    assert np.allclose(theta, expected[:, spec.row], rtol=1e-12)


def test_a_rendered_model_links_coefficients_to_the_trials(build, toy, trials):
    spec, _ = build("v ~ conf")
    model = plate_model(spec, bound(toy(spec), spec, trials.rt, trials.choice))
    relations = pyro.infer.inspect.get_model_relations(model)
    parents = relations["sample_sample"]["trials"]
    assert "v_conf" in parents and "p_outlier" in parents and "subject_raw" in parents
    assert "trials" in relations["observed"]


@pytest.mark.parametrize(
    "prior",
    [
        td.Normal(0.0, 1.0),
        td.Beta(2.0, 3.0),
        td.HalfNormal(1.0),
        td.Uniform(0.0, 1.0),
        td.HalfCauchy(1.0),
        td.Kumaraswamy(torch.tensor(2.0), torch.tensor(3.0)),
        td.TransformedDistribution(td.Normal(0.0, 1.0), [td.ExpTransform()]),
        dist.Gamma(2.0, 3.0),
    ],
)
def test_any_distribution_becomes_a_pyro_distribution(prior):
    made = as_pyro(prior)
    assert isinstance(made, type(prior))

    def model():
        with pyro.plate("p", 3):
            return pyro.sample("x", made)

    trace = _trace(model)
    x = trace.nodes["x"]["value"]
    assert x.shape == (3,)
    assert torch.allclose(trace.log_prob_sum(), prior.log_prob(x).sum())
