"""Measures of accuracy: zero for the truth, the right size for a known error."""

import math

import numpy as np
import pytest
import torch

from hddm_sbi.likelihoods.formulas import get_exact
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.training import pretrain
from hddm_sbi.training.agreement import agreement
from hddm_sbi.training.quadrature import density_integrals, score_integrals
from hddm_sbi.training.train import TrainingPlan
from hddm_sbi.training.validate import density_accuracy, score_bias
from hddm_sbi.weights.checkpoint import load_card, load_checkpoint, save_checkpoint, sha256
from hddm_sbi.weights.store import load_pretrained
from tests.likelihoods.networks import DDM, RACE, network

BOX = {"v": (-2.0, 2.0), "a": (0.8, 2.0), "z": (0.3, 0.7), "t0": (0.2, 0.5)}
TRUTH = get_exact("ddm")


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


def test_the_shift_is_the_same_without_an_exact_density() -> None:
    """Its Monte Carlo error is then sqrt(1000 / trials) sds, and squares add to what is seen."""
    off, n = 0.05, 200_000
    point = {"v": (0.8, 0.8), "a": (1.5, 1.5), "z": (0.4, 0.4), "t0": (0.3, 0.3)}
    paired = score_bias(DDM, Shifted(off), TRUTH, box=point, points=1, trials=n)
    alone = score_bias(DDM, Shifted(off), box=point, points=1, trials=n, seed=2)
    assert alone["mc_error"] == pytest.approx(math.sqrt(1000 / n), rel=0.02)
    assert alone["median"] == pytest.approx(paired["median"], abs=4 * alone["mc_error"])
    truth = score_bias(DDM, TRUTH, box=BOX, points=20, trials=20_000)
    # the truth shows what chance does: the median of 20 maxima is within a third of that of all
    assert truth["median"] == pytest.approx(truth["median_by_chance"], rel=0.33)
    assert truth["no_density"] == 0.0


def test_integrals_see_what_simulations_see() -> None:
    off = 0.01
    seen = density_accuracy(DDM, Shifted(off), TRUTH, draws=50_000, box=BOX)
    integral = density_integrals(DDM, Shifted(off), points=40, box=BOX)
    assert integral["mean_abs_error"] == pytest.approx(seen["mean_abs_error"], rel=0.2)
    assert integral["p95_abs_error"] == pytest.approx(seen["p95_abs_error"], rel=0.2)
    assert abs(integral["kl"] - seen["kl"]) < 4 * math.hypot(integral["kl_se"], seen["kl_se"])
    shift = score_bias(DDM, Shifted(off), TRUTH, box=BOX, points=10, trials=20_000)
    exact = score_integrals(DDM, Shifted(off), box=BOX, points=10)
    assert exact["median"] == pytest.approx(shift["median"], rel=0.1)
    assert density_integrals(DDM, TRUTH, points=3)["mean_abs_error"] < 1e-5


def test_agreement_with_simulations() -> None:
    """The bundled network is as good as the truth for so few simulations; one with random weights is not."""
    good = agreement(DDM, load_pretrained("ddm"), points=30, trials=20_000, box=BOX)
    assert good["choice"]["rms_in_se"] == pytest.approx(1.0, abs=0.4)
    assert good["distribution"]["rms_in_se"] == pytest.approx(1.0, abs=0.3)
    assert good["distribution"]["max_in_se"] < good["distribution"]["largest_by_chance"] + 2.0
    assert abs(good["kl_binned"]) < 5 * good["kl_binned_se"]
    bad = agreement(DDM, network(DDM, double=False), points=5, trials=20_000, box=BOX)
    assert bad["distribution"]["rms_in_se"] > 5.0
    assert bad["kl_binned"] > 10 * good["kl_binned_se"]


def test_distribution_functions_with_a_uniform_delay() -> None:
    """They are the integrals of densities, which are smeared in another way."""
    ssm = get_model("full_ddm")
    net = network(ssm)
    theta = torch.tensor([[0.5, 1.2, 0.45, 0.2, 0.4, 0.1, 0.3]], dtype=torch.float64)
    end = torch.tensor([0.9], dtype=torch.float64)
    t = torch.linspace(0.2, 0.9, 4001, dtype=torch.float64)
    row = torch.zeros(len(t), dtype=torch.int64)
    with torch.no_grad():
        density = torch.exp(net.log_prob_rows(torch.stack([t, torch.ones_like(t)], -1), theta, row))
        rough, found = (net.cdf(end, torch.ones(1, dtype=torch.int64), theta, row[:1], nodes) for nodes in (1, 400))
    assert abs(float(rough - found)) > 1e-4
    assert float(found) == pytest.approx(float(torch.trapezoid(density, t)), abs=1e-5)


def test_the_command_trains_measures_and_stores(tmp_path, monkeypatch, capsys) -> None:
    plan = TrainingPlan(stages=((6, 1e-3, 0.0),), rows=16, trials=4, warmup=2)
    monkeypatch.setattr(pretrain, "TrainingPlan", lambda: plan)
    monkeypatch.setattr(pretrain.measure, "__defaults__", (2000, 2, 2000, True))
    pretrain.main(["ddm", "--out", str(tmp_path)])
    path = tmp_path / "ddm.safetensors"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ddm.json", "ddm.safetensors"]
    card = load_card(path)
    load_checkpoint(path)
    assert card["sha256"] == sha256(path)
    assert card["training"]["simulations"] == 6 * 16 * 4
    assert card["accuracy"]["density"]["draws"] == 2000
    assert set(card["versions"]) == {"python", "hddm-sbi", "torch", "numpy", "numba", "sbi"}
    assert card["command"] == "python -m hddm_sbi.training ddm --steps 6 --out pretrained"
    assert card["seconds"] >= 0
    said = capsys.readouterr().out
    assert "step 6/6  loss " in said and "kl" in said
    pretrain.main(["ddm", "--out", str(tmp_path), "--measure"])
    assert load_card(path)["accuracy"] == card["accuracy"]


@pytest.mark.parametrize(
    ("name", "density"), [("ddm", True), ("full_ddm", True), ("weibull", True), ("levy", False), ("race", False)]
)
def test_every_network_can_be_measured(name: str, density: bool, tmp_path) -> None:
    ssm = RACE if name == "race" else get_model(name)
    path = tmp_path / f"{name}.safetensors"
    save_checkpoint(network(ssm, double=False), path)
    before = load_card(path)
    found = pretrain.measure(ssm, path, draws=500, points=2, trials=2000, note=False)
    assert load_card(path) == before
    assert ("density" in found) == density
    assert found["posterior_shift"]["median"] > 0.0
    assert list(found["posterior_shift"]["box"]) == list(ssm.parameter_names)
    assert found["simulation"]["kl_binned"] > 1e-3  # random weights
