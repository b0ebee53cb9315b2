"""A posterior of HSSM with our names, on our scale."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import hddm_sbi as hs
from hddm_sbi.errors import ModelError
from hddm_sbi.results.to_arviz import has_group

PEOPLE = ["a", "b", "c"]
RNG = np.random.default_rng(0)


def draws(*shape: int, low: float = 0.5, high: float = 1.0) -> np.ndarray:
    return RNG.uniform(low, high, (2, 5, *shape))


def posterior(**more: tuple[tuple[str, ...], np.ndarray]) -> xr.Dataset:
    """Variables and dimensions are called as HSSM 0.5 calls them."""
    sample = ("chain", "draw")
    return xr.Dataset(
        {
            "t": (sample, draws(low=0.2, high=0.3)),
            "p_outlier": (sample, draws(low=0.01, high=0.05)),
            "v_Intercept": (sample, draws()),
            "v_conf": ((*sample, "v_conf_dim"), draws(1)),
            "v_x": (sample, draws()),
            "v_1|subj": ((*sample, "v_1|subj__factor_dim"), draws(3, low=-0.2, high=0.2)),
            "v_1|subj_sigma": (sample, draws()),
            "v_1|subj_offset": ((*sample, "v_1|subj__factor_dim"), draws(3)),
            "v_x|subj": ((*sample, "v_x|subj__factor_dim"), draws(3)),
            "v_x|subj_sigma": (sample, draws()),
            "a_Intercept": (sample, draws(low=0.8, high=1.0)),
            "a_1|subj": ((*sample, "subj__factor_dim"), draws(3, low=-0.2, high=0.2)),
            "a_1|subj_sigma": (sample, draws()),
            "z": (sample, draws(low=0.4, high=0.6)),
            "a": ((*sample, "__obs__"), draws(7)),
            **more,
        },
        {
            "v_conf_dim": ["LC"],
            "v_1|subj__factor_dim": PEOPLE,
            "v_x|subj__factor_dim": PEOPLE,
            "subj__factor_dim": PEOPLE,
        },
    )


def test_coefficients_and_deviations_have_our_names_and_scale() -> None:
    theirs = posterior()
    ours = hs.from_peer("hssm", theirs).draws
    assert ours is not None
    assert set(map(str, ours.data_vars)) == {
        "v_Intercept", "v_conf", "v_x", "v_Intercept_subj", "v_Intercept_subj_sd", "v_x_subj", "v_x_subj_sd",
        "a_Intercept", "a_Intercept_subj", "a_Intercept_subj_sd", "a", "a_subj", "z", "t0", "p_outlier",
    }  # fmt: skip
    assert ours["v_conf"].dims == ("chain", "draw", "v_conf_level")
    assert ours["subj"].values.tolist() == PEOPLE
    for name, factor, other in [("v_Intercept", 1.0, "v_Intercept"), ("a_Intercept_subj", 2.0, "a_1|subj"),
                                ("a_Intercept_subj_sd", 2.0, "a_1|subj_sigma"), ("t0", 1.0, "t")]:  # fmt: skip
        np.testing.assert_allclose(ours[name].values, factor * theirs[other].values)
    person = 2.0 * (theirs["a_Intercept"].values + theirs["a_1|subj"].values[..., 1])
    np.testing.assert_allclose(ours["a_subj"].sel(subj="b").values, person)


def test_theta_is_that_of_the_typical_participant_where_there_is_one() -> None:
    there = hs.from_peer("hssm", posterior())
    assert there.model == "ddm"
    assert list(there.theta) == ["a", "z", "t0"]
    assert any(note.startswith("v depends on columns") for note in there.notes)
    assert there.options["p_outlier"].dims == ("chain", "draw")
    assert there.options["lapse"] == (0.0, 20.0)


def test_a_logarithmic_link_takes_the_factor_in_its_intercept() -> None:
    theirs = posterior()
    ours = hs.from_peer("hssm", theirs, links={"a": "log", "z": "logit"}).draws
    assert ours is not None
    np.testing.assert_allclose(ours["a_Intercept"].values, theirs["a_Intercept"].values + np.log(2.0))
    np.testing.assert_allclose(ours["a_Intercept_subj"].values, theirs["a_1|subj"].values)
    person = 2.0 * np.exp(theirs["a_Intercept"].values + theirs["a_1|subj"].values[..., 1])
    np.testing.assert_allclose(ours["a_subj"].sel(subj="b").values, person)


def test_a_shift_goes_to_the_intercept() -> None:
    """t0 = t - st / 2 of the full_ddm."""
    sample = ("chain", "draw")
    more = {name: (sample, draws(low=0.1, high=0.2)) for name in ("sv", "sz", "st")}
    theirs = posterior(t_Intercept=(sample, draws()), **{"t_1|subj": ((*sample, "subj__factor_dim"), draws(3))}, **more)
    there = hs.from_peer("hssm", theirs.drop_vars("t"))
    assert there.model == "full_ddm"
    assert there.draws is not None
    shifted = theirs["t_Intercept"].values - theirs["st"].values / 2.0
    np.testing.assert_allclose(there.draws["t0_Intercept"].values, shifted)
    np.testing.assert_allclose(there.draws["t0_Intercept_subj"].values, theirs["t_1|subj"].values)


def test_cells_without_an_intercept_are_multiplied() -> None:
    cells = (("chain", "draw", "a_C(conf)_dim"), draws(2))
    theirs = posterior(**{"a_C(conf)": cells}).drop_vars(["a_Intercept", "a_1|subj", "a_1|subj_sigma"])
    there = hs.from_peer("hssm", theirs)
    assert there.draws is not None
    np.testing.assert_allclose(there.draws["a_C(conf)"].values, 2.0 * theirs["a_C(conf)"].values)
    with pytest.raises(ModelError, match="whose regression with a log link has no intercept"):
        hs.from_peer("hssm", theirs, links={"a": "log"})


def test_inference_data_is_taken_as_it_is() -> None:
    plain = posterior()[["t", "z"]].assign(v=posterior()["v_Intercept"], a=posterior()["a_Intercept"])
    tree = xr.DataTree.from_dict({"posterior": plain})
    assert has_group(tree, "posterior")
    there = hs.from_peer("hssm", tree)
    assert there.array.shape == (2, 5, 4)
    np.testing.assert_allclose(there.array[..., 1], 2.0 * plain["a"].values)
    assert any("5% lapses" in note for note in there.notes)


@pytest.mark.parametrize(
    ("change", "links", "sentence"),
    [
        ({"threshold": (("chain", "draw"), draws())}, {}, "'threshold' is of no parameter that is known of HSSM"),
        ({"theta": (("chain", "draw"), draws())}, {"b": "log"}, "links has 'b'; HSSM's angle takes v, a, z, t, theta"),
        ({}, {"a": "sqrt"}, "the link of a is 'sqrt'; known are identity, log, logit"),
        ({"sz": (("chain", "draw"), draws())}, {}, "the nearest, ddm, takes v, a, z, t"),
    ],
)
def test_refused(change: dict, links: dict, sentence: str) -> None:
    with pytest.raises(ModelError) as refused:
        hs.from_peer("hssm", posterior(**change), links=links)
    assert sentence in str(refused.value)


def test_other_peers_have_parameters_only() -> None:
    with pytest.raises(ModelError, match="of PyDDM parameters are converted, not a whole posterior"):
        hs.from_peer("pyddm", posterior())
