"""A fit that is interrupted keeps its draws, says where, and loses none of them unasked."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hddm_sbi.errors import DataError
from hddm_sbi.inference import checkpoint as module
from hddm_sbi.inference.checkpoint import Checkpoint, draws_in
from hddm_sbi.results.to_arviz import load
from tests.cli.test_fit import FakeModel, data, model  # noqa: F401 (fixtures)
from tests.inference.test_checkpoint import CHAINS, ORIGIN, _kept


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.0)


def _interrupted(monkeypatch: pytest.MonkeyPatch, end: int | None = None) -> None:
    """Sampling keeps 40 draws, and ends before its time: by a signal, or by Ctrl-C."""

    def sample(self: FakeModel, **sampling: Any) -> None:
        _kept(sampling["checkpoint"], 40)
        if end is not None:
            os.kill(os.getpid(), end)
        raise KeyboardInterrupt

    monkeypatch.setattr(FakeModel, "sample", sample)


@pytest.mark.parametrize(("end", "code"), [(None, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupted_fit_says_where_its_draws_are(run, data: Path, tmp_path, monkeypatch, end, code) -> None:  # noqa: F811
    _interrupted(monkeypatch, end)
    before = signal.getsignal(signal.SIGTERM)
    result = run("fit", data, "--out", "run")
    assert result.exit_code == code
    kept = Path("run") / "checkpoint"
    told = f"40 draws of each chain are kept in '{kept}': the same command goes on with them by --resume.\n"
    assert told in result.stderr
    assert signal.getsignal(signal.SIGTERM) is before
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["checkpoint"]
    assert draws_in(tmp_path / kept) == 40


def test_kept_draws_are_gone_on_with_or_given_up_but_not_lost(run, data: Path, tmp_path, monkeypatch) -> None:  # noqa: F811
    kept, sample = tmp_path / "run" / "checkpoint", FakeModel.sample
    _interrupted(monkeypatch)
    run("fit", data, "--out", "run")
    monkeypatch.setattr(FakeModel, "sample", sample)
    refused = run("fit", data, "--out", "run")
    assert refused.exit_code == 2
    assert "holds 40 draws of each chain of a fit that was interrupted: go on with them by --resume" in refused.stderr
    assert draws_in(kept) == 40
    done = run("fit", data, "--out", "run", "--resume")
    assert done.exit_code == 0, done.output
    assert FakeModel.sampling["resume"] is True and FakeModel.sampling["checkpoint"] == Path("run") / "checkpoint"
    assert not kept.exists()  # the draws are in idata.nc now
    assert load(tmp_path / "run" / "idata.nc").attrs["seed"] == "0"
    nothing = run("fit", data, "--out", "run", "--resume")
    assert nothing.exit_code == 0 and "There are no draws in" in nothing.stdout
    _kept(kept, 40)
    assert run("fit", data, "--out", "run", "--force").exit_code == 0
    assert not kept.exists()


def test_draws_of_another_fit_are_refused_in_a_line(run, data: Path, tmp_path, monkeypatch) -> None:  # noqa: F811
    _kept(tmp_path / "run" / "checkpoint", 40)

    def sample(self: FakeModel, checkpoint: Path, resume: bool, **sampling: Any) -> None:
        Checkpoint(checkpoint, {**ORIGIN, "trials": 40}, resume)

    monkeypatch.setattr(FakeModel, "sample", sample)
    result = run("fit", data, "--out", "run", "--resume")
    assert result.exit_code == 2 and result.stderr.count("\n") == 1
    assert "the data had 100 trials, and now have 40" in result.stderr
    with pytest.raises(DataError):
        Checkpoint(tmp_path / "run" / "checkpoint", {**ORIGIN, "trials": 40}, resume=True)
    assert draws_in(tmp_path / "run" / "checkpoint") == 40
    assert np.prod([CHAINS, 40]) == 120


def test_pyro_keeps_no_draws(run, data: Path) -> None:  # noqa: F811
    assert run("fit", data, "--out", "run", "--sampler", "pyro").exit_code == 0
    assert "checkpoint" not in FakeModel.sampling
