import math

import numpy as np
import pytest
import torch
import torch.distributions as td

from hddm_sbi.design.conditions import find_conditions
from hddm_sbi.design.contrasts import CODINGS
from hddm_sbi.inference.prior import prior_coefficients
from hddm_sbi.spec.build import build_spec
from hddm_sbi.spec.condition_specs import condition_specs
from hddm_sbi.spec.distributions import as_float64, beta, in_words
from hddm_sbi.spec.implied import cell_priors, cells_in_words
from hddm_sbi.spec.links import get_link
from hddm_sbi.spec.priors import default_prior, intercept_prior
from hddm_sbi.spec.recoding import to_reported
from hddm_sbi.spec.table import COLUMNS, prior_table, stated_priors
from hddm_sbi.ssm import get_model, list_models
from hddm_sbi.ssm.base import SSM, Parameter
from hddm_sbi.ssm.models import diffusion_priors


def _priors(spec):
    found = {term.site: term.prior for _, term in spec.common_terms()}
    for _, group in spec.group_terms():
        found[f"{group.site}_sd" if group.prior is None else group.site] = group.sd_prior or group.prior
    return found


def test_default_priors(build):
    words = {site: in_words(prior) for site, prior in _priors(build("v ~ conf")[0]).items()}
    assert words == {
        "v_Intercept_sampled": "Normal(0, 2)",
        "v_conf": "Normal(0, 2)",
        "a_Intercept": "Normal(0.4055, 0.5)",
        "z_Intercept": "Normal(0, 0.5)",
        "t0_Intercept": "Normal(-1.204, 0.6)",
        "p_outlier": "Beta(1, 20)",
        "v_Intercept_subject_sampled_sd": "HalfNormal(1)",
        "v_conf_subject_sd": "HalfNormal(1)",
        "a_Intercept_subject_sd": "HalfNormal(0.5)",
        "z_Intercept_subject_sd": "HalfNormal(0.3)",
        "t0_Intercept_subject_sd": "HalfNormal(0.5)",
    }


def test_published_estimates_lie_within_the_default_priors():
    # Wiecki, Sofer & Frank 2013 and Tran et al. 2021: typical values and what they call unusual
    for name, typical in {"v": 1.76, "a": 1.40, "z": 0.5, "t0": 0.44, "sv": 1.36, "st0": 0.17}.items():
        prior = getattr(diffusion_priors, name.upper())
        value = {"v": typical, "z": 0.0}.get(name, math.log(typical))
        assert abs(value - prior.loc) < prior.sd


def _reported(spec):
    """Standard deviations of the priors of what is reported, from many draws, by variable."""
    found = to_reported(spec, prior_coefficients(spec, draws=40_000, seed=1))
    return {name: values.std(axis=(0, 1)) for name, values in found.items()}


@pytest.mark.parametrize("factor", [0.001, 1.0, 1000.0])
def test_slopes_do_not_depend_on_the_unit_of_the_covariate(ddm, trials, factor):
    trials.frame["x"] = factor * (trials.frame["theta"] - trials.frame["theta"].mean())
    spec, _ = build_spec(ddm, trials, formula="a ~ x")
    table = prior_table(spec).set_index("variable")["prior"]
    sd = trials.frame["x"].std(ddof=0)
    assert table["a_x"] == f"Normal(0, {0.5 / sd:.4g})"
    assert table["a_x_subject_sd"] == f"HalfNormal({0.25 / sd:.4g})"
    assert table["a_Intercept"] == "Normal(0.4055, 0.5)"


@pytest.mark.parametrize("formula", ["a ~ theta", "a ~ theta * conf", "a ~ conf + theta:conf"])
def test_covariates_sit_at_their_mean(ddm, trials, formula):
    mean, sd = trials.frame["theta"].mean(), trials.frame["theta"].std(ddof=0)
    spec, _ = build_spec(ddm, trials, formula=formula)
    reported = to_reported(spec, prior_coefficients(spec, draws=40_000, seed=2))
    at_mean = reported["a_Intercept"]
    if formula == "a ~ theta":
        slope = reported["a_theta"]
        assert (at_mean + slope * mean).std() == pytest.approx(0.5, rel=0.02)
        assert (slope * sd).std() == pytest.approx(0.5, rel=0.02)
        # where theta is 0 is far from the data, and as uncertain
        assert at_mean.std() == pytest.approx(math.hypot(0.5, 0.5 * mean / sd), rel=0.02)
    elif formula == "a ~ theta * conf":
        contrast = reported["a_conf"][..., 0] + reported["a_theta:conf"][..., 0] * mean
        assert contrast.std() == pytest.approx(0.5, rel=0.02)
    else:  # each level has its own slope
        cells = at_mean[..., None] + reported["a_theta:conf"] * mean
        cells[..., 1] += reported["a_conf"][..., 0]
        assert cells.std(axis=(0, 1)) == pytest.approx(math.hypot(0.5, 0.25), rel=0.02)


def test_an_intercept_that_cannot_be_at_the_mean_has_a_wider_prior(ddm, trials):
    mean, sd = trials.frame["theta"].mean(), trials.frame["theta"].std(ddof=0)
    priors = _priors(build_spec(ddm, trials, formula="a ~ theta:conf")[0])
    assert float(priors["a_Intercept"].scale) == pytest.approx(math.hypot(0.5, 0.5 * mean / sd))
    assert float(priors["a_Intercept_subject_sd"].scale) == pytest.approx(math.hypot(0.5, 0.25 * mean / sd))
    centred = _priors(build_spec(ddm, trials, formula="a ~ center(theta) * conf")[0])
    assert float(centred["a_Intercept_sampled"].scale) == pytest.approx(0.5)
    assert float(centred["a_conf"].scale) == pytest.approx(0.5)


def test_a_two_valued_covariate_is_like_a_factor(ddm, trials):
    trials.frame["half"] = np.where(trials.frame["conf"] == "HC", -0.5, 0.5)
    assert float(_priors(build_spec(ddm, trials, formula="v ~ half")[0])["v_half"].scale) == pytest.approx(2.0)
    trials.frame["code"] = np.where(trials.frame["conf"] == "HC", 1.0, 4.0)
    coded, factor = (_reported(build_spec(ddm, trials, formula=f"v ~ {name}")[0]) for name in ("code", "conf"))
    assert 3.0 * coded["v_code"] == pytest.approx(factor["v_conf"][0])


def test_cell_means_have_the_prior_of_an_intercept(build):
    priors = _priors(build("a ~ 0 + stim")[0])
    assert in_words(priors["a_stim"]) == "Normal(0.4055, 0.5)"
    assert in_words(priors["a_stim_subject_sd"]) == "HalfNormal(0.5)"
    mixed = _priors(build("a ~ 0 + stim + conf")[0])
    assert in_words(mixed["a_conf"]) == "Normal(0, 0.5)"
    interaction = _priors(build("a ~ 0 + group:conf")[0])
    assert in_words(interaction["a_group:conf"]) == "Normal(0.4055, 0.5)"
    summed = _priors(build("a ~ 0 + S(conf)")[0])
    assert in_words(summed["a_S(conf)_sampled"]) == "Normal(0.4055, 0.5)"


@pytest.mark.parametrize("contrasts", CODINGS)
def test_priors_mean_the_same_whatever_is_reported(cells_of, contrasts):
    """By hand: the mean of 3 cells has sd 2 and differences of two have sd 2, so each cell 4 + 4 / 3."""
    spec, found = cells_of("v ~ stim", contrasts=contrasts)
    assert found["sd"][:3].to_numpy() == pytest.approx(math.sqrt(4.0 + 4.0 / 3.0))
    assert found["sd"][3:].to_numpy() == pytest.approx(2.0) and len(found) == 6
    assert found["mean"].to_numpy() == pytest.approx(0.0)
    assert list(found["of"][:4]) == ["v[stim=LL]", "v[stim=WL]", "v[stim=WW]", "v[stim=WL] - v[stim=LL]"]
    by_draws = _reported(spec)
    if contrasts == "treatment":
        assert by_draws["v_stim"] == pytest.approx(2.0, rel=0.03)
    lines = cells_in_words(found)
    assert lines == [
        ("v, each cell", "mean 0, sd 2.309"),
        ("v, each difference of two levels of stim", "mean 0, sd 2"),
    ]


@pytest.fixture
def cells_of(build, trials):
    def find(formula, **options):
        spec, design = build(formula, **options)
        conditions = find_conditions(design, trials)
        return spec, cell_priors(condition_specs(spec, design, conditions).population, conditions)

    return find


def test_without_pooling_variances_add_up(build):
    priors = _priors(build("v ~ conf", pooling="none")[0])
    assert float(priors["v_Intercept_subject_sampled"].variance) == pytest.approx(2.0**2 + 1.0**2)
    assert float(priors["a_Intercept_subject"].variance) == pytest.approx(0.5**2 + 0.5**2)
    assert float(priors["v_conf_subject"].variance) == pytest.approx(2.0**2 + 1.0**2)


def test_supports_on_the_identity_link(build):
    links = {"a": "identity", "z": "identity", "t0": "identity"}
    for pooling in ("partial", "none"):
        priors = _priors(build(links=links, pooling=pooling)[0])
        at = "_subject" if pooling == "none" else ""
        for name, high in (("a", 20.0), ("z", 1.0), ("t0", 10.0)):
            prior = priors[f"{name}_Intercept{at}"]
            draws = prior.sample(torch.Size((2000,)))
            assert bool((draws > 0).all()) and float(draws.quantile(0.999)) < high
    median = float(_priors(build(links=links)[0])["a_Intercept"].icdf(torch.tensor(0.5, dtype=torch.float64)))
    assert median == pytest.approx(1.5)
    z = _priors(build(links=links)[0])["z_Intercept"]
    assert float(z.mean) == pytest.approx(0.5) and float(z.stddev) == pytest.approx(0.125)


@pytest.mark.parametrize("link", ["identity", "log", "logit"])
@pytest.mark.parametrize(
    ("support", "box"),
    [
        ((-np.inf, np.inf), (-3.0, 5.0)),
        ((0.0, np.inf), (0.0, 8.0)),
        ((0.0, np.inf), (0.5, 8.0)),
        ((0.0, 1.0), (0.0, 1.0)),
        ((1.0, 2.0), (1.0, 2.0)),
        ((0.0, math.pi / 2), (0.0, 1.2)),
    ],
)
def test_a_parameter_without_a_row_has_a_usable_prior(support, box, link):
    if np.isfinite(support).all() != (link == "logit") and link != "identity":
        pytest.skip("no such link")
    ssm = SSM("own", (Parameter("q", support, link, box),), lambda theta, n, seed: None)
    prior = default_prior(ssm, "q", link)
    assert all(map(math.isfinite, (prior.loc, prior.sd, prior.effect, prior.group_sd, prior.group_effect)))
    assert min(prior.sd, prior.effect, prior.group_sd, prior.group_effect) > 0.0
    natural = float(get_link(link, support).inverse(np.asarray(prior.loc)))
    assert box[0] <= natural <= box[1]
    intercept = intercept_prior(ssm.parameters[0], link, prior)
    draws = get_link(link, support).inverse(intercept.sample(torch.Size((500,))).numpy())
    assert ssm.parameters[0].contains(draws).all()


def test_the_table(ddm, build):
    priors = {"v_conf": td.Normal(0.0, 1.0)}
    spec, _ = build("v ~ conf", fixed={"z": 0.5}, p_outlier=0.05, priors=priors)
    table = prior_table(spec, priors=priors)
    assert list(table.columns) == COLUMNS
    row = table.set_index("variable")
    assert row.loc["v_conf", "source"] == "given"
    assert row.loc["z", "prior"] == "= 0.5" and row.loc["p_outlier", "prior"] == "= 0.05"
    assert "Tran et al. 2021" in row.loc["a_Intercept", "source"]
    variables = {name for name in to_reported(spec, prior_coefficients(spec, 1, 0)) if not name.endswith("_subject")}
    assert set(table["variable"]) == variables | {"z", "p_outlier"}
    assert row.loc["v_conf", "meaning"] == "LC - HC" and row.loc["v_conf", "prior"] == "Normal(0, 1)"
    assert row.loc["v_Intercept", "prior"] == f"Normal(0, {math.hypot(2.0, 0.5):.4g})"


def test_priors_of_cells_in_the_table(cells_of):
    spec, cells = cells_of(["v ~ group*conf", "a ~ conf"])
    table = prior_table(spec, cells=cells).set_index("variable")
    assert table.loc["a[conf=LC] - a[conf=HC]", "prior"] == "mean 0, sd 0.5"
    assert table.loc["a[conf=HC]", "prior"] == f"mean 0.4055, sd {math.hypot(0.5, 0.25):.4g}"
    of_v = cells[cells["parameter"] == "v"]
    assert of_v["cells"].tolist() == [1] * 4 + [2] * 4
    # 4 of the mean, 1 of half of each of two differences, 1/4 of a quarter of the difference of differences
    assert of_v["sd"][:4].to_numpy() == pytest.approx(math.sqrt(4.0 + 1.0 + 1.0 + 0.25))
    assert of_v["sd"][4:].to_numpy() == pytest.approx(math.sqrt(4.0 + 1.0))
    assert stated_priors(prior_table(spec, cells=cells)) == stated_priors(prior_table(spec))
    assert cells_of("v ~ theta")[1].empty


def test_priors_that_are_not_normal_in_words(build):
    priors = {"v_stim": td.StudentT(4.0, 0.0, 1.0), "v_Intercept_subject_sd": td.Gamma(2.0, 4.0)}
    table = prior_table(build("v ~ stim", priors=priors)[0], priors=priors).set_index("variable")
    assert table.loc["v_stim", "prior"] == "StudentT(4, 0, 1)" and table.loc["v_stim", "source"] == "given"
    assert table.loc["v_Intercept_subject_sd", "prior"] == "Gamma(2, 4)"
    # the mean of the cells, and a third of both differences from the reference, each of variance 2
    assert table.loc["v_Intercept", "prior"] == f"mean 0, sd {math.sqrt(4.0 + 2.0 * 2.0 / 9.0):.4g}"
    assert table.loc["v_stim_subject_sd", "prior"] == "HalfNormal(1)"
    summed = prior_table(build("v ~ stim", contrasts="sum")[0]).set_index("variable")["prior"]
    assert summed["v_stim"] == f"Normal(0, {2.0 * math.sqrt(1.0 / 3.0):.4g})"
    a = prior_table(build("a ~ conf", links={"a": "identity"}, contrasts="sum")[0]).set_index("variable")["prior"]
    assert a["a_Intercept"].startswith("LogNormal(")


def test_priors_become_float64():
    for prior in (td.Normal(0, 1), td.Beta(2, 3), td.Gamma(2, 3), td.StudentT(3), td.LogNormal(0, 1), td.HalfCauchy(1)):
        assert as_float64(prior).sample().dtype == torch.float64
        assert type(as_float64(prior)) is type(prior)
    log = td.TransformedDistribution(td.Normal(0, 1), [td.ExpTransform()])
    assert as_float64(log).sample().dtype == torch.float64


def test_words_and_moments():
    assert in_words(td.StudentT(3.0, 1.0, 2.0)) == "StudentT(3, 1, 2)"
    assert in_words(td.Uniform(0.0, 0.25)) == "Uniform(0, 0.25)"
    assert in_words(td.Gamma(2.0, 3.0)) == "Gamma(2, 3)"
    assert in_words(td.Normal(torch.zeros(2), 1.0)) == "Normal"
    made = beta(0.3, 0.1)
    assert float(made.mean) == pytest.approx(0.3) and float(made.stddev) == pytest.approx(0.1)
    scaled = beta(1.7, 0.1, 1.0, 2.0)
    assert float(scaled.mean) == pytest.approx(1.7) and float(scaled.stddev) == pytest.approx(0.1)
    assert in_words(scaled).startswith("ScaledBeta(") and in_words(scaled).endswith(", 1, 2)")
    draws = scaled.sample(torch.Size((20_000,)))
    assert float(draws.mean()) == pytest.approx(1.7, abs=4 * 0.1 / math.sqrt(20_000))


@pytest.mark.parametrize("name", list_models())
def test_every_model_has_priors_that_its_networks_cover(name, trials):
    """The middle 80 % of every intercept's prior lies in the training range, and its prior says where it is from."""
    ssm = get_model(name)
    for parameter in ssm.parameters:
        assert parameter.prior is not None and parameter.prior.source, parameter.name
        prior = default_prior(ssm, parameter.name, parameter.link)
        ends = prior.loc + 1.28 * prior.sd * np.array([-1.0, 1.0])
        low, high = get_link(parameter.link, parameter.support).inverse(ends)
        assert parameter.box[0] <= low < high <= parameter.box[1], parameter.name
        assert min(prior.effect, prior.group_sd, prior.group_effect) > 0.0
    spec, _ = build_spec(ssm, trials)
    natural = {parameter.name: parameter.link for parameter in ssm.parameters if parameter.support[1] < np.inf}
    build_spec(ssm, trials, links=dict.fromkeys(natural, "identity"))
    assert {term.name for _, term in spec.common_terms()} == {"Intercept"}
