"""The posterior's variables have the names, dimensions and values that the contract gives them."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from hddm_sbi.design.conditions import find_conditions
from hddm_sbi.inference.layout import Layout, coefficients
from hddm_sbi.results.variables import posterior_variables
from hddm_sbi.spec.build import build_spec
from hddm_sbi.spec.condition_specs import condition_specs
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.trials.reading import read_trials

pytestmark = pytest.mark.filterwarnings("ignore::hddm_sbi.errors.HDDMWarning")


@pytest.fixture(scope="module")
def experiment() -> pd.DataFrame:
    rng, n = np.random.default_rng(5), 200
    frame = pd.DataFrame(
        {
            "subject": np.repeat(["s1", "s2", "s3", "s4"], 50),
            "item": rng.integers(0, 3, n),
            "stim": rng.choice(["LL", "WL", "WW"], n),
            "conf": rng.choice(["HC", "LC"], n),
            "theta": rng.normal(size=n),
            "rt": rng.uniform(0.5, 2.0, n),
            "response": rng.integers(0, 2, n),
        }
    )
    return frame[~((frame.subject == "s2") & (frame.conf == "LC"))].reset_index(drop=True)


def fit(frame, groupby="subject", model="ddm", **options):
    """Variables, coordinates and coefficients from random draws instead of a posterior."""
    trials = read_trials(frame, groupby=groupby)
    spec, design = build_spec(get_model(model), trials, **options)
    conditions = find_conditions(design, trials)
    u = 0.5 * np.random.default_rng(1).normal(size=(2, 5, Layout.of(spec).ndim))
    draws = coefficients(spec, u)
    specs = condition_specs(spec, design, conditions)
    variables, coordinates = posterior_variables(spec, specs, conditions, groupby, draws)
    for name, (dims, value) in variables.items():
        assert value.shape == (2, 5, *(len(coordinates[dim]) for dim in dims)), name
    return variables, coordinates, draws


def test_intercepts(experiment):
    variables, coordinates, draws = fit(experiment)
    for p in ("v", "a", "z", "t0"):
        assert variables[p][0] == variables[f"{p}_mean"][0] == variables[f"{p}_Intercept"][0] == ()
        assert variables[f"{p}_Intercept_subject_sd"][0] == ()
        assert variables[f"{p}_Intercept_subject"][0] == variables[f"{p}_subject"][0] == ("subject",)
    assert coordinates == {"subject": ("s1", "s2", "s3", "s4")}
    np.testing.assert_array_equal(variables["p_outlier"][1], draws["p_outlier"])
    np.testing.assert_allclose(variables["a"][1], np.exp(draws["a_Intercept"]))
    by_subject = np.exp(draws["a_Intercept"][..., None] + draws["a_Intercept_subject"])
    np.testing.assert_allclose(variables["a_subject"][1], by_subject)
    mean = np.exp(draws["a_Intercept"] + 0.5 * draws["a_Intercept_subject_sd"] ** 2)
    np.testing.assert_allclose(variables["a_mean"][1], mean, rtol=1e-6)


def test_factor_has_conditions(experiment):
    variables, coordinates, _ = fit(experiment, formula=["v ~ conf", "z ~ 1"])
    assert coordinates["condition"] == ("conf=HC", "conf=LC")
    assert coordinates["v_conf_level"] == ("LC",)
    assert variables["v"][0] == variables["v_mean"][0] == ("condition",)
    assert variables["v_subject"][0] == ("subject", "condition")
    assert variables["v_conf"][0] == variables["v_conf_subject_sd"][0] == ("v_conf_level",)
    assert variables["v_conf_subject"][0] == ("subject", "v_conf_level")
    assert variables["z"][0] == () and variables["z_subject"][0] == ("subject",)
    draws = {name: values for name, (_, values) in variables.items()}
    expected = draws["v_Intercept"] + draws["v_conf"][..., 0]
    np.testing.assert_allclose(variables["v"][1][..., 1], expected)
    unseen = np.zeros((4, 2), bool)
    unseen[1, 1] = True
    assert (np.isnan(variables["v_subject"][1]) == unseen).all()
    assert np.isfinite(variables["z_subject"][1]).all()


def test_population_mean_by_simulation(experiment):
    variables, _, draws = fit(experiment, formula="z ~ 1 + (1|subject) + (1|item)")
    rng = np.random.default_rng(2)
    n = 200_000
    sd = np.hypot(draws["z_Intercept_subject_sd"][0, 0], draws["z_Intercept_item_sd"][0, 0])
    sample = expit(draws["z_Intercept"][0, 0] + sd * rng.normal(size=n))
    assert variables["z_mean"][1][0, 0] == pytest.approx(sample.mean(), abs=5 * sample.std() / np.sqrt(n))
    assert variables["z_Intercept_item"][0] == ("item",)
    assert variables["z_subject"][0] == ("subject",)


def test_contrast_codes_are_shown_at_their_values(experiment):
    """A row of zeros, the drift at a mean that no trial has, is what a psychologist never asked for."""
    frame = experiment.assign(S=np.where(experiment.conf == "HC", 1, -1))
    variables, coordinates, _ = fit(frame, formula="v ~ 0 + S + S:stim")
    assert coordinates["condition"][:2] == ("S=-1, stim=LL", "S=-1, stim=WL")
    # sampled in another coding; ``reported`` coefficients stand beside the values
    given = {name: values for name, (_, values) in variables.items()}
    np.testing.assert_allclose(given["v"][..., 3], given["v_S"])
    np.testing.assert_allclose(given["v"][..., 1], -given["v_S"] - given["v_S:stim"][..., 0])
    np.testing.assert_allclose(given["v_subject"][..., 0, 0], -given["v_S"] - given["v_S_subject"][..., 0])
    assert np.isnan(given["v_subject"][..., 1, 0]).all()
    np.testing.assert_allclose(given["v_mean"], given["v"])  # on the identity link mean and median are one


def test_a_covariate_without_an_intercept_is_shown_at_two_values(experiment):
    variables, coordinates, _ = fit(experiment, formula=["v ~ 0 + theta", "a ~ theta"])
    given = {name: values for name, (_, values) in variables.items()}
    low, high = (float(label.split("=")[1]) for label in coordinates["condition"])
    assert low < -0.5 < 0.5 < high
    np.testing.assert_allclose(given["v"][..., 1], high * given["v_theta"])
    of_s3 = low * (given["v_theta"] + given["v_theta_subject"][..., 2])
    np.testing.assert_allclose(given["v_subject"][..., 2, 0], of_s3)
    # beside it a parameter with an intercept is at the same values
    np.testing.assert_allclose(given["a"][..., 0], np.exp(given["a_Intercept"] + low * given["a_theta"]))


def test_groups_of_every_factor_have_values(experiment):
    frame = experiment.assign(site=np.where(experiment.subject.isin(["s1", "s2"]), "x", "y"))
    variables, _, draws = fit(frame, formula=["v ~ 1 + (1|site) + (1|subject)", "z ~ 1 + (1|subject) + (1|item)"])
    assert variables["v_site"][0] == ("site",) and variables["z_item"][0] == ("item",)
    v_site = draws["v_Intercept"][..., None] + draws["v_Intercept_site"]
    np.testing.assert_allclose(variables["v_site"][1], v_site)
    own = v_site[..., [0, 0, 1, 1]] + draws["v_Intercept_subject"]
    np.testing.assert_allclose(variables["v_subject"][1], own)
    logit = draws["z_Intercept"][..., None] + draws["z_Intercept_item"]
    np.testing.assert_allclose(variables["z_item"][1], expit(logit))
    assert list(variables).index("v_subject") < list(variables).index("v_site")


def test_a_participant_keeps_the_site_where_a_condition_was_not_seen(experiment):
    """``a`` has no conditions, so that the cell that s2 lacks must not decide what is known of s2."""
    frame = experiment.assign(
        conf=np.where(experiment.conf == "LC", "A", "B"),  # s2 lacks the first
        site=np.where(experiment.subject.isin(["s1", "s2"]), "x", "y"),
    )
    variables, _, draws = fit(frame, formula=["v ~ conf", "a ~ 1 + (1|site) + (1|subject)"])
    s2 = draws["a_Intercept"] + draws["a_Intercept_site"][..., 0] + draws["a_Intercept_subject"][..., 1]
    np.testing.assert_allclose(variables["a_subject"][1][..., 1], np.exp(s2))


def test_participants_have_values_where_only_their_parts_vary(experiment):
    variables, _, draws = fit(experiment, formula=["v ~ conf + (1 | subject:conf)", "a ~ 1 + (1 | subject:conf)"])
    # in a condition the part is the participant's own
    assert variables["v_subject"][0] == ("subject", "condition") and "v_subject:conf" not in variables
    unseen = np.zeros((4, 2), bool)
    unseen[1, 1] = True
    assert (np.isnan(variables["v_subject"][1]) == unseen).all()
    s1 = variables["v"][1][..., 0] + draws["v_Intercept_subject:conf"][..., 0]
    np.testing.assert_allclose(variables["v_subject"][1][..., 0, 0], s1)
    # without conditions there are two values of each participant
    assert variables["a_subject:conf"][0] == ("subject:conf",) and "a_subject" not in variables
    variables, _, draws = fit(experiment, formula="v ~ 1 + (1 | subject) + (1 | subject:conf)")
    assert "v_subject:conf" not in variables  # the participants' values stand for them
    both = draws["v_Intercept"][..., None] + draws["v_Intercept_subject"]
    np.testing.assert_allclose(variables["v_subject"][1], both)


def test_a_coefficient_keeps_its_name(experiment):
    variables, _, _ = fit(experiment, formula="v ~ item + (1 | item)")
    assert variables["v_item"][0] == () and "v_Intercept_item" in variables


def test_no_pooling_has_no_population(experiment):
    variables, _, draws = fit(experiment, pooling="none", formula="v ~ stim")
    assert not any(name.endswith("_sd") or name.endswith("_mean") for name in variables)
    assert "v" not in variables and "v_Intercept" not in variables
    assert variables["v_stim_subject"][0] == ("subject", "v_stim_level")
    assert variables["v_subject"][0] == ("subject", "condition")
    np.testing.assert_allclose(variables["t0_subject"][1], np.exp(draws["t0_Intercept_subject"]))


def test_complete_pooling_has_no_participants(experiment):
    variables, coordinates, _ = fit(experiment, pooling="complete", formula="v ~ theta")
    assert not any("subject" in name for name in variables)
    assert "subject" not in coordinates and "condition" not in coordinates
    assert variables["v_theta"][0] == ()


def test_shared_and_fixed_parameters(experiment):
    variables, _, _ = fit(experiment, shared=("t0",), fixed={"z": 0.5}, p_outlier=0.05)
    assert "t0_subject" not in variables and "t0" in variables
    assert not any(name == "z" or name.startswith("z_") for name in variables)
    assert "p_outlier" not in variables


def test_without_participants(experiment):
    variables, coordinates, _ = fit(experiment, groupby=None, formula="a ~ 0 + conf")
    assert set(coordinates) == {"condition", "a_conf_level"}
    assert variables["a"][0] == ("condition",)


def test_slash_in_a_name(experiment):
    frame = experiment.rename(columns={"subject": "subject/id"})
    variables, coordinates, _ = fit(frame, groupby="subject/id", formula="v ~ I(theta / 2)")
    assert "v_I(theta ÷ 2)" in variables
    assert not any("/" in name for name in [*variables, *coordinates])


def room(z):
    return 2.0 * np.minimum(z, 1.0 - z)


def test_widths_are_natural(experiment, full_ddm):
    variables, _, draws = fit(experiment, model=full_ddm)
    proportion = expit(draws["sz_Intercept"])
    assert variables["sz"][0] == variables["sz_mean"][0] == variables["sz_Intercept"][0] == ()
    assert variables["sz_subject"][0] == ("subject",)
    assert not {"sz_Intercept_subject", "sz_Intercept_subject_sd", "sv_subject", "st0_subject"} & set(variables)
    np.testing.assert_allclose(variables["sz"][1], proportion * room(expit(draws["z_Intercept"])))
    np.testing.assert_allclose(variables["sz_subject"][1], proportion[..., None] * room(variables["z_subject"][1]))
    np.testing.assert_allclose(variables["st0_mean"][1], np.exp(draws["st0_Intercept"]))


def test_the_mean_width_by_simulation(experiment, full_ddm):
    variables, _, draws = fit(experiment, model=full_ddm, formula="sz ~ 1 + (1|subject)")
    rng, n = np.random.default_rng(2), 400_000
    for at in ((0, 0), (1, 3)):
        proportion, z = (
            expit(draws[f"{p}_Intercept"][at] + draws[f"{p}_Intercept_subject_sd"][at] * rng.normal(size=n))
            for p in ("sz", "z")
        )
        sample = proportion * room(z)
        # 4 standard errors, and the quadrature's own error
        assert variables["sz_mean"][1][at] == pytest.approx(sample.mean(), abs=4 * sample.std() / np.sqrt(n) + 2e-4)


def test_a_width_has_the_conditions_of_its_starting_point(experiment, full_ddm):
    variables, _, draws = fit(experiment, model=full_ddm, formula="z ~ conf", pooling="complete")
    assert variables["sz"][0] == ("condition",) and variables["sv"][0] == ()
    proportion = expit(draws["sz_Intercept"])[..., None]
    np.testing.assert_allclose(variables["sz"][1], proportion * room(variables["z"][1]))
    variables, _, _ = fit(experiment, model=full_ddm, formula="sz ~ conf", fixed={"z": 0.4}, shared=("t0",))
    assert variables["sz"][0] == ("condition",) and "sz_subject" not in variables


def test_widths_without_a_population(experiment, full_ddm):
    variables, _, draws = fit(experiment, model=full_ddm, pooling="none")
    assert "sz" not in variables and "sz_mean" not in variables and "sv" in variables
    expected = expit(draws["sz_Intercept"])[..., None] * room(variables["z_subject"][1])
    np.testing.assert_allclose(variables["sz_subject"][1], expected)


def test_a_constant_width_is_no_variable(experiment, full_ddm):
    variables, _, _ = fit(experiment, model=full_ddm, fixed={"sz": 0.1, "st0": 0})
    assert not any(name.startswith(("sz", "st0")) for name in variables)


def test_bounded_parameters(experiment):
    variables, _, draws = fit(experiment, model="levy")
    np.testing.assert_allclose(variables["alpha"][1], 1.0 + expit(draws["alpha_Intercept"]))
    assert ((variables["alpha_mean"][1] > 1.0) & (variables["alpha_mean"][1] < 2.0)).all()


def test_stimulus_coding(experiment):
    experiment["side"] = np.random.default_rng(8).integers(0, 2, len(experiment))
    stimulus = {"coding": "stimulus", "stimulus": "side"}
    variables, _, _ = fit(experiment, **stimulus, formula=["v ~ conf", "v_bias ~ 1"])
    assert variables["v"][0] == ("condition",) and variables["v_subject"][0] == ("subject", "condition")
    draws = {name: values for name, (_, values) in variables.items()}
    v = draws["v_Intercept"] + draws["v_Intercept_subject"][..., 2]
    np.testing.assert_allclose(variables["v_subject"][1][..., 2, 0], v)
    for name in ("v_bias", "v_bias_mean"):
        assert variables[name][0] == ()
        np.testing.assert_allclose(variables[name][1], draws["v_bias_Intercept"])
    by_subject = draws["v_bias_Intercept"][..., None] + draws["v_bias_Intercept_subject"]
    assert variables["v_bias_subject"][0] == ("subject",)
    np.testing.assert_allclose(variables["v_bias_subject"][1], by_subject)
    without, _, _ = fit(experiment, **stimulus)
    assert not [name for name in without if name.startswith("v_bias")]
