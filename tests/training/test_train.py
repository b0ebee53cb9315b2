"""Training: it learns, and an interrupted run ends where an uninterrupted one does, to the last bit."""

import errno
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hddm_sbi import _files as files
from hddm_sbi.errors import ModelError, OutputError, WeightsError
from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator
from hddm_sbi.ssm import SSM
from hddm_sbi.training.train import Trainer, TrainingPlan
from tests.likelihoods.networks import DDM, PLAIN, RACE, SMALL

PLAN = TrainingPlan(stages=((40, 5e-3, 0.0), (20, 1e-3, 0.5)), rows=64, trials=8, warmup=5, averaging=0.9, seed=3)
SHORT = replace(PLAN, stages=((4, 1e-3, 0.0),))


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
    # 0.0124, 2.4 and 1.8: a network with symmetries starts from the shape of a first-passage time. So short a training
    # hardly hangs on rounding: weights that are changed by their last bits move these numbers by about 0.0001.
    assert loss(trained) < before - 0.01


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

    killed = Trainer(ssm, PLAN, SMALL)
    with pytest.raises(KeyboardInterrupt):
        killed.run(checkpoint=checkpoint, every=10, report=kill)
    assert killed.kept == 20
    assert [path.name for path in tmp_path.iterdir()] == ["run.training"]
    resumed = Trainer(ssm, PLAN, SMALL)
    resumed.resume(checkpoint)
    assert resumed.step == resumed.kept == 20
    assert all(map(torch.equal, _weights(whole), _weights(resumed.run(checkpoint=checkpoint, every=10, report=_quiet))))
    # a finished run has nothing left to do
    finished = Trainer(ssm, PLAN, SMALL)
    finished.resume(checkpoint)
    assert finished.step == PLAN.steps
    assert all(map(torch.equal, _weights(whole), _weights(finished.run(report=_quiet))))


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "run.training"
    Trainer(DDM, SHORT, SMALL).run(checkpoint=path, every=2, report=_quiet)
    return path


def test_the_checkpoint_of_another_training_is_refused(checkpoint: Path) -> None:
    def early(theta, n, seed):
        rt, choice = DDM.simulator(theta, n, seed)
        return 0.9 * rt, choice

    Trainer(DDM, SHORT, SMALL).resume(checkpoint)
    others = [
        Trainer(DDM, PLAN, SMALL),
        Trainer(DDM, replace(SHORT, seed=9), SMALL),
        Trainer(DDM, replace(SHORT, rows=32), SMALL),
        Trainer(DDM, SHORT),
        Trainer(replace(DDM, name="other"), SHORT, SMALL),
        Trainer(replace(DDM, simulator=early, ratio_simulator=None), SHORT, SMALL),
    ]
    for other in others:
        with pytest.raises(WeightsError, match="belongs to another model, simulator or training plan"):
            other.resume(checkpoint)


def test_a_simulator_without_a_seed_goes_on_and_rounding_is_no_other_simulator(tmp_path: Path) -> None:
    path, rng = tmp_path / "run.training", np.random.default_rng(1)

    def simulator_of(factor):
        def simulate(theta, n, seed):
            rt, choice = DDM.simulator(theta, n, seed)
            return rt * factor(rt.shape), choice

        return replace(DDM, simulator=simulate, ratio_simulator=None)

    unseeded = simulator_of(lambda shape: rng.uniform(0.5, 1.0, shape))
    Trainer(unseeded, SHORT, SMALL).run(checkpoint=path, report=_quiet)
    Trainer(unseeded, SHORT, SMALL).resume(path)
    with pytest.raises(WeightsError, match="another model, simulator"):
        Trainer(DDM, SHORT, SMALL).resume(path)
    Trainer(simulator_of(np.ones), SHORT, SMALL).run(checkpoint=path, report=_quiet)
    Trainer(simulator_of(lambda shape: np.full(shape, 1.0 + 1e-6)), SHORT, SMALL).resume(path)


@pytest.mark.parametrize("content", [{"a": 1}, [1, 2], torch.zeros(2), None, "step"])
def test_another_file_of_torch_is_no_checkpoint(tmp_path: Path, content: object) -> None:
    path = tmp_path / "run.training"
    torch.save(content, path)
    with pytest.raises(WeightsError, match=r"run.training' cannot be read as an interrupted training"):
        Trainer(DDM, SHORT, SMALL).resume(path)


def test_a_checkpoint_that_lacks_something_is_of_another_training(checkpoint: Path) -> None:
    state = torch.load(checkpoint, weights_only=True)
    for missing in ("model", "plan", "network", "trials"):
        torch.save({key: value for key, value in state.items() if key != missing}, checkpoint)
        with pytest.raises(WeightsError, match="belongs to another"):
            Trainer(DDM, SHORT, SMALL).resume(checkpoint)


def test_a_full_disk_leaves_the_last_checkpoint(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = checkpoint.read_bytes()

    def full(partial: Path, path: Path) -> None:
        assert partial.exists()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "_replace", full)
    with pytest.raises(OutputError, match=r"run.training' cannot be written: no space left on device"):
        Trainer(DDM, SHORT, SMALL).run(checkpoint=checkpoint, every=2, report=_quiet)
    assert checkpoint.read_bytes() == before
    assert list(checkpoint.parent.iterdir()) == [checkpoint]


def test_a_file_that_somebody_reads_is_replaced_a_little_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where it cannot be replaced meanwhile."""
    attempts, replaced = [], Path.replace

    def busy(partial: Path, path: Path) -> Path:
        attempts.append(partial.name)
        if len(attempts) < 3:
            raise PermissionError(errno.EACCES, "Permission denied")
        return replaced(partial, path)

    monkeypatch.setattr(Path, "replace", busy)
    files.write_file(tmp_path / "a", b"1")
    files.write_file(tmp_path / "a", b"2")
    assert (tmp_path / "a").read_bytes() == b"2"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert len(set(attempts)) == 2  # a name of its own for each file that is being written


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"warmup": 0}, "warmup is 0"),
        ({"rows": 0}, "rows is 0"),
        ({"trials": 1.5}, "trials is 1.5"),
        ({"seed": -1}, "seed is -1"),
        ({"balance": 1.5}, "balance is 1.5"),
        ({"balance": "half"}, "balance is 'half'"),
        ({"averaging": 1.0}, "averaging is 1.0; it must be a number from 0 to below 1"),
        ({"averaging": math.nan}, "averaging is nan"),
        ({"stages": ()}, r"stages is \(\)"),
        ({"stages": 1000}, "stages is 1000"),
        ({"stages": ((10, 1e-3),)}, "stages is"),
        ({"stages": ((0, 1e-3, 0.0),)}, "steps of a stage is 0"),
        ({"stages": ((10, 0.0, 0.0),)}, "learning rate 0"),
        ({"stages": ((10, 1e-3, 2.0),)}, "central drifts 2"),
    ],
)
def test_plans_by_which_nothing_is_trained(change: dict[str, object], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        TrainingPlan(**change)


def test_a_plan_may_be_written_in_other_numbers() -> None:
    plan = TrainingPlan(stages=[[1e3, np.float64(1e-3), 0]], rows=np.int64(8), warmup=2e1, balance=np.float64(0.5))
    assert plan == TrainingPlan(stages=((1000, 1e-3, 0.0),), rows=8, warmup=20)
    assert [type(value) for value in (*plan.stages[0], plan.rows, plan.warmup, plan.balance)] == [
        int, float, float, int, int, float,
    ]  # fmt: skip
