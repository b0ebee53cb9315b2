import numpy as np
import pytest
from scipy.special import expit

from hddm_sbi.design.conditions import find_conditions
from hddm_sbi.spec.condition_specs import condition_specs
from hddm_sbi.spec.linear import group_variance, natural_parameters, natural_values, population_means, typical_values
from hddm_sbi.spec.newdata import spec_on
from hddm_sbi.spec.recoding import to_reported


def _coefficients(spec, draws, seed=0):
    rng, found = np.random.default_rng(seed), {}
    for _, term in spec.common_terms():
        found[term.site] = rng.uniform(0.1, 0.4, (*draws, *(() if term.levels is None else (len(term.levels),))))
    for _, group in spec.group_terms():
        shape = () if group.levels is None else (len(group.levels),)
        found[f"{group.site}_sd"] = rng.uniform(0.1, 0.5, (*draws, *shape))
        found[group.site] = rng.normal(0, 0.3, (*draws, group.groups.n, *shape))
    return found


@pytest.mark.parametrize("draws", [(), (7,), (2, 3)])
def test_shapes_and_a_value_by_hand(build, trials, draws):
    spec, _ = build(["v ~ 0 + stim", "a ~ theta"], fixed={"z": 0.4})
    c = _coefficients(spec, draws)
    theta, c = natural_parameters(spec, c), to_reported(spec, c)
    assert theta.shape == (*draws, spec.n_rows, 5)
    on_trials = theta[..., spec.row, :]
    i = 33
    s, level = trials.subject[i], ["LL", "WL", "WW"].index(trials.frame["stim"][i])
    assert np.allclose(on_trials[..., i, 0], c["v_stim"][..., level] + c["v_stim_subject"][..., s, level])
    slope = (c["a_theta"] + c["a_theta_subject"][..., s]) * trials.frame["theta"][i]
    assert np.allclose(on_trials[..., i, 1], np.exp(c["a_Intercept"] + c["a_Intercept_subject"][..., s] + slope))
    assert (on_trials[..., 2] == 0.4).all()
    assert np.allclose(on_trials[..., i, 4], c["p_outlier"])


def test_new_data_is_the_same_model(build, trials):
    spec, design = build(["v ~ center(theta) * conf + (1 | subject) + (1 | item)", "a ~ 0 + stim"])
    c = _coefficients(spec, (3,))
    rows = [150, 3, 3, 77]
    elsewhere, _ = spec_on(spec, design, trials.frame.iloc[rows])
    assert np.allclose(natural_parameters(elsewhere, c), natural_parameters(spec, c)[:, spec.row[rows]])


def test_typical_values_and_population_means(build):
    spec, _ = build(["v ~ conf", "a ~ conf"])
    c = _coefficients(spec, (4,))
    v, a, z, *_ = spec.parameters
    assert np.allclose(population_means(spec, v, c), typical_values(spec, v, c))
    variance = group_variance(a, c, spec.n_rows)
    # half of the difference above the middle of both, or below it
    expected = c["a_Intercept_subject_sampled_sd"][:, None] ** 2 + c["a_conf_subject_sd"] ** 2 * 0.5**2
    assert np.allclose(variance, expected)
    reference = to_reported(spec, c)["a_Intercept_subject_sd"]
    assert np.allclose(reference[:, None] ** 2, expected)
    variance = np.broadcast_to(variance, (4, spec.n_rows))
    # the mean over a large population, within 4 standard errors
    rng, n = np.random.default_rng(1), 200_000
    for parameter, inverse in ((a, np.exp), (z, expit)):
        eta = rng.normal(size=(n, 1))
        site = parameter.common[0].site
        draws = inverse(c[site][0] + eta * np.sqrt(group_variance(parameter, c, spec.n_rows)[0]))
        draws = draws if parameter is z else inverse(np.log(typical_values(spec, a, c)[0]) + eta * np.sqrt(variance[0]))
        error = draws.std(axis=0) / np.sqrt(n)
        assert (np.abs(draws.mean(axis=0) - population_means(spec, parameter, c)[0]) < 4 * error).all()


@pytest.mark.parametrize("sd", [0.1, 1.0, 2.0])
def test_the_mean_of_a_logit_normal(build, sd):
    spec, _ = build(pooling="partial")
    z = spec.parameter("z")
    x = np.linspace(-12, 12, 200_001)
    weight = np.exp(-0.5 * x * x)
    exact = (weight * expit(0.7 + sd * x)).sum() / weight.sum()
    c = {"z_Intercept": np.array(0.7), "z_Intercept_subject_sd": np.array(sd), "z_Intercept_subject": np.zeros(4)}
    assert population_means(spec, z, c)[0] == pytest.approx(exact, abs=1e-6)


def test_conditions_give_population_and_participants(build, trials):
    spec, design = build(["v ~ group + conf", "a ~ theta"])
    conditions = find_conditions(design, trials)
    specs = condition_specs(spec, design, conditions)
    assert conditions.labels[1] == "group=control, conf=LC" and specs.participants is not None
    c = _coefficients(spec, (5,))
    v, a = spec.parameters[0], specs.population.parameters[1]
    typical = typical_values(specs.population, specs.population.parameters[0], c)
    assert typical.shape == (5, 4)
    sampled, c = c, to_reported(spec, c)
    assert np.allclose(typical[:, 3], c["v_Intercept"] + c["v_group"][:, 0] + c["v_conf"][:, 0])
    at_mean = np.exp(c["a_Intercept"] + c["a_theta"] * trials.frame["theta"].mean())
    assert np.allclose(typical_values(specs.population, a, sampled), at_mean[:, None])
    values = natural_values(specs.participants, specs.participants.parameters[0], sampled).reshape(5, 4, 4)
    # the third participant, a patient, with low confidence, as on their trials
    trial = int(np.flatnonzero((trials.subject == 2) & (trials.frame["conf"] == "LC"))[0])
    assert conditions.seen[2].tolist() == [False, False, True, True]
    assert np.allclose(values[:, 2, 3], natural_values(spec, v, sampled)[:, spec.row[trial]])


def test_conditions_of_a_model_without_participants(ddm, trials, build):
    spec, design = build("v ~ conf", pooling="complete")
    conditions = find_conditions(design, trials)
    specs = condition_specs(spec, design, conditions)
    c = _coefficients(spec, ())
    assert specs.participants is not None
    assert np.allclose(
        natural_values(specs.participants, specs.participants.parameters[0], c)[:2],
        typical_values(specs.population, specs.population.parameters[0], c),
    )
