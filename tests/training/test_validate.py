"""Measures of accuracy: zero for the truth, the right size for a known error."""

import math

import numpy as np
import pytest

from hddm_sbi.likelihoods.checkpoint import load_card, load_checkpoint, sha256
from hddm_sbi.likelihoods.exact import EXACT
from hddm_sbi.training import pretrain
from hddm_sbi.training.train import TrainingPlan
from hddm_sbi.training.validate import density_accuracy, score_bias
from tests.likelihoods.networks import DDM, RACE

BOX = {"v": (-2.0, 2.0), "a": (0.8, 2.0), "z": (0.3, 0.7), "t0": (0.2, 0.5)}
TRUTH = EXACT["ddm"]


class Shifted:
    """The density of a drift that is off by ``off``: its posterior mean of v is off by exactly that."""

    parameters, n_choices = TRUTH.parameters, TRUTH.n_choices

    def __init__(self, off: float) -> None:
        self.off = np.array([off, 0.0, 0.0, 0.0])

    def log_prob(self, rt, choice, theta, row):
        return TRUTH.log_prob(rt, choice, theta + self.off, row)

    def log_prob_grad(self, rt, choice, theta, row):
        return TRUTH.log_prob_grad(rt, choice, theta + self.off, row)


def test_the_truth_has_no_error() -> None:
    found = density_accuracy(DDM, TRUTH, TRUTH, draws=60_000)
    assert found["draws"] == 60_000
    assert [found[name] for name in ("mean_abs_error", "p95_abs_error", "max_abs_error", "kl", "kl_se")] == [0.0] * 5
    bias = score_bias(DDM, TRUTH, TRUTH, box=BOX, points=3, trials=2000)
    assert (bias["median"], bias["p95"], bias["mc_error"]) == (0.0, 0.0, 0.0)


def test_the_divergence_of_a_known_error() -> None:
    """log p is off by -off (x_T - x_0 - v T) + off^2 T / 2, so that the divergence is off^2 E[T] / 2."""
    off, v, a, z = 0.05, 0.8, 1.5, 0.4
    point = {"v": (v, v), "a": (a, a), "z": (z, z), "t0": (0.3, 0.3)}
    found = density_accuracy(DDM, Shifted(off), TRUTH, draws=100_000, box=point)
    p_upper = -math.expm1(-2 * v * a * z) / -math.expm1(-2 * v * a)
    mean_time = a * (p_upper - z) / v
    assert abs(found["kl"] - off**2 * mean_time / 2) < 5 * found["kl_se"]
    assert 0 < found["mean_abs_error"] < found["p95_abs_error"] < found["max_abs_error"]


def test_the_shift_of_a_known_error() -> None:
    """A drift off by ``off`` moves the posterior mean of v by -off: that over its standard deviation is the measure."""
    off, theta = 0.01, np.array([0.8, 1.5, 0.4, 0.3])
    point = {name: (value, value) for name, value in zip(DDM.parameter_names, theta, strict=True)}
    found = score_bias(DDM, Shifted(off), TRUTH, box=point, points=2, trials=100_000)
    rt, choice = DDM.simulator(theta[None], 100_000, 9)
    _, score = TRUTH.log_prob_grad(rt[0], choice[0], theta[None], np.zeros(100_000, dtype=np.int64))
    sd = math.sqrt(np.linalg.inv(score.T @ score / 100_000)[0, 0] / 1000)
    # the first-order measure is itself off by terms of order off, and by its Monte Carlo error
    assert found["median"] == pytest.approx(off / sd, rel=0.05, abs=5 * found["mc_error"])


def test_the_command_trains_measures_and_stores(tmp_path, monkeypatch, capsys) -> None:
    plan = TrainingPlan(stages=((6, 1e-3, 0.0),), rows=16, trials=4, warmup=2)
    monkeypatch.setattr(pretrain, "TrainingPlan", lambda: plan)
    monkeypatch.setattr(pretrain.measure, "__defaults__", (2000, 2))
    pretrain.main(["ddm", "--out", str(tmp_path)])
    path = tmp_path / "ddm.safetensors"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ddm.json", "ddm.safetensors"]
    card = load_card(path)
    load_checkpoint(path)
    assert card["sha256"] == sha256(path)
    assert card["training"]["simulations"] == 6 * 16 * 4
    assert card["accuracy"]["density"]["draws"] == 2000
    assert set(card["versions"]) == {"python", "hddm-sbi", "torch", "numpy", "numba", "sbi"}
    assert "kl" in capsys.readouterr().out
    pretrain.main(["ddm", "--out", str(tmp_path), "--measure"])
    assert load_card(path)["accuracy"] == card["accuracy"]
    assert pretrain.measure(RACE, path) == {}
