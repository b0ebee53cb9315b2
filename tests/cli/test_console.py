from __future__ import annotations

import io
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import typer

from hddm_sbi.cli.console import SafeGroup, one_line_errors
from hddm_sbi.errors import DataError, HDDMWarning

ROOT = Path(__file__).resolve().parents[2]


def test_an_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught, one_line_errors():
        raise DataError("the column 'rt'\n   is missing")
    assert caught.value.exit_code == 2
    assert capsys.readouterr().err == "Error: the column 'rt' is missing\n"


def test_a_warning_is_one_line_and_those_of_libraries_are_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with one_line_errors():
        warnings.warn("participant 3 has\na single trial", HDDMWarning, stacklevel=1)
        warnings.warn("old interface", FutureWarning, stacklevel=1)
    assert capsys.readouterr().err == "Warning: participant 3 has a single trial\n"


def test_ctrl_c_has_its_own_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught, one_line_errors():
        raise KeyboardInterrupt
    assert caught.value.exit_code == 130
    assert capsys.readouterr().err.startswith("Interrupted")


def test_bugs_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), one_line_errors():
        raise ZeroDivisionError


def test_characters_that_the_terminal_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    app = typer.Typer(cls=SafeGroup)

    @app.callback()
    def _root() -> None:
        """One command."""

    @app.command()
    def say() -> None:
        typer.echo("x ÷ 2 → ж")

    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="cp1252"))
    with pytest.raises(SystemExit) as caught:
        app(["say"])
    assert caught.value.code == 0
    sys.stdout.flush()
    assert buffer.getvalue().decode("cp1252").split() == ["x", "÷", "2", "?", "?"]


@pytest.mark.parametrize("arguments", [(), ("--help",), ("fit", "--help"), ("simulate", "-h")])
def test_help(run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 0
    assert "Usage:" in result.stdout
    assert result.stdout.isascii() or "╭" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fir",), "fir"),
        (("fit",), "See 'hddm-sbi fit --help'"),
        (("fit", "d.csv"), "--out"),
        (("fit", "d.csv", "--out"), "--out"),
        (("fit", "d.csv", "--out", "run", "--draws", "many"), "--draws"),
        (("fit", "d.csv", "--out", "run", "--chains", "0"), "--chains"),
        (("--x",), "--x"),
    ],
)
def test_wrong_options_are_one_line(run, arguments: tuple[str, ...], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from hddm_sbi.cli import app\n"
        "try:\n"
        "    app(['fit', '--help'])\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        "heavy = {'torch', 'pyro', 'sbi', 'arviz', 'matplotlib', 'numba', 'pandas', 'scipy', 'xarray'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONPATH": str(ROOT)}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=False, cwd=ROOT)
    assert result.returncode == 0, result.stderr.decode("cp1252")
