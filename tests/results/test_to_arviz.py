from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from hddm_sbi.errors import DataError, ModelError, OutputError
from hddm_sbi.results import to_arviz
from hddm_sbi.results.to_arviz import Results, arviz, coordinate, group, group_names, has_group, load, save, thin

GROUPS = ("posterior", "sample_stats", "observed_data", "constant_data")


@pytest.fixture(params=["this ArviZ", "DataTree"])
def any_arviz(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether results are an ``InferenceData``; ``DataTree``, as on ArviZ 1, works whatever version is installed."""
    if request.param == "DataTree":
        monkeypatch.setattr(to_arviz, "HAS_INFERENCE_DATA", False)
    return bool(to_arviz.HAS_INFERENCE_DATA)


def test_kind_of_object_follows_the_version_of_arviz(any_arviz, make_results) -> None:
    idata = make_results()
    assert isinstance(idata, xr.DataTree) is not any_arviz
    if any_arviz:
        assert isinstance(idata, arviz.InferenceData)
    assert group_names(idata) == GROUPS
    assert idata.attrs == {"model": '{"v": 1}', "seed": "3"}
    # both kinds are used alike by a reader
    assert idata.posterior["v_subject"].dims == ("chain", "draw", "subject", "condition")
    assert idata["posterior"]["v"].sizes == {"chain": 4, "draw": 250, "condition": 2}


def test_labels_are_the_datas_own(any_arviz, make_results) -> None:
    posterior = group(make_results(), "posterior")
    assert posterior["v_subject"].sel(subject=2, condition="conf=LC").shape == (4, 250)
    assert posterior["subject"].dtype.kind == "i"
    np.testing.assert_array_equal(posterior["subject"], [10, 2, 33])
    np.testing.assert_array_equal(posterior["draw"], np.arange(250))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ((3, 1), np.array([3, 1])),
        ((0.5, 2.0), np.array([0.5, 2.0])),
        ((3.0, 1.0), np.array([3, 1])),
        ((2.0, "a"), np.array(["2", "a"])),
        (("a", "é÷"), np.array(["a", "é÷"])),
        ((True, False), np.array(["True", "False"])),
        ((True, 2), np.array(["True", "2"])),
        ((1, "a"), np.array(["1", "a"])),
        ((None, "a"), np.array(["None", "a"])),
        (((1, 2), (3, 4)), np.array(["(1, 2)", "(3, 4)"])),
        ((2**70, 1), np.array([str(2**70), "1"])),
    ],
)
def test_coordinates_fit_a_netcdf_file(labels, expected) -> None:
    result = coordinate(labels)
    assert result.dtype.kind == expected.dtype.kind
    assert result.tolist() == expected.tolist()


def test_saved_and_loaded_results_are_equal(any_arviz, make_results, tmp_path: Path) -> None:
    idata, path = make_results(), tmp_path / "idata.nc"
    path.write_text("an earlier file", encoding="utf-8")
    save(idata, path)
    again = load(path)
    assert type(again) is type(idata)
    assert group_names(again) == GROUPS
    assert again.attrs == idata.attrs
    for name in GROUPS:
        xr.testing.assert_identical(group(again, name), group(idata, name))
    assert group(again, "sample_stats")["diverging"].dtype == bool
    assert list(tmp_path.iterdir()) == [path]
    path.unlink()  # also on Windows: nothing holds the file open


def test_arviz_reads_what_was_saved(any_arviz, make_results, tmp_path: Path) -> None:
    idata = make_results()
    save(idata, tmp_path / "idata.nc")
    read = arviz.from_netcdf(tmp_path / "idata.nc")
    try:
        np.testing.assert_array_equal(read["posterior"]["v"], group(idata, "posterior")["v"])
        assert read.attrs["seed"] == "3"
    finally:
        read.close()


def log_likelihoods(n: int = 200) -> Results:
    values = np.random.default_rng(0).normal(size=(2, 50, n))
    groups = {
        "posterior": {"v": (("chain", "draw"), values[..., 0])},
        "log_likelihood": dict.fromkeys(("rt", "choice"), (("chain", "draw", "trial"), values)),
    }
    return to_arviz.to_inference_data(groups, {}, {})


def test_the_log_likelihood_is_one_array_with_two_names(any_arviz, tmp_path: Path) -> None:
    idata, path = log_likelihoods(), tmp_path / "idata.nc"
    save(idata, path)
    expected = group(idata, "log_likelihood")
    assert path.stat().st_size < 1.2 * expected["rt"].nbytes
    xr.testing.assert_identical(group(load(path), "log_likelihood"), expected)
    found = group(load(path), "log_likelihood")
    assert np.shares_memory(found["rt"].to_numpy(), found["choice"].to_numpy())
    read = arviz.from_netcdf(path)
    try:
        assert list(group(read, "log_likelihood").data_vars) == ["rt"]
        np.testing.assert_array_equal(group(read, "log_likelihood")["choice"], expected["rt"])
    finally:
        read.close()
    save(load(path), tmp_path / "again.nc")
    assert (tmp_path / "again.nc").stat().st_size < 1.2 * expected["rt"].nbytes


def test_names_of_the_log_likelihood_that_differ_are_kept_apart(any_arviz, tmp_path: Path) -> None:
    idata = log_likelihoods()
    changed = group(idata, "log_likelihood")
    changed = changed.assign(rt=changed["rt"] + 1.0)
    again = to_arviz._assemble({"posterior": group(idata, "posterior"), "log_likelihood": changed}, {})
    save(again, tmp_path / "idata.nc")
    found = group(load(tmp_path / "idata.nc"), "log_likelihood")
    xr.testing.assert_identical(found, changed)
    np.testing.assert_allclose(found["rt"] - found["choice"], 1.0)


def test_absent_attributes_are_left_out(any_arviz) -> None:
    idata = to_arviz.to_inference_data(
        {"posterior": {"v": (("chain", "draw"), np.zeros((1, 2)))}}, {}, {"sha256": None}
    )
    assert idata.attrs == {}


@pytest.mark.parametrize("dims", [("v",), ("condition", "condition")])
def test_names_a_column_called_like_a_result(dims) -> None:
    posterior = {
        "v": (("chain", "draw"), np.zeros((1, 2))),
        "v_x": (("chain", "draw", *dims), np.zeros((1, 2) + (2,) * len(dims))),
    }
    with pytest.raises(ModelError, match=f"the column '{dims[0]}' has the name of a result"):
        to_arviz.to_inference_data({"posterior": posterior}, {}, {})


def test_names_a_missing_group(any_arviz, make_results) -> None:
    idata = make_results()
    assert has_group(idata, "posterior")
    assert not has_group(idata, "prior")
    with pytest.raises(DataError, match=r"no group 'prior', only posterior, sample_stats"):
        group(idata, "prior")


@pytest.mark.parametrize("given", ["run/idata.nc", None, 3, xr.Dataset()])
def test_says_what_results_are(given) -> None:
    with pytest.raises(DataError, match="give what sample returned, or arviz"):
        group(given, "posterior")


def test_thin_keeps_evenly_spaced_draws_of_every_chain(any_arviz, make_results) -> None:
    idata = make_results()
    few = thin(idata, 40)
    draws = group(few, "posterior")["draw"].to_numpy()
    assert group(few, "posterior").sizes["chain"] == 4
    assert len(draws) == 10
    assert (draws[0], draws[-1]) == (0, 249)
    assert np.ptp(np.diff(draws)) <= 1
    assert group_names(few) == ("posterior", "observed_data", "constant_data")  # whose draws they are can be checked
    assert group(thin(idata, 10**6), "posterior").sizes["draw"] == 250
    assert group(thin(idata, 1), "posterior").sizes["draw"] == 1


def test_groups_that_do_not_fit_in_memory_are_read_when_they_are_asked_for(
    any_arviz, make_results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    idata, path = make_results(), tmp_path / "idata.nc"
    save(idata, path)
    largest = max(GROUPS, key=lambda name: group(idata, name).nbytes)
    least = group(idata, largest).nbytes
    monkeypatch.setattr("hddm_sbi.results.to_arviz.fits", lambda size: size < least)
    again = load(path)
    for name in GROUPS:
        found = group(again, name)
        in_memory = all(variable._in_memory for variable in found.variables.values())
        assert in_memory == (found.nbytes < least)
        xr.testing.assert_identical(found, group(idata, name))
        found.close()


def test_says_why_a_file_cannot_be_written_or_read(make_results, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written to"):
        save(make_results(), tmp_path / "nowhere" / "idata.nc")
    with pytest.raises(DataError, match="there is no file"):
        load(tmp_path / "idata.nc")
    (tmp_path / "notes.nc").write_text("not netCDF", encoding="utf-8")
    with pytest.raises(DataError, match="does not hold results"):
        load(tmp_path / "notes.nc")
