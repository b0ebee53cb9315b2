import numpy as np
import pytest
import torch
import torch.distributions as td

from hddm_sbi.errors import FormulaError, ModelError
from hddm_sbi.inference.potential.priors import encode
from hddm_sbi.spec.build import build_spec
from hddm_sbi.ssm import get_model
from hddm_sbi.trials.reading import read_trials


def test_the_default_model(build, trials):
    spec, _ = build()
    assert [parameter.name for parameter in spec.parameters] == ["v", "a", "z", "t0", "p_outlier"]
    assert [parameter.link for parameter in spec.parameters] == ["identity", "log", "logit", "log", "identity"]
    assert [term.site for _, term in spec.common_terms()] == [
        "v_Intercept",
        "a_Intercept",
        "z_Intercept",
        "t0_Intercept",
        "p_outlier",
    ]
    assert [term.site for _, term in spec.group_terms()] == [
        f"{name}_Intercept_subject" for name in ("v", "a", "z", "t0")
    ]
    for _, group in spec.group_terms():
        assert group.groups.labels == (11, 12, 15, 20)
        assert group.common == group.site.removesuffix("_subject")
        assert np.array_equal(group.groups.index[spec.row], trials.subject)
    assert spec.n_rows == 4


def test_names_levels_and_links_of_terms(parameter):
    v = parameter("v", "v ~ conf * theta + I(theta / 2 + theta ** 2) + (1 + conf | subject) + (1 | item)")
    assert [term.reported.variable for term in v.common] == [
        "v_Intercept",
        "v_conf",
        "v_theta",
        "v_conf:theta",
        "v_I(theta ÷ 2 + theta ** 2)",
    ]
    assert [term.reported.levels for term in v.common] == [None, ("LC",), None, ("LC",), None]
    assert [term.site for term in v.common] == [f"{term.reported.variable}_sampled" for term in v.common]
    assert [(term.reported.variable, term.common, term.reported.levels) for term in v.group] == [
        ("v_Intercept_subject", "v_Intercept_sampled", None),
        ("v_conf_subject", "v_conf_sampled", ("LC",)),
        ("v_Intercept_item", "v_Intercept_sampled", None),
    ]
    # without interactions the difference of two levels is sampled itself
    assert [term.site for term in v.group] == ["v_Intercept_subject_sampled", "v_conf_subject", "v_Intercept_item"]
    assert [term.levels for term in v.group] == [None, ("LC",), None]
    assert v.formula.startswith("1 + conf + theta + conf:theta + I(theta / 2 + theta ** 2) + (1 + conf || subject)")


def test_pooling(build):
    apart, _ = build("v ~ conf", pooling="none")
    assert [term.site for _, term in apart.common_terms()] == ["p_outlier"]
    for _, group in apart.group_terms():
        assert group.sd_prior is None and group.prior is not None and group.common is None
    complete, _ = build("v ~ conf", pooling="complete")
    assert list(complete.group_terms()) == [] and complete.n_rows == 2


def test_accuracy_coding_fixes_z_and_expects_positive_drift(build):
    spec, _ = build(coding="accuracy")
    v, _, z, *_ = spec.parameters
    assert z.fixed == 0.5 and z.common == () and z.group == ()
    assert float(v.common[0].prior.mean) == 2.0
    with pytest.raises(FormulaError, match="'z' is fixed"):
        build("z ~ conf", coding="accuracy")
    with pytest.raises(ModelError, match="coding 'correct' is not known; choose one of response, accuracy"):
        build(coding="correct")


def test_fixed(build):
    spec, _ = build(fixed={"z": 0.4, "t0": 0})
    assert [parameter.fixed for parameter in spec.parameters] == [None, None, 0.4, 0.0, None]
    for fixed, message in (
        ({"z": 1.0}, "'z' is fixed at 1.0, outside its range from 0 to 1"),
        ({"a": 0}, "'a' is fixed at 0, outside its range"),
        ({"v": float("inf")}, "'v' is fixed at inf, outside"),
        ({"v": float("nan")}, "'v' is fixed at nan, outside"),
        ({"v": "fast"}, "'v' is fixed at 'fast', which is not a number"),
        ({"zz": 0.5}, "fixed names 'zz', which is not a parameter of the model 'ddm'; did you mean 'z'"),
        ({"p_outlier": 0.1}, "by p_outlier=0.1, not in fixed"),
        ({"v": 1, "a": 1, "z": 0.5, "t0": 0.3}, "all parameters are fixed"),
        (0.5, "fixed must be a dictionary"),
    ):
        with pytest.raises(ModelError, match=message):
            build(fixed=fixed)


def test_p_outlier(build):
    assert build(p_outlier=0.05)[0].parameters[-1].fixed == 0.05
    assert [p.name for p in build(p_outlier=0)[0].parameters] == ["v", "a", "z", "t0"]
    estimated = build()[0].parameters[-1].common[0]
    assert float(estimated.prior.concentration1) == 1.0 and float(estimated.prior.concentration0) == 20.0
    given = build(p_outlier=td.Uniform(0.0, 0.2))[0].parameters[-1].common[0]
    assert float(given.prior.high) == pytest.approx(0.2)
    for bad in (1.0, -0.1, "yes", True, None, float("nan")):
        with pytest.raises(ModelError, match="p_outlier must be"):
            build(p_outlier=bad)
    with pytest.raises(ModelError, match="not between 0 and 1, but it is a probability"):
        build(p_outlier=td.Normal(0.0, 1.0))


def test_links(build):
    links = {"a": "identity", "z": "identity", "v": "log"}
    assert [p.link for p in build(links=links)[0].parameters] == ["log", "identity", "identity", "log", "identity"]
    for bad, message in (
        ({"z": "log"}, "the link 'log' does not fit 'z', whose values lie between 0 and 1"),
        ({"a": "probit"}, "there is no link 'probit'"),
        ({"b": "log"}, "links names 'b', which is not a parameter"),
    ):
        with pytest.raises(ModelError, match=message):
            build(links=bad)


def test_shared(build):
    spec, _ = build(shared=("z", "t0"))
    assert [len(parameter.group) for parameter in spec.parameters] == [1, 1, 0, 0, 0]
    assert build(shared="z")[0].parameters[2].group == ()
    with pytest.raises(ModelError, match="shared names 'x', which is not a parameter"):
        build(shared="x")


def test_users_priors(parameter, build):
    priors = {
        "v_Intercept": td.Normal(1.0, 0.5),
        "v_conf": td.StudentT(4.0, 0.0, 1.0),
        "v_conf_subject_sd": td.Gamma(2.0, 3.0),
        "p_outlier": td.Beta(2.0, 30.0),
    }
    v = parameter("v", "v ~ conf", priors=priors)
    assert isinstance(v.common[1].prior, td.StudentT) and isinstance(v.group[1].sd_prior, td.Gamma)
    assert str(v.common[0].prior.mean.dtype) == "torch.float64"
    assert isinstance(v.group[0].sd_prior, td.HalfNormal)
    apart = parameter("v", pooling="none", priors={"v_Intercept_subject": td.Normal(0.0, 9.0)})
    assert float(apart.group[0].prior.scale) == 9.0


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        (
            {"v_Intercep": td.Normal(0, 1)},
            r"no such variable; did you mean 'v_Intercept'\? The variables are v_Intercept, ",
        ),
        ({"v_Intercept": 3}, r"prior of 'v_Intercept' must be a distribution .* not 3"),
        ({"v_Intercept": td.Poisson(3.0)}, "is discrete"),
        ({"v_Intercept": td.Normal(torch.zeros(2), 1.0)}, r"has shape \(2,\); give the distribution of a single"),
        (
            {"v_Intercept_subject_sd": td.Normal(0, 1)},
            "allows values that are not positive, but it is a standard deviation",
        ),
        ({"p_outlier": td.Normal(0, 1)}, "not between 0 and 1"),
        (td.Normal(0, 1), "priors must be a dictionary"),
    ],
)
def test_bad_priors_say_what_is_wrong(build, priors, message):
    with pytest.raises(ModelError, match=message):
        build(priors=priors)


def test_a_covariate_that_takes_the_name_of_a_result(ddm, trials):
    trials.frame["mean"] = trials.frame["theta"]
    with pytest.raises(FormulaError, match="the coefficient of 'mean' would be called 'v_mean'"):
        build_spec(ddm, trials, formula="v ~ mean")


def test_a_model_of_the_users_own(own, trials):
    spec, _ = build_spec(own, trials, formula="drift ~ theta")
    assert [parameter.name for parameter in spec.parameters] == ["drift", "bound", "share", "tail", "p_outlier"]
    for _, term in spec.common_terms():
        assert np.isfinite(float(term.prior.log_prob(term.prior.sample())))


def test_the_bundled_experiment(ddm, cavanagh):
    trials = read_trials(cavanagh, groupby="participant_id")
    spec, design = build_spec(ddm, trials, formula={"v": "0 + stim", "a": "conf"})
    assert spec.n_rows == len(design.frame) == len(cavanagh.groupby(["participant_id", "stim", "conf"]))
    assert spec.parameters[0].common[0].levels == ("LL", "WL", "WW")


def test_a_width_is_estimated_as_a_proportion(full_ddm, trials):
    spec, _ = build_spec(full_ddm, trials)
    sz = spec.parameter("sz")
    assert sz.within == "z" and sz.link == "logit" and sz.ends == (0.0, 1.0)
    assert spec.widths == spec.proportions == ((5, 2),)
    assert [parameter.formula for parameter in spec.parameters[4:7]] == ["1", "1", "1"]
    spec, _ = build_spec(full_ddm, trials, fixed={"sz": 0.2, "st0": 0})
    assert spec.widths == ((5, 2),) and spec.proportions == () and spec.parameter("sz").fixed == 0.2


def test_a_constant_width_must_fit_a_constant_starting_point(full_ddm, trials):
    assert build_spec(full_ddm, trials, fixed={"sz": 0.79, "z": 0.4})[0].parameter("sz").fixed == 0.79
    for fixed, message in (
        ({"sz": 0.8, "z": 0.4}, r"'sz' is fixed at 0.8, but around 'z' = 0.4 it must be below 0.8"),
        ({"sz": 1}, "'sz' is fixed at 1, outside its range from 0 to 1"),
        ({"sz": -0.1}, "'sz' is fixed at -0.1, outside its range"),
    ):
        with pytest.raises(ModelError, match=message):
            build_spec(full_ddm, trials, fixed=fixed)


def test_links_of_bounded_parameters(trials):
    angle, levy = get_model("angle"), get_model("levy")
    assert build_spec(angle, trials)[0].parameter("theta").ends == (0.0, np.pi / 2)
    assert build_spec(levy, trials)[0].parameter("alpha").ends == (1.0, 2.0)
    spec, _ = build_spec(levy, trials, links={"alpha": "identity"})
    prior = spec.parameter("alpha").common[0].prior
    draws = prior.sample(torch.Size((1000,)))
    assert bool(((draws > 1.0) & (draws < 2.0)).all()) and encode(prior) is not None
    for ssm, links, message in (
        (angle, {"theta": "log"}, "the link 'log' does not fit 'theta', whose values lie between 0 and 1.5708"),
        (angle, {"a": "logit"}, "the link 'logit' does not fit 'a', whose values lie between 0 and inf"),
        (levy, {"alpha": "log"}, "leave it at 'logit' or use 'identity'"),
    ):
        with pytest.raises(ModelError, match=message):
            build_spec(ssm, trials, links=links)
