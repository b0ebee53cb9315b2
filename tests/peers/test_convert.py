"""What may be asked, what comes of it, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import ndtri

import hddm_sbi as hs
from hddm_sbi.errors import ModelError
from hddm_sbi.peers.formula import names_in
from hddm_sbi.peers.packages import PEERS
from hddm_sbi.ssm.registry import get_model

DDM = {"v": 1.0, "a": 0.9, "z": 0.4, "t": 0.3}


def theta(peer: str, parameters: Mapping[str, Any], model: str | None = None) -> dict[str, Any]:
    return dict(hs.from_peer(peer, parameters, model).theta)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.key)
def test_formulas_give_every_parameter_in_order(peer: Any) -> None:
    for model in peer.models:
        n_choices = model.accumulators or None
        assert tuple(model.theta) == get_model(model.here, n_choices).parameter_names, model.there
        assert set(model.defaults) <= set(model.names), model.there
        assert not model.missing(model.needed), model.there


def test_names_in_formulas() -> None:
    assert names_in("(ICPoint.x0 / B + 1) / 2") == {"ICPoint.x0", "B"}
    assert names_in("2 * pnorm(SZ) * minimum(pnorm(Z), 1 - pnorm(Z))") == {"SZ", "Z"}


@pytest.mark.parametrize("name", ["ssm-simulators", "ssms", "SSM_simulators"])
def test_a_peer_has_several_names(name: str) -> None:
    assert theta(name, DDM) == {"v": 1.0, "a": 1.8, "z": 0.4, "t0": 0.3}


def test_fast_dm_has_the_middle_of_t0_where_rtdists_has_the_lower_end() -> None:
    ours = theta("fast-dm", {"a": 1.2, "v": 0.8, "zr": 0.4, "szr": 0.3, "sv": 0.5, "t0": 0.4, "st0": 0.2})
    same = theta("rtdists", {"a": 1.2, "v": 0.8, "z": 0.48, "sz": 0.36, "sv": 0.5, "t0": 0.3, "st0": 0.2})
    assert ours == pytest.approx(same)


def test_emc2_samples_on_other_scales_than_it_maps_to() -> None:
    natural = {"v": 0.8, "a": 1.2, "t0": 0.3, "Z": 0.4, "SZ": 0.5, "sv": 0.5, "st0": 0.2, "s": 0.7}
    sampled = {name: np.log(value) for name, value in natural.items() if name not in ("v", "Z", "SZ")}
    sampled |= {"v": 0.8, "Z": ndtri(0.4), "SZ": ndtri(0.5)}
    ours = theta("emc2", sampled, "DDM")
    assert ours == pytest.approx(theta("emc2", natural, "DDM mapped"))
    # sz = 2 SZ min(a Z, a (1 - Z)), as its documentation has it
    absolute = {"z": 1.2 * 0.4, "sz": 2.0 * 0.5 * 1.2 * 0.4}
    same = {name: natural[name] for name in ("a", "v", "t0", "sv", "st0", "s")}
    assert ours == pytest.approx(theta("rtdists", same | absolute))
    assert ours == pytest.approx(theta("emc2", same | absolute, "DDM mapped"))


@pytest.mark.parametrize(("model", "scale"), [("RDM", "s"), ("LBA", "sv")])
def test_emc2_races(model: str, scale: str) -> None:
    natural = {"v0": 2.0, "v1": 1.0, "v2": 0.5, "B": 0.8, "A": 0.4, "t0": 0.2, scale: 0.5}
    identity = ("v0", "v1", "v2") if model == "LBA" else ()
    sampled = {name: value if name in identity else np.log(value) for name, value in natural.items()}
    ours = theta("emc2", sampled, model)
    assert ours == pytest.approx({"v0": 4.0, "v1": 2.0, "v2": 1.0, "B": 1.6, "A": 0.8, "t0": 0.2})
    assert theta("emc2", natural, f"{model} mapped") == pytest.approx(ours)


def test_brms_is_stans_density() -> None:
    stan = theta("stan", {"alpha": 1.2, "tau": 0.3, "beta": 0.4, "delta": 0.7})
    assert theta("brms", {"bs": 1.2, "ndt": 0.3, "bias": 0.4, "mu": 0.7}) == stan


def test_what_a_peer_does_not_have_is_fixed() -> None:
    there = hs.from_peer("hssm", {**DDM, "sv": 0.5}, "ddm_sdv")
    assert there.model == "full_ddm"
    assert there.options == {"fixed": {"sz": 0.0, "st0": 0.0}}


def test_a_fitted_model_takes_the_options() -> None:
    there = hs.from_peer("pyddm", {"drift": 1.0, "B": 0.9, "nondectime": 0.3, "umixturecoef": 0.02})
    assert there.options == {"fixed": {"z": 0.5}, "p_outlier": 0.02, "lapse": (0.0, 2.0)}
    rt, choice = hs.simulate(there.model, there.array, 40, seed=1)
    data = pd.DataFrame({"rt": rt, "response": choice})
    model = hs.HierarchicalDDM(data, model=there.model, likelihood="exact", **there.options)
    assert "z         = 0.5\n" in str(model)
    assert "p_outlier = 0.02\n" in str(model)


def test_lapses_of_hssm_keep_their_odds() -> None:
    p = hs.from_peer("hssm", {**DDM, "p_outlier": 0.05}).options["p_outlier"]
    assert p / (1.0 - p) == pytest.approx(2.0 * 0.05 / 0.95)


def test_arrays_broadcast() -> None:
    there = hs.from_peer("hssm", {**DDM, "v": np.linspace(-1.0, 1.0, 5)[:, None], "a": [0.8, 1.0]})
    assert there.array.shape == (5, 2, 4)
    assert there.array[4, 1].tolist() == [1.0, 2.0, 0.4, 0.3]


def test_columns_of_a_table_stay_columns() -> None:
    draws = pd.DataFrame(
        {"v": [1.0, 1.2], "a": [0.8, 0.9], "z": [0.5, 0.4], "t": [0.3, 0.2]}, index=["first", "second"]
    )
    there = hs.from_peer("hssm", draws)
    assert there.theta["a"].loc["second"] == pytest.approx(1.8)
    assert there.array.shape == (2, 4)


def test_arrays_with_dimensions_are_matched_by_name() -> None:
    drift = xr.DataArray([0.1, 0.2, 0.3], dims="draw")
    bound = xr.DataArray([[0.5, 0.6, 0.7], [0.8, 0.9, 1.0]], dims=("subject", "draw"))
    there = hs.from_peer("hssm", {**DDM, "v": drift, "a": bound})
    assert there.theta["a"].dims == ("subject", "draw")
    assert there.array.shape == (3, 2, 4)
    assert there.array[2, 1].tolist() == [0.3, 2.0, 0.4, 0.3]


def test_a_component_may_stand_before_a_name_or_not() -> None:
    given = {"drift": 1.0, "B": 0.9, "nondectime": 0.3}
    assert theta("pyddm", {**given, "tau": 0.5}) == theta("pyddm", {**given, "BoundCollapsingExponential.tau": 0.5})


class Part:
    """A component of PyDDM, or a model of some."""

    def __init__(self, **parameters: Any) -> None:
        self.required_parameters = list(parameters)
        self.__dict__ |= parameters


def pyddm(*parts: tuple[str, dict[str, float]], overlays: tuple[tuple[str, dict[str, float]], ...] = ()) -> Part:
    made = [type(name, (Part,), {})(**parameters) for name, parameters in parts]
    chain = [type(name, (Part,), {})(**parameters) for name, parameters in overlays]
    return Part(dependencies=[*made, type("OverlayChain", (Part,), {})(overlays=chain)], T_dur=3.0)


FITTED = (("DriftConstant", {"drift": 1.2}), ("NoiseConstant", {"noise": 1.5}), ("BoundConstant", {"B": 1.2}))


def test_a_model_of_pyddm_is_read() -> None:
    lapses = (("OverlayNonDecision", {"nondectime": 0.3}), ("OverlayUniformMixture", {"umixturecoef": 0.02}))
    there = hs.from_peer("pyddm", pyddm(*FITTED, ("ICPointRatio", {"x0": 0.2}), overlays=lapses))
    assert dict(there.theta) == pytest.approx({"v": 0.8, "a": 1.6, "z": 0.6, "t0": 0.3})
    assert there.options == {"p_outlier": 0.02, "lapse": (0.0, 3.0)}


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        (("ICGaussian", {"stdev": 0.1}), "PyDDM's ICGaussian has no equivalent here: its starting points are normal"),
        (("ICUniform", {}), "PyDDM's component ICUniform does not tell its parameters, or has no equivalent"),
        (("DriftMine", {"slope": 0.1}), "has no parameter 'DriftMine.slope'"),
    ],
)
def test_components_of_pyddm_that_are_refused(part: tuple[str, dict[str, float]], sentence: str) -> None:
    with pytest.raises(ModelError) as refused:
        hs.from_peer("pyddm", pyddm(*FITTED, part))
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("peer", "parameters", "model", "sentence"),
    [
        ("hdddm", DDM, None, "there is no peer 'hdddm'; known are hssm, ssm-simulators, hddm"),
        ("hssm", DDM, "dmd", "no model 'dmd' of HSSM is known; did you mean 'ddm'?"),
        ("ssms", {"v0": 1.0}, "race_no_bias_3", "has no equivalent here: its accumulators cannot fall below 0"),
        ("ssms", {"v0": 1.0}, "lca_3", "they leak and inhibit each other"),
        ("emc2", {"m": 1.0}, "LNR", "EMC2's LNR has no equivalent here"),
        ("pyddm", {"drift": 1.0}, "ICGaussian", "its starting points are normal"),
        ("hssm", {"v": 1.0, "a": 1.0}, None, "HSSM's ddm needs z, t, too; it takes v, a, z, t"),
        ("hssm", {**DDM, "threshold": 1.0}, "ddm", "HSSM's ddm has no parameter 'threshold'; it takes v, a, z, t"),
        ("pyddm", {"drift": 1.0, "B": 1.0, "x0": 0.1}, None, "say 'ICPointRatio.x0' or 'ICPoint.x0'"),
        (
            "pyddm",
            {"drift": 1.0, "B": 1.0, "tau": 0.1, "ICRange.sz": 0.1},
            None,
            "that has an equivalent here takes drift, B",
        ),
        ("pyddm", {"drift": 1.0, "B": 1.0, "DriftLinear.x": 0.1, "DriftLinear.t": 0.2}, None, "changes with time"),
        ("ssms", {**DDM, "sz": 0.1, "sv": 0.1, "st": 0.1}, None, "say which, model='full_ddm' or"),
        ("hssm", {**DDM, "a": -1.0}, None, "a is -2; the model 'ddm' needs it in (0, inf)"),
        ("ssms", {**DDM, "sz": 0.9, "sv": 0.1, "st": 0.1}, "full_ddm", "sz is 1; the model 'full_ddm' needs it"),
        ("hssm", {**DDM, "a": "wide"}, None, "HSSM's parameter 'a' is 'wide'; it must be a number"),
        ("hssm", {**DDM, "a": [1.0, np.nan]}, None, "HSSM's parameter 'a' has missing values (NaN)"),
        ("hssm", [1.0, 2.0], None, "give them by name, {'v': ..., 'a': ..., 'z': ..., 't': ...}"),
        ("hssm", {**DDM, "v": [1.0, 2.0], "a": [1.0, 2.0, 3.0]}, None, "do not broadcast: v (2,), a (3,)"),
        ("hssm", {**DDM, "p_outlier": 1.5}, None, "the share of lapses"),
        ("rtdists", {"a": 1.0, "v": 1.0, "t0": 0.3, "d": 0.1}, None, "d makes the non-decision time differ"),
        ("fast-dm", {"a": 1.0, "v": 1.0, "t0": 0.3, "p": 0.1}, None, "state p_outlier and lapse"),
        ("ssms", {"v0": 0.1, "v1": 0.5, "A": 0.2, "b": 0.5}, None, "its negative drifts are folded, and v0 is below 3"),
        ("hssm", {"v0": 0.5, "v1": 0.1, "A": 0.2, "b": 0.5}, None, "never arrive, and v1 is below 3 sd"),
    ],
)
def test_refused(peer: str, parameters: Any, model: str | None, sentence: str) -> None:
    with pytest.raises(ModelError) as refused:
        hs.from_peer(peer, parameters, model)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_links_are_for_a_posterior() -> None:
    with pytest.raises(ModelError, match="links= belongs to a posterior of HSSM"):
        hs.from_peer("hssm", DDM, links={"a": "log"})
