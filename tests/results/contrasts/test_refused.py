"""What cannot be answered gets a sentence that says what to write."""

import numpy as np
import pytest
import torch

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.errors import DataError, FormulaError, HDDMError, ModelError

pytestmark = pytest.mark.filterwarnings("ignore::hddm_sbi.errors.HDDMWarning")


@pytest.fixture(scope="module")
def model(build):
    return build(formula=["v ~ conf + theta + group", "a ~ stim"], fixed={"z": 0.5})


@pytest.fixture(scope="module")
def idata(model, fabricate):
    return fabricate(model, draws=20)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a[conf=LC] - a[conf=HC]",
            "'a' does not depend on 'conf' in this model, 'a ~ .*fit it with formula 'a ~ conf'",
        ),
        ("t0[conf=LC]", "'t0' does not depend on 'conf'"),
        ("z[conf=LC] - v", "'z' is fixed at 0.5, so it has no 'conf' to differ by; write 'z' alone"),
        ("p_outlier[conf=LC]", "'p_outlier' has one value for all trials; write 'p_outlier' alone"),
        ("w[conf=LC]", "no parameter 'w'"),
        ("A", "no parameter 'A'; did you mean 'a'"),
        ("v_conf", r"'v_conf' is a coefficient, .*write 'v\[conf=LC\] - v\[conf=HC\]'"),
        ("v_theta", r"write 'slope\(v, theta\)'"),
        ("a_stim", r"write 'a\[stim=c\] - a\[stim=a\]'"),
        ("v_mean", "write 'v', with of='mean'"),
        ("v_subject", "write 'v', with of='participants'"),
        ("v[conf=MC]", "the level 'MC' of 'conf', which does not occur; its levels are 'HC', 'LC'"),
        ("v[cnf=LC]", "the column 'cnf', which the data does not have; did you mean 'conf'"),
        ("v[theta=high]", "theta=high, but 'theta' is numeric"),
        ("v[theta=nan]", "'theta' is numeric"),
        ("v[conf=LC, conf=HC]", "states 'conf' twice"),
        ("slope(v, conf)", r"'conf' has the levels 'HC', 'LC'; write the difference 'v\[conf=LC\] - v\[conf=HC\]'"),
        ("slope(a, theta)", "'a' does not depend on 'theta'"),
        ("3 - 2", "names no parameter; the model has v, a, z, t0"),
        ("v / (1 - 1)", "divide by zero"),
        ("1 / (1 - 1) + v", "divides a number by zero"),
    ],
)
def test_contrasts(model, idata, text: str, message: str) -> None:
    with pytest.raises(HDDMError, match=message) as caught:
        model.contrast(idata, text)
    assert "\n" not in str(caught.value) and str(caught.value).endswith((".", "?"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"of": "mode"}, "of is 'mode'; choose one of 'typical', 'mean', 'participants', 'sample'"),
        ({"scale": "log"}, "scale is 'log'"),
        ({"interval": 95}, "interval is 95; give a probability"),
        ({"rope": 0.1}, "rope is 0.1; give the two ends"),
        ({"rope": (0.1, -0.1)}, "give the two ends"),
        ({"null": "zero"}, "null is 'zero'"),
        ({"of": "participants", "bayes_factor": True}, "about the population's average effect"),
        (
            {"bayes_factor": True},
            r"that of 'v_conf' is the package's, not yours \(v_conf ~ Normal.*priors=\{\"v_conf\"",
        ),
    ],
)
def test_options(model, idata, options, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        model.contrast(idata, "v[conf=LC] - v[conf=HC]", **options)


def test_whose_values_there_are(model, build, idata, fabricate) -> None:
    with pytest.raises(
        ModelError, match=r"no participant saw all conditions that .* as between groups of participants"
    ):
        model.contrast(idata, "v[group=patient] - v[group=control]", of="participants")
    alone = build(formula="v ~ conf", shared=("a", "t0", "z"))
    with pytest.raises(ModelError, match="needs values that vary by participant, and 'a' has none"):
        alone.contrast(fabricate(alone, draws=20), "a", of="sample")
    apart = build(formula="v ~ conf", pooling="none")
    with pytest.raises(ModelError, match="'v' has no typical value; ask with of='participants'"):
        apart.contrast(fabricate(apart, draws=20), "v[conf=LC]")


def test_cells_that_do_not_occur(table, fabricate) -> None:
    some = table[(table["conf"] == "HC") | (table["stim"] == "a")]
    model = HierarchicalDDM(some, groupby="subject", formula="v ~ conf + stim", likelihood="exact")
    with pytest.raises(FormulaError, match=r"no trial has the conditions of 'v\[conf=LC, stim=b\]'.*conf=LC, stim=a"):
        model.contrast(fabricate(model, draws=20), "v[conf=LC, stim=b]")


def test_draws_of_another_model(model, build, idata, fabricate, table) -> None:
    other = build(formula="v ~ conf*theta")
    with pytest.raises(DataError, match="they belong to another model"):
        other.contrast(idata, "v[conf=LC]")
    with pytest.raises(DataError, match="give what sample returned"):
        model.contrast(np.zeros(3), "v")


def test_bayes_factors(build, fabricate) -> None:
    priors = {"v_stim": torch.distributions.StudentT(4.0, 0.0, 0.5), "a_conf": torch.distributions.Normal(0.0, 0.5)}
    model = build(formula=["v ~ 0 + stim", "a ~ conf"], priors=priors)
    idata = fabricate(model, draws=20)
    for text, message in [
        ("v[stim=b] - v[stim=a]", "'v_stim' has the prior StudentT"),
        ("a[conf=LC] - a[conf=HC]", "for 'a' that of the log; ask with scale='link'"),
        ("v[stim=a] * v[stim=b]", "needs sums and differences of coefficients"),
        ("v[stim=a] - v[stim=a]", "is the same whatever the data"),
    ]:
        with pytest.raises(ModelError, match=message):
            model.contrast(idata, text, bayes_factor=True)
