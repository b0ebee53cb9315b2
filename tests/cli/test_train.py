"""``hddm-sbi train``: a model from a file, what is said of wrong ones, and an interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hddm_sbi.cli.parsing import count
from hddm_sbi.cli.user_model import find_model
from hddm_sbi.errors import ModelError
from hddm_sbi.weights.checkpoint import load_card, load_checkpoint

ROOT = Path(__file__).resolve().parents[2]
MODEL = """
import math

import hddm_sbi as hs

def gamma_trial(theta, rng):
    return theta[1] + rng.gamma(3.0, 1.0 / theta[0]), int(rng.random() < 0.4)

parameters = (
    hs.Parameter("rate", (0.0, math.inf), "log", (1.0, 4.0)),
    hs.Parameter("t0", (0.0, math.inf), "log", (0.0, 0.5)),
)
model = hs.SSM("gamma", parameters, hs.simulator_of(gamma_trial))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my_model.py").write_text(MODEL, encoding="utf-8")
    return tmp_path


def test_trains_a_model_from_a_file(run, folder: Path) -> None:
    arguments = ("train", "my_model.py:model", "--simulations", "1e4", "--seed", 2, "--out", "nets/gamma.safetensors")
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert "training: 10k of 10k simulations" in result.stderr
    assert "hddm-sbi fit DATA.csv --out RUN --model my_model.py:model --likelihood nets" in result.stdout
    card = load_card(folder / "nets" / "gamma.safetensors")
    assert card["model"] == "gamma"
    assert card["command"].startswith("hddm-sbi train my_model.py:model --simulations 10000 --seed 2")
    assert load_checkpoint(folder / "nets" / "gamma.safetensors").canonical.names == ("rate", "t0")
    again = run(*arguments)
    assert again.exit_code == 2
    assert "exists" in again.stderr
    assert "--force" in again.stderr
    forced = run(*arguments[:-1], "nets/gamma.safetensors", "--force")
    assert forced.exit_code == 0
    assert load_card(folder / "nets" / "gamma.safetensors")["sha256"] == card["sha256"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("other.py:model",), "there is no file 'other.py'"),
        (("my_model.py:modell",), "there is no 'modell' in 'my_model.py'; the models there are model."),
        (("my_model.py:parameters",), "'parameters' in 'my_model.py' is no hddm_sbi.SSM but a tuple"),
        (("my_model.py:gamma_trial",), "is no hddm_sbi.SSM but a function"),
        (("broken.py:model",), "'broken.py' cannot be loaded, line 3: ZeroDivisionError"),
        (("syntax.py:model",), "'syntax.py' cannot be loaded, line 1: SyntaxError"),
        (("empty.py",), "there is no hddm_sbi.SSM in it"),
        (("dm",), "there is no model 'dm'"),
        (("my_model:model",), "is not FILE.py:NAME"),
        (("my_model.py:model", "--simulations", "many"), "--simulations takes a whole number"),
        (("my_model.py:model", "--simulations", "10"), "simulations is 10"),
        (("my_model.py:model", "--device", "abacus"), "the device 'abacus'"),
    ],
)
def test_bad_input_is_one_line(run, folder: Path, arguments: tuple[str, ...], message: str) -> None:
    (folder / "broken.py").write_text("x = 1\n\nx / 0\n", encoding="utf-8")
    (folder / "syntax.py").write_text("def f(:\n", encoding="utf-8")
    (folder / "empty.py").write_text("", encoding="utf-8")
    before = sorted(path.name for path in folder.iterdir() if path.is_file())
    result = run("train", *arguments, "--out", "net.safetensors")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == before


def test_the_weights_need_a_name(run, folder: Path) -> None:
    assert "--out" in run("train", "my_model.py:model").stderr
    assert ".safetensors" in run("train", "my_model.py:model", "--out", "net.pt").stderr


def test_models_are_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "models").mkdir()
    (folder / "models" / "helper.py").write_text("from fractions import Fraction as anything\n", encoding="utf-8")
    (folder / "models" / "two.py").write_text(
        "from helper import anything\n" + MODEL + "\nsecond = model\n", encoding="utf-8"
    )
    path = list(sys.path)
    assert find_model("ddm") == "ddm"
    assert find_model("my_model.py").name == "gamma"
    assert find_model(str(folder / "my_model.py") + ":model").name == "gamma"
    assert find_model("models/two.py:second").name == "gamma"
    with pytest.raises(ModelError, match="the models there are model, second; name one"):
        find_model("models/two.py")
    assert sys.path == path


@pytest.mark.parametrize(("text", "number"), [("1000000", 1_000_000), ("1e6", 1_000_000), ("2_000", 2000)])
def test_counts(text: str, number: int) -> None:
    assert count(text, "--simulations") == number


@pytest.mark.parametrize("text", ["0", "-5", "1.5", "inf", "nan", "", "1e-3"])
def test_what_is_no_count(text: str) -> None:
    with pytest.raises(ModelError, match="--simulations takes a whole number"):
        count(text, "--simulations")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C reaches a whole console there")
def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(folder: Path) -> None:
    arguments = ["train", "my_model.py:model", "--simulations", "100000", "--out", "net.safetensors"]
    # processes of a shell's background ignore Ctrl-C, and hand that on to their children
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += f"sys.path.insert(0, {str(ROOT)!r}); from hddm_sbi.cli import app; app({arguments!r})"
    child = subprocess.Popen([sys.executable, "-c", code], cwd=folder, stderr=subprocess.PIPE, text=True)
    limit = time.monotonic() + 900.0
    while not (folder / "net.training").exists():
        assert child.poll() is None
        assert time.monotonic() < limit
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    said = child.communicate(timeout=600)[1]
    assert child.returncode == 130
    assert "Interrupted: the training so far is in 'net.training'; the same command goes on from there." in said
    assert not (folder / "net.safetensors").exists()
    finished = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert "going on from 'net.training'" in finished.stderr
    assert sorted(path.name for path in folder.glob("net*")) == ["net.json", "net.safetensors"]
