"""Contrasts are what one computes by hand from the draws."""

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.errors import FormulaError
from hddm_sbi.results.to_arviz import group

pytestmark = pytest.mark.filterwarnings("ignore::hddm_sbi.errors.HDDMWarning")

FORMULAS = ["v ~ conf*stim + theta + group", "a ~ conf + age", "z ~ 1 + (1|subject) + (1|stim)"]


@pytest.fixture(scope="module")
def model(build):
    return build(formula=FORMULAS)


@pytest.fixture(scope="module")
def idata(model, fabricate):
    return fabricate(model)


@pytest.fixture(scope="module")
def drawn(idata):
    """Draws by hand: coefficients by name, (chains, draws, ...)."""
    return {name: x.to_numpy() for name, x in group(idata, "posterior").data_vars.items()}


@pytest.fixture(scope="module")
def reported(model, idata) -> xr.Dataset:
    """The posterior's variables as ``sample`` would compute them from these coefficients."""
    variables, coords = model._variables(model._coefficients(idata))
    data = {name: (("chain", "draw", *dims), x) for name, (dims, x) in variables.items()}
    return xr.Dataset(data, coords={name: list(labels) for name, labels in coords.items()})


def test_a_single_coefficient(model, idata, drawn) -> None:
    found = model.contrast(idata, "v[conf=LC, stim=a] - v[conf=HC, stim=a]")
    np.testing.assert_allclose(found.draws, drawn["v_conf"][..., 0], atol=1e-12)
    row, flat = found.summary.iloc[0], drawn["v_conf"].reshape(-1)
    assert row["mean"] == pytest.approx(flat.mean()) and row["sd"] == pytest.approx(flat.std(ddof=1))
    assert row["2.5%"] == pytest.approx(np.quantile(flat, 0.025))
    assert row["p_direction"] == pytest.approx(max((flat > 0).mean(), (flat < 0).mean()), abs=0.05)


def test_left_out_factors_are_averaged_with_equal_weight(model, idata, drawn) -> None:
    # the mean of the differences at stim a, b and c; stim b and c have interactions with conf
    by_hand = drawn["v_conf"][..., 0] + drawn["v_conf:stim"].sum(axis=-1) / 3.0
    found = model.contrast(idata, "v[conf=LC] - v[conf=HC]")
    np.testing.assert_allclose(found.draws, by_hand, atol=1e-12)
    sentence = "v is averaged over the levels of stim (a, b, c) and group (control, patient), all with equal weight."
    assert sentence in found.notes
    # what does not interact does not matter
    of_patients = model.contrast(idata, "v[conf=LC, group=patient] - v[conf=HC, group=patient]")
    np.testing.assert_allclose(of_patients.draws, by_hand, atol=1e-12)


@pytest.mark.parametrize("of", ["typical", "mean"])
def test_every_condition_is_that_of_the_posterior(model, idata, reported, of: str) -> None:
    for name in ("v", "a"):
        variable = reported[name if of == "typical" else f"{name}_mean"]
        for label in model.conditions.index:
            own = [part for part in label.split(", ") if name == "v" or part.startswith("conf")]
            found = model.contrast(idata, f"{name}[{', '.join(own)}]", of=of)
            np.testing.assert_allclose(found.draws, variable.sel(condition=label), rtol=1e-10)
    z = reported["z" if of == "typical" else "z_mean"]
    np.testing.assert_allclose(model.contrast(idata, "z", of=of).draws, z, rtol=1e-10)


def test_participants_are_those_of_the_posterior(model, idata, reported) -> None:
    found = model.contrast(idata, "v[conf=LC, stim=b] - v[conf=HC, stim=b]", of="participants")
    assert found.draws.dims == ("chain", "draw", "subject") and found.draws.shape[2] == 8
    for subject in range(8):
        of_group = "patient" if subject < 4 else "control"
        one = reported["v_subject"].sel(subject=subject)
        by_hand = one.sel(condition=f"conf=LC, stim=b, group={of_group}") - one.sel(
            condition=f"conf=HC, stim=b, group={of_group}"
        )
        np.testing.assert_allclose(found.draws.sel(subject=subject), by_hand, atol=1e-10)
    assert np.isnan(found.draws.sel(subject=2)).all()
    assert list(found.summary.index) == [0, 1, 3, 4, 5, 6, 7]
    assert "Without a value, since they lack one of the conditions: 2." in found.notes
    assert "group is each participant's own." in found.notes
    mean = model.contrast(idata, "v[conf=LC, stim=b] - v[conf=HC, stim=b]", of="sample")
    np.testing.assert_allclose(mean.draws, found.draws.mean("subject"), atol=1e-10)


def test_participants_average_over_their_own_cells(model, idata, reported) -> None:
    found = model.contrast(idata, "v", of="participants")
    assert np.isnan(found.draws.sel(subject=2)).all()  # half of the conditions are lacking
    labels = [f"conf={conf}, stim={stim}, group=control" for conf in ("HC", "LC") for stim in "abc"]
    by_hand = reported["v_subject"].sel(subject=6, condition=labels).mean("condition")
    np.testing.assert_allclose(found.draws.sel(subject=6), by_hand, atol=1e-10)
    one = model.contrast(idata, "v[conf=HC]", of="participants")
    assert np.isfinite(one.draws).all()


def test_covariates(model, idata, drawn, table) -> None:
    difference = model.contrast(idata, "v[theta=2] - v[theta=-0.5]")
    np.testing.assert_allclose(difference.draws, 2.5 * drawn["v_theta"], atol=1e-12)
    slope = model.contrast(idata, "slope(v, theta)")
    np.testing.assert_allclose(slope.draws, drawn["v_theta"], atol=1e-9)
    # on a curved scale a slope is the derivative at the mean of the column
    bent = model.contrast(idata, "slope(a[conf=HC], age)")
    by_hand = drawn["a_age"] * np.exp(drawn["a_Intercept"] + drawn["a_age"] * table["age"].mean())
    np.testing.assert_allclose(bent.draws, by_hand, rtol=1e-6)
    own = model.contrast(idata, "a[conf=HC]", of="participants")
    expected = np.exp(
        drawn["a_Intercept"] + drawn["a_Intercept_subject"][..., 5] + 35.0 * drawn["a_age"]
    )  # participant 5 is 35 years old
    np.testing.assert_allclose(own.draws.sel(subject=5), expected, rtol=1e-10)
    assert "age is at each participant's own." in own.notes
    assert any(note.startswith("age is at its mean, 30.5") for note in bent.notes)
    far = model.contrast(idata, "a[age=90] / a[age=30]")
    assert any("age = 90 lies outside the data (20 to 41)" in note for note in far.notes)


def test_codes_are_conditions_and_numbers(table, fabricate) -> None:
    """Of -1 and 1 the values and their difference can be asked for, and as of any number those between and slopes."""
    coded = table.assign(S=np.where(table["conf"] == "LC", 1, -1), other=np.where(table["stim"] == "a", -0.5, 0.5))
    model = HierarchicalDDM(coded, groupby="subject", formula="v ~ 0 + S + other:S", likelihood="exact")
    idata = fabricate(model)
    drawn = {name: x.to_numpy() for name, x in group(idata, "posterior").data_vars.items()}
    for text, by_hand in {
        "v[S=1, other=0.5]": drawn["v_S"] + 0.5 * drawn["v_other:S"],
        "v[S=1] - v[S=-1]": 2.0 * drawn["v_S"],  # over the other code, -0.5 and 0.5
        "v[S=0.5, other=-0.5]": 0.5 * drawn["v_S"] - 0.25 * drawn["v_other:S"],
        "v[S=2]": 2.0 * drawn["v_S"],
        "slope(v, S)": drawn["v_S"],
        "slope(v[other=0.5], S)": drawn["v_S"] + 0.5 * drawn["v_other:S"],
    }.items():
        np.testing.assert_allclose(model.contrast(idata, text).draws, by_hand, atol=1e-8, err_msg=text)
    assert "S = 2 lies outside the data (-1 to 1): the line is drawn out." in model.contrast(idata, "v[S=2]").notes
    own = model.contrast(idata, "v[S=0.5, other=0]", of="participants")
    np.testing.assert_allclose(own.draws[..., 3], 0.5 * (drawn["v_S"] + drawn["v_S_subject"][..., 3]), atol=1e-8)
    with pytest.raises(FormulaError, match="S=high, but 'S' is numeric; write a number"):
        model.contrast(idata, "v[S=high]")
    with pytest.raises(FormulaError, match=r"'v_S' is a coefficient, .*write 'slope\(v, S\)'"):
        model.contrast(idata, "v_S")


def test_participants_of_groups(table, fabricate) -> None:
    """Participants differ, too, where a part of theirs alone has effects."""
    model = HierarchicalDDM(
        table, groupby="subject", formula="v ~ complete + (1 | subject:complete)", likelihood="exact"
    )
    idata = fabricate(model)
    drawn = group(idata, "posterior")
    found = model.contrast(idata, "v[complete=LC]", of="participants")
    part = drawn["v_Intercept_subject:complete"].sel({"subject:complete": "6:LC"})
    by_hand = drawn["v_Intercept"] + drawn["v_complete"][..., 0] + part
    np.testing.assert_allclose(found.draws.sel(subject=6), by_hand, atol=1e-12)


def test_scales_say_the_same_where_they_are_the_same(model, idata, drawn) -> None:
    text = "v[conf=LC] - v[conf=HC]"
    natural, link = (model.contrast(idata, text, scale=scale) for scale in ("natural", "link"))
    np.testing.assert_allclose(natural.draws, link.draws, atol=1e-12)
    ratio = model.contrast(idata, "a[conf=LC] / a[conf=HC]")
    difference = model.contrast(idata, "a[conf=LC] - a[conf=HC]", scale="link")
    np.testing.assert_allclose(np.log(ratio.draws), difference.draws, atol=1e-12)
    np.testing.assert_allclose(difference.draws, drawn["a_conf"][..., 0], atol=1e-12)
    # and so is the direction: a ratio refers to 1, a difference to 0
    assert ratio.summary["p_direction"].iloc[0] == difference.summary["p_direction"].iloc[0]
    assert ratio.summary["direction"].iloc[0].startswith(("P(> 1)", "P(< 1)"))
    of_mean = model.contrast(idata, text, of="mean", scale="link")
    np.testing.assert_allclose(of_mean.draws, natural.draws, atol=1e-12)
    by_participant = model.contrast(idata, "z", of="participants", scale="link")
    np.testing.assert_allclose(
        expit(by_participant.draws), expit(drawn["z_Intercept"][..., None] + drawn["z_Intercept_subject"]), rtol=1e-10
    )


def test_parameters_against_each_other_and_interactions(model, idata, drawn, reported) -> None:
    found = model.contrast(idata, "v[conf=HC, stim=a, group=control] * a[conf=HC]")
    product = reported["v"].sel(condition="conf=HC, stim=a, group=control") * reported["a"].sel(
        condition="conf=HC, stim=a, group=control"
    )
    np.testing.assert_allclose(found.draws, product, rtol=1e-10)
    text = "(v[conf=LC, stim=b] - v[conf=HC, stim=b]) - (v[conf=LC, stim=a] - v[conf=HC, stim=a])"
    np.testing.assert_allclose(model.contrast(idata, text).draws, drawn["v_conf:stim"][..., 0], atol=1e-12)
    np.testing.assert_allclose(
        model.contrast(idata, "v[group=patient] - v[group=control]").draws, drawn["v_group"][..., 0], atol=1e-12
    )


def test_rope_interval_and_null(model, idata, drawn) -> None:
    text, flat = "v[conf=LC, stim=a] - v[conf=HC, stim=a]", drawn["v_conf"].reshape(-1)
    found = model.contrast(idata, text, interval=0.8, rope=(-0.1, 0.1), null=0.1)
    row = found.summary.iloc[0]
    assert row["10%"] == pytest.approx(np.quantile(flat, 0.1)) and row["90%"] == pytest.approx(np.quantile(flat, 0.9))
    assert row["p_rope"] == pytest.approx((np.abs(flat) < 0.1).mean(), abs=0.05)
    assert row["p_direction"] == pytest.approx((flat < 0.1).mean(), abs=0.05)
    assert row["direction"].startswith("P(< 0.1)")
    shown = str(found)
    assert "80% interval" in shown and "P(-0.1 to 0.1)" in shown and shown.startswith(f"{text}, typical participant")
    assert "rope" not in model.contrast(idata, text).summary


def test_a_divisor_that_changes_sign_is_told(model, idata) -> None:
    found = model.contrast(idata, "a[conf=LC] / v[conf=HC]")
    assert any(note.startswith("The divisor is positive in some draws") for note in found.notes)
    assert not any("divisor" in note for note in model.contrast(idata, "v / a").notes)


def test_unequal_averages_are_told(table, fabricate) -> None:
    some = table[(table["conf"] == "HC") | (table["stim"] == "a")]
    model = HierarchicalDDM(some, groupby="subject", formula="v ~ conf + stim", likelihood="exact")
    found = model.contrast(fabricate(model), "v[conf=LC] - v[conf=HC]")
    assert any("are averages over different levels of stim" in note for note in found.notes)
    assert model.contrast(fabricate(model), "v[conf=LC, stim=a] - v[conf=HC, stim=a]").notes == ()


def test_cells_of_one_parameter_do_not_depend_on_those_of_another(table, fabricate) -> None:
    """stim is b and c in half of the conditions only, which is no reason to weigh those of v by it."""
    some = table[(table["conf"] == "HC") | (table["stim"] == "a")]
    model = HierarchicalDDM(some, groupby="subject", formula=["v ~ conf", "a ~ stim"], likelihood="exact")
    idata = fabricate(model)
    posterior = group(idata, "posterior")
    by_hand = posterior["v_Intercept"] + 0.5 * posterior["v_conf"][..., 0]
    np.testing.assert_allclose(model.contrast(idata, "v").draws, by_hand, atol=1e-12)


def test_populations_and_participants_apart(build, fabricate) -> None:
    apart = build(formula="v ~ conf", pooling="none")
    idata = fabricate(apart)
    posterior = group(idata, "posterior")
    found = apart.contrast(idata, "v[conf=LC] - v[conf=HC]", of="participants")
    np.testing.assert_allclose(found.draws[..., 0], posterior["v_conf_subject"][..., 0, 0], atol=1e-12)
    together = build(formula="v ~ conf", pooling="complete", fixed={"z": 0.4}, p_outlier=0.05)
    idata = fabricate(together)
    np.testing.assert_allclose(together.contrast(idata, "v[conf=LC] * 0 + z").draws, 0.4)
    assert (together.contrast(idata, "p_outlier + 0 * v").draws == 0.05).all()


def test_widths_and_stimulus_coding(build, fabricate, table) -> None:
    model = build(model="full_ddm", formula="z ~ conf", fixed={"st0": 0.0})
    idata = fabricate(model)
    drawn = group(idata, "posterior")
    z = expit(drawn["z_Intercept"] + drawn["z_conf"][..., 0])
    by_hand = expit(drawn["sz_Intercept"]) * 2.0 * np.minimum(z, 1.0 - z)
    np.testing.assert_allclose(model.contrast(idata, "sz[conf=LC]").draws, by_hand, rtol=1e-10)
    model = build(
        coding="stimulus", stimulus={"conf": {"HC": 1, "LC": 0}}, formula=["v ~ stim", "v_bias ~ 1"], choices=[0, 1]
    )
    idata = fabricate(model)
    found = model.contrast(idata, "v[stim=b] - v_bias")
    drawn = group(idata, "posterior")
    by_hand = drawn["v_Intercept"] + drawn["v_stim"][..., 0] - drawn["v_bias_Intercept"]
    np.testing.assert_allclose(found.draws, by_hand, atol=1e-12)
