"""Training: it learns, and an interrupted run ends where an uninterrupted one does, to the last bit."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from hddm_sbi.errors import WeightsError
from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator
from hddm_sbi.ssm import SSM
from hddm_sbi.training.train import Trainer, TrainingPlan
from tests.likelihoods.networks import DDM, PLAIN, RACE, SMALL

PLAN = TrainingPlan(stages=((40, 5e-3, 0.0), (20, 1e-3, 0.5)), rows=64, trials=8, warmup=5, averaging=0.9, seed=3)


def _quiet(line: str) -> None:
    pass


def _weights(estimator: FirstPassageEstimator) -> list[torch.Tensor]:
    return list(estimator.state_dict().values())


def test_the_plan_counts_and_its_rate_warms_up_and_comes_down() -> None:
    assert PLAN.steps == 60
    assert PLAN.simulations == 60 * 64 * 8
    rates = [PLAN.rate(step) for step in range(61)]
    assert 0.0 < rates[0] < rates[4]
    assert max(rates) <= 5e-3
    assert rates[39] < 1e-4
    assert max(rates[40:]) <= 1e-3
    assert rates[60] == 0.0
    assert [PLAN.central(step) for step in (0, 39, 40, 59, 60)] == [0.0, 0.0, 0.5, 0.5, 0.0]


@pytest.mark.parametrize("ssm", [DDM, PLAIN, RACE], ids=lambda ssm: ssm.name)
def test_training_reduces_the_loss_on_simulations_not_seen(ssm: SSM) -> None:
    trainer = Trainer(ssm, replace(PLAN, stages=((300, 1e-2, 0.0),)), SMALL)
    held_out = replace(trainer.stream, seed=99, rows=500).batch(0)

    def loss(estimator: FirstPassageEstimator) -> float:
        with torch.no_grad():
            return -float(estimator.log_prob_rows(held_out.x, held_out.theta, held_out.row).mean())

    before = loss(trainer.average)
    trained = trainer.run(report=_quiet)
    assert not trained.training
    assert loss(trained) < before - 0.01  # the network starts from the shape of a first-passage time


def test_the_same_plan_gives_the_same_weights_and_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = Trainer(DDM, PLAN, SMALL).run(report=_quiet)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    second = Trainer(DDM, PLAN, SMALL).run(report=_quiet)
    assert all(map(torch.equal, _weights(first), _weights(second)))
    other = Trainer(DDM, replace(PLAN, seed=4), SMALL).run(report=_quiet)
    assert not all(map(torch.equal, _weights(first), _weights(other)))


@pytest.mark.parametrize("ssm", [DDM, RACE], ids=lambda ssm: ssm.name)
def test_a_killed_run_goes_on_to_the_same_weights(ssm: SSM, tmp_path: Path) -> None:
    whole = Trainer(ssm, PLAN, SMALL).run(report=_quiet)
    checkpoint = tmp_path / "run.training"

    def kill(line: str) -> None:
        if line.startswith("step 30/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Trainer(ssm, PLAN, SMALL).run(checkpoint=checkpoint, every=10, report=kill)
    assert [path.name for path in tmp_path.iterdir()] == ["run.training"]
    lines: list[str] = []
    resumed = Trainer(ssm, PLAN, SMALL).run(checkpoint=checkpoint, every=10, report=lines.append)
    assert lines[0] == "going on from step 20"
    assert all(map(torch.equal, _weights(whole), _weights(resumed)))
    # a finished run has nothing left to do
    finished = Trainer(ssm, PLAN, SMALL).run(checkpoint=checkpoint, every=10, report=_quiet)
    assert all(map(torch.equal, _weights(whole), _weights(finished)))


def test_the_checkpoint_of_another_plan_is_refused(tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.training"
    short = replace(PLAN, stages=((4, 1e-3, 0.0),))
    Trainer(DDM, short, SMALL).run(checkpoint=checkpoint, every=2, report=_quiet)
    for other in (PLAN, replace(short, seed=9), replace(short, rows=32)):
        with pytest.raises(WeightsError, match="belongs to another model or another training plan"):
            Trainer(DDM, other, SMALL).run(checkpoint=checkpoint, report=_quiet)


def test_the_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    checkpoint, short = tmp_path / "run.training", replace(PLAN, stages=((2, 1e-3, 0.0),))
    Trainer(DDM, short, SMALL).run(checkpoint=checkpoint, report=_quiet)
    with pytest.raises(WeightsError, match="belongs to another model"):
        Trainer(replace(DDM, name="other"), short, SMALL).run(checkpoint=checkpoint, report=_quiet)
