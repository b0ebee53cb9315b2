from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hddm_sbi.cli import ahead, app

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _nothing_is_compiled_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands within the tests' own process start no other that would outlive the test."""
    monkeypatch.setattr(ahead, "_can_start", lambda: False)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in an empty folder; an exception that escapes the command fails the test."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: object) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke
