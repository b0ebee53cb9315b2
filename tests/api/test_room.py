"""Results are the same numbers whether they are in memory or in files, computed at once or in blocks."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import hddm_sbi as hs
from hddm_sbi import _room
from hddm_sbi.errors import OutputError
from hddm_sbi.results.summary import summarise
from hddm_sbi.results.to_arviz import group, group_names, load, save

GROUPS = ("log_likelihood", "posterior_predictive")


@pytest.fixture(scope="module")
def model() -> hs.HierarchicalDDM:
    rng = np.random.default_rng(4)
    theta = np.column_stack([rng.normal(1.0, 0.5, 6), rng.uniform(1.2, 1.8, 6), np.full(6, 0.5), np.full(6, 0.3)])
    rt, choice = hs.simulate("ddm", theta, 30, seed=2)
    table = pd.DataFrame({"subject": np.repeat(list("abcdef"), 30), "rt": rt.ravel(), "response": choice.ravel()})
    table["stim"] = np.tile(["low", "high"], 90)
    return hs.HierarchicalDDM(table, groupby="subject", formula="v ~ stim", likelihood="exact")


def sample(model: hs.HierarchicalDDM, **options: Any) -> Any:
    return model.sample(tune=60, chains=2, seed=5, progress=False, **({"draws": 43, "groups": GROUPS} | options))


@pytest.fixture(scope="module")
def in_memory(model: hs.HierarchicalDDM) -> Any:
    return sample(model)


def same(one: Any, other: Any) -> None:
    assert group_names(one) == group_names(other)
    for name in group_names(one):
        xr.testing.assert_identical(group(one, name), group(other, name))


def test_results_in_files_are_those_in_memory(
    model: hs.HierarchicalDDM, in_memory: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "room"
    folder.mkdir()
    monkeypatch.setattr(_room, "available_memory", lambda: 0)
    monkeypatch.setattr(_room, "folder", lambda: folder)
    in_files = sample(model)
    for name in ("posterior", *GROUPS):
        for variable in group(in_files, name).data_vars.values():
            assert isinstance(variable.to_numpy().base, np.memmap), variable.name
    same(in_files, in_memory)
    pd.testing.assert_frame_equal(summarise(in_files), summarise(in_memory))
    xr.testing.assert_identical(model.predict(in_files, seed=3), model.predict(in_memory, seed=3))
    save(in_files, tmp_path / "fit.nc")
    same(load(tmp_path / "fit.nc"), in_memory)


def test_results_in_blocks_are_those_at_once(
    model: hs.HierarchicalDDM, in_memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = summarise(in_memory)
    monkeypatch.setattr("hddm_sbi.inference.sampler._NUMBERS_AT_ONCE", 2 * model.potential.ndim * 10)
    monkeypatch.setattr("hddm_sbi.results.quantities._NUMBERS_AT_ONCE", 2 * 43 * 7)
    in_blocks = sample(model)
    for name in group_names(in_memory):
        xr.testing.assert_allclose(group(in_blocks, name), group(in_memory, name), rtol=1e-12)
    pd.testing.assert_frame_equal(summarise(in_memory), whole, rtol=1e-10)


def test_a_full_disk_is_one_sentence(model: hs.HierarchicalDDM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_room, "available_memory", lambda: 0)
    monkeypatch.setattr(_room, "free_disk", lambda: 0)
    with pytest.raises(OutputError, match=r"^the draws take at least .* set the environment variable TMPDIR") as told:
        sample(model, groups=())
    assert str(told.value).count("\n") == 0
