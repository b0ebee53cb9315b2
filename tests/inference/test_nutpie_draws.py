"""Draws that nutpie writes to files are those that it would have kept in memory."""

import gc
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from hddm_sbi import _room
from hddm_sbi.errors import OutputError, SamplingError
from hddm_sbi.inference import nutpie_draws
from hddm_sbi.inference.nutpie_draws import NutpieDraws
from hddm_sbi.inference.nuts import sample_nuts
from hddm_sbi.inference.sampler import NutsSettings, RawDraws
from hddm_sbi.inference.stopping import Look
from tests.inference.test_nuts import Gaussian, start

SETTINGS = NutsSettings(draws=1_600, tune=50, chains=3, seed=2, cores=3)


@pytest.fixture
def no_memory(monkeypatch, tmp_path):
    """A machine on which nothing fits in memory."""
    monkeypatch.setattr(nutpie_draws, "fits", lambda size: False)
    monkeypatch.setattr(_room, "folder", lambda: tmp_path)
    return tmp_path


def enough_after(count):
    return lambda raw: Look(raw.length >= count, False, "", count)


@pytest.mark.parametrize("count", [1_000, 1_500, None], ids=["first look", "second look", "a number of draws"])
def test_draws_in_files_are_those_in_memory(no_memory, monkeypatch, count):
    look = None if count is None else enough_after(count)
    in_files = sample_nuts(Gaussian(), start, SETTINGS, progress=False, look=look).raw
    assert len(list(no_memory.iterdir())) == 1
    monkeypatch.setattr(nutpie_draws, "fits", lambda size: True)
    in_memory = sample_nuts(Gaussian(), start, SETTINGS, progress=False, look=look).raw
    assert in_files.length == in_memory.length == (count or 1_600)
    assert in_files.is_finite
    np.testing.assert_array_equal(np.concatenate(list(in_files.blocks()), axis=1), in_memory.u)
    assert in_files.stats.keys() == in_memory.stats.keys()
    for name, values in in_memory.stats.items():
        np.testing.assert_array_equal(in_files.stats[name], values)
        assert in_files.stats[name].dtype == values.dtype
    del in_files
    gc.collect()
    assert list(no_memory.iterdir()) == []


def test_blocks_are_all_draws_in_their_order(monkeypatch):
    monkeypatch.setattr("hddm_sbi.inference.sampler._NUMBERS_AT_ONCE", 2 * 3 * 4)
    u = np.arange(2.0 * 10 * 3).reshape(2, 10, 3)
    blocks = list(RawDraws(u, {}).blocks())
    assert [block.shape[1] for block in blocks] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), u)


def test_a_disk_without_room_for_the_draws_is_told_before_sampling(no_memory, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000))
    with pytest.raises(OutputError, match=re.escape("the draws take at least 0.00012 GB, which fit neither in memory")):
        sample_nuts(Gaussian(), start, SETTINGS, progress=False)
    assert list(no_memory.iterdir()) == []


def test_a_disk_that_fills_up_is_told_in_a_sentence(no_memory, monkeypatch):
    """nutpie's own words are 'Chunk write operation failed', the name of a file and a stack of calls."""
    draws = NutpieDraws(3, SETTINGS, 1_000)
    error = RuntimeError("Chunk write operation failed\n\nStack backtrace:\n   0: <unknown>")
    assert isinstance(draws.explain(error), SamplingError)
    assert str(draws.explain(error)) == "nutpie stopped: Chunk write operation failed"
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000))
    assert "where 1e-06 GB are free; set the environment variable TMPDIR" in str(draws.explain(error))
