"""Weights on disk: what comes back is what went in, and anything else is refused in one sentence."""

import json
import pickle
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from hddm_sbi.choose import choose_likelihood
from hddm_sbi.errors import ModelError, WeightsError
from hddm_sbi.likelihoods.formulas import get_exact
from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood
from hddm_sbi.training.pretrain import INNER_BOX
from hddm_sbi.training.validate import density_accuracy, score_bias
from hddm_sbi.weights.checkpoint import (
    FORMAT,
    load_card,
    load_checkpoint,
    load_network,
    save_checkpoint,
    sha256,
    write_card,
)
from hddm_sbi.weights.store import load_pretrained, pretrained_path
from tests.likelihoods.networks import DDM, MODELS, network, thetas


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "net.safetensors"
    save_checkpoint(network(DDM, double=False), path, {"model": "ddm"})
    return path


def _refused(path: Path, match: str) -> None:
    with pytest.raises(WeightsError, match=match) as caught:
        load_checkpoint(path)
    assert "\n" not in str(caught.value)
    assert str(path.name) in str(caught.value) or path.with_suffix(".json").name in str(caught.value)


@pytest.mark.parametrize("ssm", MODELS, ids=lambda ssm: ssm.name)
def test_a_round_trip_is_identical(ssm, tmp_path: Path) -> None:
    estimator, path = network(ssm, double=False), tmp_path / "net.safetensors"
    save_checkpoint(estimator, path)
    again = load_checkpoint(path)
    assert again.canonical == estimator.canonical
    assert again.architecture == estimator.architecture
    assert not again.training
    theta = torch.from_numpy(thetas(ssm, 20)).float()
    torch.manual_seed(1)
    x = estimator.sample((10,), theta)
    with torch.no_grad():
        assert torch.equal(again.log_prob(x, theta), estimator.log_prob(x, theta))


def test_the_card_describes_the_weights_and_nothing_is_left_half_written(stored: Path) -> None:
    card = load_card(stored)
    assert card["sha256"] == sha256(stored)
    assert card["model"] == "ddm"
    assert card["parameters"] == ["v", "a", "z", "t0"]
    assert card["box"]["a"] == [0.3, 5.0]
    assert card["weights"] == sum(t.numel() for t in network(DDM).state_dict().values())
    assert sorted(p.name for p in stored.parent.iterdir()) == ["net.json", "net.safetensors"]
    assert save_checkpoint(network(DDM, seed=1), stored) == load_card(stored)
    load_checkpoint(stored)
    assert sorted(p.name for p in stored.parent.iterdir()) == ["net.json", "net.safetensors"]


def test_nothing_is_pickled(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments, **options):
        raise AssertionError("unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, fail)
    monkeypatch.setattr(torch, "load", fail)
    load_checkpoint(stored)
    # the file is a length, that many bytes of JSON, and numbers
    raw = stored.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    assert {entry["dtype"] for name, entry in header.items() if name != "__metadata__"} == {"F32"}


def test_a_missing_file_or_a_folder(tmp_path: Path) -> None:
    _refused(tmp_path / "none.safetensors", "there are no weights at")
    _refused(tmp_path, "there are no weights at")


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
@pytest.mark.parametrize("with_card", [True, False])
def test_a_truncated_file(stored: Path, keep: int, with_card: bool) -> None:
    stored.write_bytes(stored.read_bytes()[:keep])
    if not with_card:
        stored.with_suffix(".json").unlink()
    _refused(stored, "damaged")


@pytest.mark.parametrize("place", [0.0, 0.1, 0.5, 0.999])
def test_a_flipped_byte(stored: Path, place: float) -> None:
    raw = bytearray(stored.read_bytes())
    raw[int(place * len(raw))] ^= 0xFF
    stored.write_bytes(bytes(raw))
    _refused(stored, "checksums differ")


def test_another_networks_card(stored: Path) -> None:
    write_card(stored, {**load_card(stored), "sha256": "0" * 64})
    _refused(stored, "not the ones their card 'net.json' describes")


@pytest.mark.parametrize("load", [load_network, load_checkpoint])
def test_a_card_for_another_model_or_format(stored: Path, load) -> None:
    load(stored, "ddm")
    load(stored)
    with pytest.raises(WeightsError, match=r"net\.json' is for the model 'ddm', not for 'angle'; use weights"):
        load(stored, "angle")
    card = load_card(stored)
    for number, remedy in ((FORMAT + 1, "install a newer hddm_sbi"), (FORMAT - 1, "train"), (None, "train")):
        write_card(stored, {**card, "format": number})
        with pytest.raises(WeightsError, match=f"is of format {number}, but this version .* {FORMAT}; {remedy}"):
            load(stored)


def test_a_card_for_another_model_is_refused_where_the_path_is_given(stored: Path) -> None:
    choose_likelihood(DDM, stored)
    with pytest.raises(WeightsError, match="is for the model 'ddm', not for 'mine'"):
        choose_likelihood(replace(DDM, name="mine"), stored)


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '"text"', "\udcff"])
def test_a_card_that_is_no_card(stored: Path, text: str) -> None:
    stored.with_suffix(".json").write_bytes(text.encode("utf-8", "surrogateescape"))
    _refused(stored, "card")


@pytest.mark.parametrize("content", [b"PK\x03\x04 a zip file, as torch.save writes", b"rt,response\n0.5,1\n" * 20])
def test_a_file_of_another_kind(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(content)
    _refused(path, "cannot be read")


@pytest.mark.parametrize("metadata", [None, {}, {"hddm_sbi": "nonsense"}, {"hddm_sbi": "[1]"}, {"other": "1"}])
def test_a_safetensors_file_of_something_else(tmp_path: Path, metadata) -> None:
    path = tmp_path / "net.safetensors"
    save_file({"weight": torch.zeros(3)}, path, metadata=metadata)
    _refused(path, "fetch")


@pytest.mark.parametrize(
    "change",
    [
        {"format": FORMAT + 1},
        {"canonical": {}},
        {"architecture": {"hidden": 3}},
        {"architecture": {"unknown": 3}},
        {"canonical": None},
    ],
)
def test_weights_that_do_not_fit_what_they_say(tmp_path: Path, change) -> None:
    estimator, path = network(DDM, double=False), tmp_path / "net.safetensors"
    skeleton = {
        "format": FORMAT,
        "canonical": asdict(estimator.canonical),
        "architecture": asdict(estimator.architecture),
        **change,
    }
    tensors = {name: tensor.contiguous() for name, tensor in estimator.state_dict().items()}
    save_file(tensors, path, metadata={"hddm_sbi": json.dumps(skeleton)})
    _refused(path, "fetch")


def test_there_is_no_pretrained_network_for_a_model_nobody_trained() -> None:
    with pytest.raises(ModelError, match="there is no pretrained network for the model 'none'; there are networks for"):
        pretrained_path("none")


def test_the_pretrained_card_matches_its_weights_and_keeps_its_promises() -> None:
    path = pretrained_path("ddm")
    card = load_card(path)
    assert card["sha256"] == sha256(path)
    assert card["model"] == "ddm"
    assert card["parameters"] == list(DDM.parameter_names)
    assert card["box"] == {parameter.name: list(parameter.box) for parameter in DDM.parameters}
    density, shift = card["accuracy"]["density"], card["accuracy"]["posterior_shift"]
    assert density["draws"] >= 1e6
    assert density["mean_abs_error"] <= 0.002
    assert density["p95_abs_error"] <= 0.006
    assert density["kl"] <= 5e-6
    assert shift["trials_observed"] == 1000
    assert shift["median"] <= 0.05
    assert shift["p95"] <= 0.1


def test_the_pretrained_density_is_as_accurate_as_its_card_says() -> None:
    likelihood = FirstPassageLikelihood(load_pretrained("ddm"))
    found = density_accuracy(DDM, likelihood, get_exact("ddm"), draws=200_000, seed=5)
    assert found["mean_abs_error"] <= 0.002
    assert found["p95_abs_error"] <= 0.006
    # the mean over 200,000 draws is known up to its standard error
    assert found["kl"] <= 5e-6 + 3.0 * found["kl_se"]
    assert found["max_abs_error"] < np.inf


def test_the_pretrained_score_moves_no_posterior_mean_far() -> None:
    likelihood = FirstPassageLikelihood(load_pretrained("ddm"))
    found = score_bias(DDM, likelihood, get_exact("ddm"), box=INNER_BOX, points=200, trials=40_000, seed=5)
    assert found["median"] <= 0.05
    assert found["p95"] <= 0.1
