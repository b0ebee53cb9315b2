from __future__ import annotations

import json
from pathlib import Path

import pytest

from hddm_sbi import _resources
from hddm_sbi.weights.store import download
from tests.weights.server import WeightsServer, cache, installation, server

__all__ = ["cache", "installation", "server"]  # fixtures


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


def test_shows_what_simulations_tell_where_there_is_no_density(run, pretrained: Path) -> None:
    (pretrained / "levy.safetensors").touch()
    shift = {"median": 0.05, "median_corrected": 0.04}
    card = {"accuracy": {"posterior_shift": shift, "simulation": {"kl_binned": 4e-6}}}
    (pretrained / "levy.json").write_text(json.dumps(card), encoding="utf-8")
    text = " ".join(run("models").stdout.split())
    assert "shift of a mean at 1,000 trials, sds 0.04, KL per trial, by simulation 4e-06" in text


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


def test_shows_size_and_source_of_what_travels_with_the_package(run) -> None:
    text = run("models").stdout
    assert "kB, travels with the package" in text


def test_shows_the_range_the_network_was_trained_on(run, pretrained: Path) -> None:
    (pretrained / "ddm.safetensors").touch()
    (pretrained / "ddm.json").write_text(json.dumps({"box": {"v": [-7.25, 3.0]}}), encoding="utf-8")
    assert "-7.25 to 3" in run("models").stdout


def test_shows_what_can_be_fetched_and_what_was(run, server: WeightsServer, cache: Path) -> None:
    text = run("models").stdout
    assert "KL per trial 1e-06" in text
    assert "6 kB, to fetch with 'hddm-sbi download ddm'" in text
    assert not server.requests
    path = download("ddm")
    text = run("models").stdout
    assert f"6 kB, in the cache: {path}\n" in text
    assert "KL per trial 1e-06" in text
