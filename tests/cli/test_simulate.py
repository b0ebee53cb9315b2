from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.cli.experiment import simulate_experiment
from hddm_sbi.ssm import get_model, list_models, simulate
from hddm_sbi.ssm.base import SSM, Parameter


def test_writes_trials_and_truth(run, tmp_path: Path) -> None:
    result = run("simulate", "--subjects", 4, "--trials", 30, "--seed", 1, "--out", "new/sim.csv")
    assert result.exit_code == 0, result.output
    assert "120 trials of 4 participants" in result.stdout
    table = pd.read_csv(tmp_path / "new" / "sim.csv")
    assert list(table.columns) == ["subject", "rt", "response"]
    assert table.groupby("subject").size().to_dict() == dict.fromkeys(range(1, 5), 30)
    assert set(table["response"]) == {0, 1}
    truth = json.loads((tmp_path / "new" / "sim.truth.json").read_text(encoding="utf-8"))
    assert truth["model"] == "ddm"
    assert truth["seed"] == 1
    assert list(truth["population"]) == ["v", "a", "z", "t0"]
    assert list(truth["subjects"]) == ["1", "2", "3", "4"]
    # the truth is the truth: the same parameters and seed give the same trials
    theta = np.array([list(truth["subjects"][str(label)].values()) for label in range(1, 5)])
    rt, choice = simulate("ddm", theta, 30, seed=1)
    np.testing.assert_allclose(table["rt"], rt.ravel(), atol=5.1e-7)
    np.testing.assert_array_equal(table["response"], choice.ravel())


def test_the_seed_decides() -> None:
    first, truth = simulate_experiment("ddm", 2, 5, seed=3)
    again, _ = simulate_experiment("ddm", 2, 5, seed=3)
    other, other_truth = simulate_experiment("ddm", 2, 5, seed=4)
    pd.testing.assert_frame_equal(first, again)
    assert not first["rt"].equals(other["rt"])
    assert truth["subjects"] != other_truth["subjects"]


def test_participants_follow_the_population() -> None:
    _, truth = simulate_experiment("ddm", 4000, 1, seed=1)
    theta = pd.DataFrame(truth["subjects"].values())
    links = {"identity": lambda x: x, "log": np.log, "logit": lambda x: np.log(x / (1 - x))}
    for name, population in truth["population"].items():
        values = links[population["link"]](theta[name])
        se = population["sd"] / np.sqrt(4000)
        assert abs(values.mean() - population["mean"]) < 4 * se
        assert abs(values.std() - population["sd"]) < 4 * se / np.sqrt(2)


def test_other_models_draw_from_the_middle_of_their_boxes() -> None:
    ddm = get_model("ddm")
    box = {"theta": (0.0, 1.4), "alpha": (0.1, 5.0)}
    parameters = tuple(Parameter(name, (0.0, np.inf), "log", edges) for name, edges in box.items())

    def simulator(theta: np.ndarray, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        return ddm.simulator(np.tile([1.0, 1.5, 0.5, 0.3], (len(theta), 1)), n, seed)

    other = SSM("other", parameters, simulator)
    _, truth = simulate_experiment(other, 2000, 1, seed=0)
    theta = pd.DataFrame(truth["subjects"].values())
    for name, (low, high) in box.items():
        quarter = (high - low) / 4
        # 4 sds wide: 95.45% of a normal distribution
        inside = theta[name].between(low + quarter, high - quarter).mean()
        assert abs(inside - 0.9545) < 4 * np.sqrt(0.9545 * 0.0455 / 2000)


@pytest.mark.parametrize("name", list_models())
def test_every_model_has_a_population(name: str) -> None:
    table, truth = simulate_experiment(name, 3, 20, seed=2)
    assert np.isfinite(table["rt"]).all() and set(table["response"]) <= {0, 1}
    ssm = get_model(name)
    theta = np.array([list(values.values()) for values in truth["subjects"].values()])
    assert ssm.possible(theta).all()
    values, (low, high) = ssm.proportions(theta), ssm.box.T
    assert ((values >= low) & (values <= high)).all()
    for parameter in ssm.parameters:
        assert (truth["population"][parameter.name]["sd"] == 0.0) == parameter.population


def test_races_have_as_many_options_as_asked_for(run, tmp_path: Path) -> None:
    arguments = ("simulate", "--model", "rdm", "--subjects", 2, "--trials", 100, "--out", "sim.csv")
    assert run(*arguments, "--accumulators", 4).exit_code == 0
    assert set(pd.read_csv(tmp_path / "sim.csv")["response"]) == {0, 1, 2, 3}
    refused = run(*arguments, "--accumulators", 5, "--force")
    assert refused.exit_code == 2 and "no variant with 5 response options" in refused.stderr


def test_widths_are_natural(full_ddm: SSM) -> None:
    _, truth = simulate_experiment(full_ddm, 50, 1, seed=2)
    theta = pd.DataFrame(truth["subjects"].values())
    population = truth["population"]["sz"]
    proportion = theta["sz"] / (2.0 * np.minimum(theta["z"], 1.0 - theta["z"]))
    np.testing.assert_allclose(proportion, 1.0 / (1.0 + np.exp(-population["mean"])))


def test_existing_files_need_force(run, tmp_path: Path) -> None:
    (tmp_path / "sim.truth.json").write_text("mine", encoding="utf-8")
    arguments = ("simulate", "--subjects", 2, "--trials", 5, "--out", "sim.csv")
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("Error: 'sim.truth.json' exists")
    assert not (tmp_path / "sim.csv").exists()
    assert run(*arguments, "--force").exit_code == 0
    assert (tmp_path / "sim.truth.json").read_text(encoding="utf-8") != "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--model", "dddm"), "there is no model 'dddm'; did you mean 'ddm'?"),
        (("--subjects", "0"), "'--subjects'"),
        (("--trials", "many"), "'--trials'"),
        (("--seed", "-1"), "'--seed'"),
        (("--speed", "1"), "--speed"),
    ],
)
def test_bad_input(run, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    result = run("simulate", "--out", "sim.csv", *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []
