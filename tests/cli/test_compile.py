"""``hddm-sbi compile``, and the process that compiles beside a fit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hddm_sbi.cli import ahead, app, compile
from hddm_sbi.compiled import places
from hddm_sbi.inference.coordinates import kernels

CAN_START = ahead._can_start


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(ahead, "writable", lambda: tmp_path)
    monkeypatch.setattr(ahead, "folders", lambda: [tmp_path])
    return tmp_path


def test_compile_makes_a_fit_with_each_likelihood_and_notes_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, str]] = []
    monkeypatch.setattr(compile, "compile_fit", lambda *fit: made.append(fit))
    monkeypatch.setattr(places, "writable", lambda: folder)
    result = CliRunner().invoke(app, ["compile", "ddm", "lba"])
    assert result.exit_code == 0, result.output
    assert made == [("ddm", "exact"), ("ddm", "nle"), ("lba", "exact")]
    assert all(ahead.is_ready(*fit) for fit in made)
    assert not ahead.is_ready("full_ddm", "exact")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compile", "dmm"], "dmm"),
        (["compile", "--likelihood", "exakt"], "there is no likelihood 'exakt' to compile; choose one of exact, nle."),
    ],
)
def test_what_cannot_be_compiled_is_said_in_one_line(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_without_a_folder_compile_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "writable", lambda: None)
    result = CliRunner().invoke(app, ["compile"])
    assert result.exit_code == 2
    assert "set HDDM_SBI_CACHE to one" in result.stderr


def test_what_is_compiled_beside_a_fit_is_what_it_uses() -> None:
    compile.compile_late("ddm", "exact")
    compile.compile_fit("ddm", "exact")
    assert len(kernels.to_u_at.signatures) == 1


class _Process:
    """What ``Popen`` gives, of a process that has not ended."""

    def __init__(self, command: list[str], **options: object) -> None:
        self.command, self.options, self.done = command, options, ""

    def poll(self) -> None:
        return None

    def kill(self) -> None:
        self.done += "killed "

    def wait(self) -> None:
        self.done += "waited for"


def test_a_process_is_started_where_it_is_of_use_and_ends_with_this_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[_Process] = []

    def popen(command: list[str], **options: object) -> _Process:
        started.append(_Process(command, **options))
        return started[-1]

    monkeypatch.setattr(ahead, "_can_start", CAN_START)
    at_exit: list[tuple[object, ...]] = []
    monkeypatch.setattr(subprocess, "Popen", popen)
    monkeypatch.setattr(ahead.atexit, "register", lambda *call: at_exit.append(call))
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    ahead.start("ddm", "nle")
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    ahead.start("ddm", "nle")
    assert not started
    monkeypatch.delattr(sys, "frozen")
    ahead.start("ddm", "nle")
    assert started[0].command[-3:] == ["hddm_sbi.cli.compile", "ddm", "nle"]
    end, process = at_exit[0]
    end(process)  # type: ignore[operator]
    assert started[0].done == "killed waited for"
    ahead.set_ready("ddm", "nle")
    ahead.start("ddm", "nle")
    assert len(started) == 1
