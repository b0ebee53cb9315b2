from __future__ import annotations

import json
from pathlib import Path

import pytest

from hddm_sbi import _resources


@pytest.fixture
def pretrained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of weights."""
    folder = tmp_path / "site" / "_assets" / "pretrained"
    folder.mkdir(parents=True)
    monkeypatch.setattr(_resources, "_PACKAGE", tmp_path / "site")
    return folder


def test_lists_parameters_and_likelihoods(run) -> None:
    result = run("models")
    assert result.exit_code == 0, result.output
    for words in ("ddm: ", "boundary separation", "0.3 to 5", "exact: first-passage density", "nle: "):
        assert words in result.stdout


def test_shows_the_measured_accuracy(run, pretrained: Path) -> None:
    (pretrained / "ddm.safetensors").touch()
    card = {"accuracy": {"density": {"mean_abs_error": 0.00123, "p95_abs_error": 0.0047, "kl": 3e-6}}}
    (pretrained / "ddm.json").write_text(json.dumps(card), encoding="utf-8")
    text = " ".join(run("models").stdout.split())
    assert "pretrained network, mean |error of log p| 0.0012, 95th percentile 0.0047, KL per trial 3e-06" in text


def test_a_card_without_accuracy(run, pretrained: Path) -> None:
    (pretrained / "ddm.safetensors").touch()
    (pretrained / "ddm.json").write_text("{}", encoding="utf-8")
    assert "pretrained network, accuracy not measured" in run("models").stdout


def test_without_weights(run, pretrained: Path) -> None:
    result = run("models")
    assert result.exit_code == 0
    assert "no pretrained network" in result.stdout


def test_a_damaged_card(run, pretrained: Path) -> None:
    (pretrained / "ddm.safetensors").touch()
    (pretrained / "ddm.json").write_text("{", encoding="utf-8")
    result = run("models")
    assert result.exit_code == 2
    assert "ddm.json' cannot be read" in result.stderr
