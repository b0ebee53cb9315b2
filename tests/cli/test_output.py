from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hddm_sbi.cli.output import RECORD, OutputFolder, check_files, write_text
from hddm_sbi.errors import OutputError

FILES = ("idata.nc", "summary.csv")


def _write(text: str):
    return lambda path: path.write_text(text, encoding="utf-8")


def _complete(path: Path, text: str, force: bool = False) -> None:
    folder = OutputFolder(path, FILES, force)
    folder.check()
    folder.create()
    for name in FILES:
        folder.write(name, _write(text))


def test_makes_a_folder_and_replaces_its_own_results(tmp_path: Path) -> None:
    run = tmp_path / "deep" / "run"
    _complete(run, "first")
    _complete(run, "second")
    assert (run / "summary.csv").read_text(encoding="utf-8") == "second"
    assert sorted(path.name for path in run.iterdir()) == ["idata.nc", "run.json", "summary.csv"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    _complete(tmp_path, "x")
    assert (tmp_path / RECORD).is_file()


def test_checking_leaves_no_trace(tmp_path: Path) -> None:
    OutputFolder(tmp_path / "a" / "run", FILES).check()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["notes.txt", "summary.csv", "run.json"])
def test_a_folder_of_someone_else_needs_force(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"mine": 1}', encoding="utf-8")
    with pytest.raises(OutputError, match=r"is not empty and was not written by this command.*--force"):
        OutputFolder(tmp_path, FILES).check()
    assert (tmp_path / name).read_text(encoding="utf-8") == '{"mine": 1}'


def test_force_overwrites_its_own_file_names_and_nothing_else(tmp_path: Path) -> None:
    for name in ("notes.txt", "summary.csv", "predictive.pdf"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
    _complete(tmp_path, "new", force=True)
    assert (tmp_path / "summary.csv").read_text(encoding="utf-8") == "new"
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "predictive.pdf").read_text(encoding="utf-8") == "mine"
    _complete(tmp_path, "again")  # now they are its own


def test_an_edited_result_needs_force(tmp_path: Path) -> None:
    _complete(tmp_path, "first")
    (tmp_path / "summary.csv").write_text("with my comments", encoding="utf-8")
    with pytest.raises(OutputError, match=r"summary\.csv' was not written by this command, or was changed since"):
        OutputFolder(tmp_path, FILES).check()
    OutputFolder(tmp_path, FILES, force=True).check()


def test_a_persons_files_beside_results_are_left_alone(tmp_path: Path) -> None:
    _complete(tmp_path, "first")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    _complete(tmp_path, "second")
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_an_interrupted_run_leaves_a_folder_that_is_known(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path, FILES)
    folder.create()
    folder.write("idata.nc", _write("draws"))

    def fails(path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        folder.write("summary.csv", fails)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["idata.nc", "run.json"]
    _complete(tmp_path, "second")


@pytest.mark.parametrize("text", ["[]", "not json", '{"made_by": "hddm_sbi"}', '{"made_by": "other", "files": {}}'])
def test_a_record_of_another_kind_is_not_trusted(tmp_path: Path, text: str) -> None:
    (tmp_path / RECORD).write_text(text, encoding="utf-8")
    with pytest.raises(OutputError, match="is not empty"):
        OutputFolder(tmp_path, FILES).check()


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    file = tmp_path / "run"
    file.write_text("mine", encoding="utf-8")
    for force in (False, True):
        with pytest.raises(OutputError, match="is a file; name a folder"):
            OutputFolder(file, FILES, force).check()
        with pytest.raises(OutputError, match=r"cannot be (written|used)"):
            OutputFolder(file / "below", FILES, force).check()
        with pytest.raises(OutputError, match="cannot be written to"):
            OutputFolder(file / "below", FILES, force).create()


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "idata.nc").mkdir()
    with pytest.raises(OutputError, match=r"idata\.nc' is a folder"):
        OutputFolder(tmp_path, FILES, force=True).check()


def test_write_protection_is_seen_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(OutputError, match="is write-protected"):
        OutputFolder(tmp_path / "run", FILES).check()
    (tmp_path / "sim.csv").touch()
    with pytest.raises(OutputError, match="is write-protected"):
        check_files([tmp_path / "sim.csv"], force=True)


def test_the_record_lists_checksums(tmp_path: Path) -> None:
    _complete(tmp_path, "x")
    record = json.loads((tmp_path / RECORD).read_text(encoding="utf-8"))
    assert record["made_by"] == "hddm_sbi"
    assert set(record["files"]) == set(FILES)
    assert {len(checksum) for checksum in record["files"].values()} == {64}


def test_files_that_exist_need_force(tmp_path: Path) -> None:
    path = tmp_path / "sim.csv"
    write_text(path, "first")
    with pytest.raises(OutputError, match=r"sim\.csv' exists: choose another name with --out, or overwrite it"):
        check_files([path], force=False)
    check_files([path, tmp_path / "new" / "sim.csv"], force=True)
    with pytest.raises(OutputError, match="is a folder"):
        check_files([tmp_path], force=True)


def test_says_why_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written: "):
        write_text(tmp_path / "file" / "sim.csv", "x")


def test_what_a_killed_run_left_half_written_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "a.csv.1f2e3d4c.part").write_bytes(b"half")
    (tmp_path / "checkpoint").mkdir()
    folder = OutputFolder(tmp_path, ["a.csv"], beside="checkpoint")
    folder.check()
    folder.create()
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]
    (tmp_path / "mine.csv.1f2e3d4c.part").write_bytes(b"of another")
    with pytest.raises(OutputError, match="is not empty"):
        folder.check()
