"""Training as a user calls it: files, checkpoints, kills, checks of the simulator, and what the card says."""

from __future__ import annotations

import errno
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from sbi.neural_nets.estimators.base import ConditionalDensityEstimator

from hddm_sbi import _files as files
from hddm_sbi.errors import ModelError, OutputError, WeightsError
from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator
from hddm_sbi.ssm import SSM, Parameter, Symmetries, get_model
from hddm_sbi.ssm.simulation.trial_simulator import simulator_of
from hddm_sbi.training.budget import plan_for
from hddm_sbi.training.calibration import calibration
from hddm_sbi.training.held_out import HeldOut
from hddm_sbi.training.supplied import as_ssm, with_box
from hddm_sbi.training.train import Trainer, TrainingPlan
from hddm_sbi.training.train_nle import exact_of, is_rough, train_nle
from hddm_sbi.training.training_progress import TrainingProgress
from hddm_sbi.weights.checkpoint import load_card, load_checkpoint
from tests.likelihoods.networks import DDM, PLAIN, RACE, SMALL, network

ROOT = Path(__file__).resolve().parents[2]
PLAN = TrainingPlan(stages=((100, 5e-3, 0.0),), rows=32, trials=4, warmup=5, averaging=0.9, seed=3)
QUICK = {"plan": PLAN, "architecture": SMALL, "progress": False, "validate": False}


def gamma_trial(theta, rng):
    return theta[1] + rng.gamma(3.0, 1.0 / theta[0]), int(rng.random() < 0.4)


def gamma_model() -> SSM:
    parameters = (
        Parameter("rate", (0.0, math.inf), "log", (1.0, 4.0)),
        Parameter("t0", (0.0, math.inf), "log", (0.0, 0.5)),
    )
    return SSM("gamma", parameters, simulator_of(gamma_trial))


def weights(estimator: FirstPassageEstimator) -> list[torch.Tensor]:
    return list(estimator.state_dict().values())


def same(first: FirstPassageEstimator, second: FirstPassageEstimator) -> bool:
    return all(map(torch.equal, weights(first), weights(second)))


def test_an_estimator_with_weights_and_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "gamma.safetensors"
    options = {**QUICK, "validate": True, "progress": True}
    estimator = train_nle(gamma_model(), out=out, facts={"author": "me"}, **options)
    assert isinstance(estimator, ConditionalDensityEstimator)
    assert not estimator.training
    assert sorted(path.name for path in out.parent.iterdir()) == ["gamma.json", "gamma.safetensors"]
    assert same(estimator, load_checkpoint(out))
    card = load_card(out)
    assert card == json.loads(json.dumps(estimator.card))
    assert (card["model"], card["author"], card["n_choices"], card["device"]) == ("gamma", "me", 2, "cpu")
    assert card["box"] == {"rate": [1.0, 4.0], "t0": [0.0, 0.5]}
    assert card["training"]["simulations"] == PLAN.simulations == 12_800
    assert card["training"]["seed"] == 3
    assert card["held_out"]["simulations"] == 1000
    assert math.isfinite(card["held_out"]["loss"])
    assert card["validation"]["simulations"] == 50_000
    assert "accuracy" not in card  # there is no exact density
    said = capsys.readouterr().err
    assert "'t0' is added to every response time" in said
    assert "runs on one core" in said
    assert "training: 12.8k of 12.8k simulations" in said
    assert "independent simulations" in said


def test_the_same_call_gives_the_same_weights_and_none_of_the_options_that_only_show_matters(tmp_path: Path) -> None:
    first = train_nle("ddm", **QUICK)
    second = train_nle("ddm", out=tmp_path / "a.safetensors", **{**QUICK, "progress": True})
    assert same(first, second)
    assert not same(first, train_nle("ddm", box={"v": (-3.0, 3.0)}, **QUICK))


def test_lines_of_progress_go_where_they_are_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    train_nle("ddm", **{**QUICK, "progress": lines.append})
    assert lines[0].startswith("'ddm' (v -6 to 6, ")
    assert [line.partition("  ")[0] for line in lines[1:]] == [f"step {step}/100" for step in (25, 50, 75, 100)]
    assert capsys.readouterr() == ("", "")


def test_a_model_of_ours_is_measured_against_its_exact_density() -> None:
    estimator = train_nle("ddm", **{**QUICK, "validate": True})
    density = estimator.card["accuracy"]["density"]
    assert density["draws"] == 50_000
    assert 0.0 < density["mean_abs_error"] < 5.0
    assert exact_of(PLAIN) is None  # another model, whatever its simulator
    assert exact_of(SSM("ddm", DDM.parameters, RACE.simulator)) is None
    assert exact_of(with_box(DDM, {"v": (-1.0, 1.0)})) is not None


CHILD = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
import torch
torch.set_num_threads(1)
from tests.training.test_train_nle import QUICK, gamma_model
from dataclasses import replace
from hddm_sbi.training.train_nle import train_nle
model = gamma_model()
inner, calls = model.simulator, []
def slower(theta, n, seed):
    calls.append(seed)
    if len(calls) > 75:  # past the second checkpoint
        time.sleep(900.0)
    return inner(theta, n, seed)
train_nle(replace(model, simulator=slower), out={out!r}, **QUICK)
"""


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    out = tmp_path / "gamma.safetensors"
    child = subprocess.Popen([sys.executable, "-c", CHILD.format(root=str(ROOT), out=str(out))], cwd=ROOT)
    checkpoint, limit = out.with_suffix(".training"), time.monotonic() + 900.0
    try:
        while not (checkpoint.exists() and torch.load(checkpoint, weights_only=True)["step"] >= 50):
            assert child.poll() is None
            assert time.monotonic() < limit
            time.sleep(0.1)
    finally:
        child.kill() if os.name == "nt" else child.send_signal(signal.SIGKILL)
        child.wait()
    assert not out.exists()
    resumed = train_nle(gamma_model(), out=out, **QUICK)
    assert same(resumed, train_nle(gamma_model(), **QUICK))
    assert not checkpoint.exists()


def interrupted(ssm: SSM, after: int) -> SSM:
    calls: list[int] = []

    def simulate(theta, n, seed):
        calls.append(seed)
        if len(calls) > after:
            raise KeyboardInterrupt
        return ssm.simulator(theta, n, seed)

    return SSM(ssm.name, ssm.parameters, simulate)


def test_an_interrupted_run_says_where_it_goes_on_and_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "gamma.safetensors"
    with pytest.raises(KeyboardInterrupt) as caught:
        train_nle(interrupted(gamma_model(), after=75), out=out, **QUICK)
    assert any(str(out.with_suffix(".training")) in note for note in caught.value.__notes__)
    resumed = train_nle(gamma_model(), out=out, **{**QUICK, "progress": True})
    assert "going on from" in capsys.readouterr().err
    whole = train_nle(gamma_model(), **QUICK)
    assert same(resumed, whole)
    # or afresh
    with pytest.raises(KeyboardInterrupt):
        train_nle(interrupted(gamma_model(), after=75), out=out, force=True, **QUICK)
    afresh = train_nle(gamma_model(), out=out, force=True, resume=False, **{**QUICK, "progress": True})
    assert "going on from" not in capsys.readouterr().err
    assert same(afresh, whole)


def test_the_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    out, other = tmp_path / "gamma.safetensors", TrainingPlan(stages=((90, 5e-3, 0.0),), rows=32, trials=4)
    with pytest.raises(KeyboardInterrupt):
        train_nle(interrupted(gamma_model(), after=75), out=out, **QUICK)
    for change in ({"plan": other}, {"box": {"rate": (1.0, 3.0)}}, {"architecture": None}):
        with pytest.raises(WeightsError, match="belongs to another"):
            train_nle(gamma_model(), out=out, **{**QUICK, **change})

    # the same name and parameters, but other trials
    def late(theta, rng):
        rt, choice = gamma_trial(theta, rng)
        return rt + 0.05, choice

    changed = SSM("gamma", gamma_model().parameters, simulator_of(late))
    with pytest.raises(WeightsError, match="another model, simulator or training plan"):
        train_nle(changed, out=out, **QUICK)


@pytest.mark.parametrize("resume", [True, False])
def test_a_file_that_is_no_checkpoint_is_never_overwritten(tmp_path: Path, resume: bool) -> None:
    data = tmp_path / "data.csv"
    data.write_text("rt,choice\n0.5,1\n", encoding="utf-8")
    with pytest.raises(WeightsError, match=r"data.csv' cannot be read as an interrupted training.* not overwritten"):
        train_nle("ddm", checkpoint=data, resume=resume, **QUICK)
    assert data.read_text(encoding="utf-8") == "rt,choice\n0.5,1\n"


def test_a_checkpoint_stays_until_another_replaces_it(tmp_path: Path) -> None:
    """Starting afresh loses nothing before there is something in its place."""
    checkpoint = tmp_path / "gamma.training"
    with pytest.raises(KeyboardInterrupt):
        train_nle(interrupted(gamma_model(), after=75), checkpoint=checkpoint, **QUICK)
    before = checkpoint.read_bytes()
    with pytest.raises(KeyboardInterrupt) as caught:
        train_nle(interrupted(gamma_model(), after=5), checkpoint=checkpoint, resume=False, **QUICK)
    assert not hasattr(caught.value, "__notes__")  # nothing of this training is kept
    with pytest.raises(ModelError):
        train_nle(SSM("gamma", gamma_model().parameters, lambda *_: None), checkpoint=checkpoint, resume=False, **QUICK)
    assert checkpoint.read_bytes() == before
    # a finished training leaves none: the same call trains anew
    for _ in range(2):
        lines: list[str] = []
        train_nle(gamma_model(), checkpoint=checkpoint, **{**QUICK, "progress": lines.append})
        assert not checkpoint.exists()
        assert lines[-1].startswith("step 100/100")


def test_an_interrupted_validation_says_where_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("hddm_sbi.training.train_nle.assess", interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        train_nle("ddm", checkpoint=tmp_path / "a.training", **{**QUICK, "validate": True})
    assert "a.training" in caught.value.__notes__[0]


def test_results_are_not_overwritten_and_no_checkpoints(tmp_path: Path) -> None:
    out, card = tmp_path / "net.safetensors", tmp_path / "net.json"
    for path in (out, card, tmp_path / "sub" / ".." / "net.json"):
        with pytest.raises(OutputError, match="is the file of the result"):
            train_nle("ddm", out=out, checkpoint=path, **QUICK)
    card.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"net.json' exists"):
        train_nle("ddm", out=out, **QUICK)
    assert card.read_text(encoding="utf-8") == "mine"
    train_nle("ddm", out=out, force=True, **QUICK)
    assert load_card(out)["model"] == "ddm"


def test_a_network_that_cannot_be_written_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, replace_file = tmp_path / "net.safetensors", files._replace

    def full(partial: Path, path: Path) -> None:
        if path.suffix != ".training":
            raise OSError(errno.ENOSPC, "No space left on device")
        replace_file(partial, path)

    monkeypatch.setattr(files, "_replace", full)
    with pytest.raises(OutputError, match=r"no space left on device; the trained network is kept in .*net.training"):
        train_nle("ddm", out=out, **QUICK)
    assert [path.name for path in tmp_path.iterdir()] == ["net.training"]
    monkeypatch.undo()
    lines: list[str] = []
    kept = train_nle("ddm", out=out, force=True, **{**QUICK, "progress": lines.append})
    assert lines[1] == f"going on from '{out.with_suffix('.training')}', 100 of 100 steps"
    assert same(kept, train_nle("ddm", **QUICK))


def test_the_clock_of_progress_starts_before_the_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rate of simulations is that of all of them, not of those after the first report."""
    events: list[str] = []
    ssm, inner = gamma_model(), TrainingProgress.begin
    monkeypatch.setattr(TrainingProgress, "update", lambda *_: events.append("report"))
    monkeypatch.setattr(
        TrainingProgress, "begin", lambda shown, done: (events.append(f"begin {done}"), inner(shown, done))
    )

    def simulate(theta, n, seed):
        events.append("simulate")
        return ssm.simulator(theta, n, seed)

    train_nle(SSM("gamma", ssm.parameters, simulate), **QUICK)
    assert events.count("begin 0") == 1
    assert events[events.index("begin 0") :].index("report") > 25


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    taken = tmp_path / "taken.safetensors"
    taken.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"taken.safetensors' exists"):
        train_nle("ddm", out=taken, **QUICK)
    with pytest.raises(OutputError, match=r"ends with \.safetensors"):
        train_nle("ddm", out=tmp_path / "weights.pt", **QUICK)
    with pytest.raises(OutputError, match="is a folder"):
        train_nle("ddm", checkpoint=tmp_path, **QUICK)
    with pytest.raises(OutputError, match="cannot be written"):
        train_nle("ddm", out=taken / "inside.safetensors", **QUICK)
    assert taken.read_text(encoding="utf-8") == "mine"
    assert list(tmp_path.iterdir()) == [taken]


def test_a_bare_simulator_with_its_parameters() -> None:
    estimator = train_nle(RACE.simulator, RACE.parameters, n_choices=3, **QUICK)
    assert estimator.canonical.names == RACE.parameter_names
    assert estimator.canonical.n_choices == 3
    ssm = as_ssm(DDM.simulator, {"v": (-2, 2), "a": (0.5, 2), "z": DDM.parameters[2], "t0": (0, 1)})
    assert (ssm.name, ssm.parameter_names) == ("simulate_ddm", ("v", "a", "z", "t0"))
    assert [parameter.link for parameter in ssm.parameters] == ["identity", "log", "logit", "log"]
    assert ssm.parameters[0].box == (-2.0, 2.0)
    assert as_ssm(DDM.simulator, list(DDM.parameters)).n_choices == 2


def test_a_race_has_the_accumulators_that_are_asked_for() -> None:
    estimator = train_nle("rdm", n_choices=3, **QUICK)
    assert estimator.canonical.n_choices == estimator.card["n_choices"] == 3
    assert estimator.canonical.names[:3] == ("v0", "v1", "v2")
    assert as_ssm("rdm").n_choices == as_ssm(get_model("rdm", 2)).n_choices == 2
    assert as_ssm(get_model("rdm", 4)).n_choices == 4
    for model in ("ddm", get_model("rdm", 2)):
        with pytest.raises(ModelError, match="has 2 response options, not 3"):
            train_nle(model, n_choices=3, **QUICK)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("dm",), "there is no model 'dm'"),
        ((7,), "the model is 7"),
        ((DDM.simulator,), "'simulate_ddm' needs its parameters"),
        ((DDM.simulator, {"v": 3.0}), "the range of 'v' is 3.0"),
        ((DDM.simulator, {"v": (2.0, 1.0)}), "training box of 'v'"),
        (("ddm", {"v": (-1.0, 1.0)}), "has parameters of its own"),
        ((DDM.simulator, {}), "'simulate_ddm' needs its parameters as ranges by name"),
        ((DDM.simulator, ["v", "a"]), r"needs its parameters as ranges by name.* not \['v', 'a'\]"),
        ((DDM.simulator, "v"), "needs its parameters as ranges by name"),
        ((DDM.simulator, 3), "needs its parameters as ranges by name"),
        ((DDM.simulator, {1: (0.0, 1.0)}), "needs its parameters as ranges by name"),
        ((gamma_trial, {"v": (0.0, 1.0)}), "simulator_of"),
    ],
)
def test_models_that_are_none(arguments, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        train_nle(*arguments, **QUICK)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"box": {"w": (0.0, 1.0)}}, "no parameter 'w'"),
        ({"box": {"a": (-1.0, 1.0)}}, "training box of 'a'"),
        ({"box": {"a": 3.0}}, "the range of 'a' is 3.0"),
        ({"box": [("a", 1.0, 2.0)]}, "give ranges by parameter"),
        ({"simulations": "1e6", "plan": None}, "simulations is '1e6'"),
        ({"simulations": 12345.6, "plan": None}, "simulations is 12345.6"),
        ({"seed": -1, "plan": None}, "seed is -1"),
        ({"simulations": 100, "plan": None}, "simulations is 100"),
        ({"device": "abacus"}, "the device 'abacus'"),
    ],
)
def test_options_that_are_wrong(options, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        train_nle("ddm", **{**QUICK, **options})


def test_a_bad_simulator_is_named_before_and_during_training() -> None:
    parameters = gamma_model().parameters
    with pytest.raises(ModelError, match="the simulator 'nothing' returned a NoneType"):

        def nothing(theta, n, seed):
            return None

        train_nle(SSM("bad", parameters, nothing), **QUICK)

    def late_failure(theta, n, seed):
        rt, choice = gamma_model().simulator(theta, n, seed)
        # an end of the box that no trial run sees
        return np.where(theta[:, [0]] > 3.7, np.nan, rt), choice

    with pytest.raises(ModelError, match="the simulator 'late_failure' returned rt=nan at rate="):
        train_nle(SSM("late", parameters, late_failure, symmetries=Symmetries()), **QUICK)


@pytest.mark.parametrize("simulations", [10_000, 100_000, 1_000_000, 10_000_000, 1_000_000_000])
def test_plans_use_what_they_are_given(simulations: int) -> None:
    plan = plan_for(simulations, seed=5)
    assert abs(plan.simulations - simulations) < 0.05 * simulations
    assert plan.seed == 5
    assert plan == plan_for(float(simulations), seed=5)
    assert plan.steps >= 100
    assert plan.rows >= 16
    assert max(plan.rate(step) for step in range(plan.steps)) <= 1e-2
    assert 0.5 <= plan.averaging < 1.0


def test_held_out_simulations_are_fixed_and_not_those_of_training() -> None:
    trainer = Trainer(RACE, PLAN, SMALL)
    first, again = HeldOut(trainer.stream, 400), HeldOut(trainer.stream, 400)
    assert first.simulations == 400
    assert torch.equal(first._batch.x, again._batch.x)
    seen = torch.cat([trainer.stream.batch(step).x[:, 0] for step in range(20)])
    assert not torch.isin(first._batch.x[:, 0], seen).any()
    loss = first.loss(trainer.average)
    trainer.run(report=lambda line: None)
    assert first.loss(trainer.average) < loss


def test_calibration_of_a_network_against_itself_and_against_another() -> None:
    """Simulations drawn from the network itself agree with it up to chance; those of another law do not."""
    for ssm in (DDM, RACE):
        truth = network(ssm, double=False)

        def own(theta, n, seed, truth=truth):
            torch.manual_seed(seed)
            draws = truth.sample((n,), torch.from_numpy(theta).float()).transpose(0, 1).double().numpy()
            return draws[..., 0], draws[..., 1].astype(int)

        model = SSM("own", ssm.parameters, own, ssm.n_choices)
        good = calibration(model, truth, points=60, trials=500)
        bad = calibration(model, network(ssm, seed=1, double=False), points=60, trials=500)
        assert good["simulations"] == 30_000
        assert set(good["pit"]) == {str(option) for option in range(ssm.n_choices)}
        assert good["choice_probability"]["rms_error"] < 0.5 * good["choice_probability"]["rms_by_chance"]
        assert good["kolmogorov"]["median"] < 1.3 * good["kolmogorov"]["median_by_chance"]
        for option in good["pit"].values():  # Kolmogorov's distribution: 1.95 / sqrt(n) is exceeded once in a thousand
            assert option["deviation"] < 1.95 / 1.3581 * option["p95_by_chance"]
        assert bad["kolmogorov"]["median"] > 1.4 * bad["kolmogorov"]["median_by_chance"]
        assert bad["log_density"] < good["log_density"]  # of the same simulations
        assert bad["choice_probability"]["rms_error"] > 0.01


def test_get_model_still_returns_what_a_name_stands_for() -> None:
    assert as_ssm("ddm") is get_model("ddm")


def test_a_network_that_learned_nothing_is_called_too_rough() -> None:
    lines: list[str] = []
    plan = TrainingPlan(stages=((1, 1e-6, 0.0),), rows=4, trials=2, warmup=1)
    estimator = train_nle(RACE, plan=plan, architecture=SMALL, progress=lines.append)
    assert is_rough(estimator.card["validation"])
    assert any("too rough for inference" in line for line in lines)


def test_the_time_before_an_interruption_counts(tmp_path: Path) -> None:
    first = Trainer(DDM, PLAN, SMALL)
    first.run(checkpoint=tmp_path / "x.training", every=50, report=lambda line: None)
    resumed = Trainer(DDM, PLAN, SMALL)
    resumed.resume(tmp_path / "x.training")
    assert resumed.seconds == first.seconds > 0.0
