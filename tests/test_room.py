"""Large arrays are in memory where they fit, else in temporary files, which nobody has to delete."""

import errno
import gc
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from hddm_sbi import _room
from hddm_sbi.errors import OutputError

MEGABYTE = 2**20


@pytest.fixture
def little_memory(monkeypatch, tmp_path):
    """A machine with four megabytes of memory left, of which a quarter may be filled."""
    monkeypatch.setattr(_room, "available_memory", lambda: 4 * MEGABYTE)
    monkeypatch.setattr(_room, "folder", lambda: tmp_path)
    return tmp_path


def test_memory_that_is_left_is_that_of_a_computer():
    assert 2**26 < _room.available_memory() < 2**50


def test_what_a_container_leaves_counts(monkeypatch, tmp_path):
    """The limit of a control group, less what it uses, plus the files among that, which give way."""
    group = tmp_path / "job"
    group.mkdir()
    for name, text in (("max", "1000\n"), ("current", "700\n"), ("stat", "anon 600\ninactive_file 50\n")):
        (group / f"memory.{name}").write_text(text)
    (tmp_path / "own").write_text("0::/job\n")
    real = _room.Path
    places = {"/proc/self/cgroup": tmp_path / "own", "/sys/fs/cgroup": tmp_path}
    monkeypatch.setattr(_room, "Path", lambda path: places.get(path, real(path)))
    assert list(_room._left_in_groups()) == [350]


@pytest.mark.parametrize(("size", "in_file"), [(MEGABYTE, False), (MEGABYTE + 1, True)])
def test_arrays_that_do_not_fit_are_in_files(little_memory, size, in_file):
    array = _room.room_for(size, "the draws")((3, 5, 7), np.float64)
    assert isinstance(array, np.memmap) == in_file
    values = np.arange(105.0).reshape(3, 5, 7)
    array[:] = values
    np.testing.assert_array_equal(array, values)
    assert array.dtype == np.float64
    del array
    gc.collect()
    assert list(little_memory.iterdir()) == []


def test_empty_arrays_need_no_file(little_memory):
    assert _room.room_for(9 * MEGABYTE, "the draws")((0, 4), np.float64).shape == (0, 4)


def test_a_full_disk_is_told_before_anything_is_written(little_memory, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=3 * MEGABYTE))
    with pytest.raises(OutputError) as told:
        _room.room_for(5 * MEGABYTE, "the draws")
    assert str(told.value) == (
        f"the draws take at least 0.0052 GB, which fit neither in memory nor in '{little_memory}', where 0.0031 GB are "
        "free; set the environment variable TMPDIR to a folder with more room, or ask for fewer draws."
    )


def test_a_disk_that_fills_while_others_write_is_told(little_memory, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_room, "_reserve", full)
    with pytest.raises(OutputError, match=re.escape("the draws take at least 0.0052 GB")):
        _room.room_for(5 * MEGABYTE, "the draws")((5, MEGABYTE), np.uint8)


def test_temporary_folders_go_with_their_object(little_memory):
    folder = _room.TemporaryFolder()
    (folder.path / "file").write_text("text")
    del folder
    gc.collect()
    assert list(little_memory.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(little_memory, monkeypatch):
    monkeypatch.setattr(_room, "folder", lambda: little_memory / "nowhere")
    with pytest.raises(
        OutputError, match=r"no folder for them can be made in '.*nowhere' \(no such file or directory\)"
    ):
        _room.TemporaryFolder()


def test_tmpdir_says_where_files_are(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert _room.folder() == tmp_path
