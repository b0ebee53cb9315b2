"""Bad input at the command line: exit code 2, one line that names the column or parameter, the value and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator
from hddm_sbi.likelihoods.neural.network import Architecture
from hddm_sbi.ssm import get_model, simulate
from hddm_sbi.weights.checkpoint import save_checkpoint

FIT = ("fit", "data.csv", "--likelihood", "exact", "--out", "run")
N = 40


def _table() -> pd.DataFrame:
    rt, choice = simulate("ddm", np.array([[1.0, 1.5, 0.5, 0.3]] * 2), N // 2, seed=1)
    return pd.DataFrame(
        {
            "subject": np.repeat([1, 2], N // 2),
            "rt": rt.ravel().round(4),
            "response": choice.ravel(),
            "conf": np.tile(["HC", "LC"], N // 2),
            "x": np.linspace(-1.0, 1.0, N).round(3),
        }
    )


def _fails(result) -> str:
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    return result.stderr


def _set(column: str, value: object, row: int = 3) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        table[column] = table[column].astype(object)
        table.loc[row, column] = value
        return table

    return change


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (lambda t: t.drop(columns="rt"), (), ("no column 'rt'", "rt")),
        (lambda t: t.drop(columns="response"), (), ("no column 'response'",)),
        (lambda t: t.assign(rt=np.nan), (), ("40 of 40 values in column 'rt' are missing",)),
        (_set("rt", "slow"), (), ("column 'rt' is not a number", "'slow'", "row 5", "bias")),
        (_set("rt", -0.5), (), ("zero or negative", "-0.5", "row 5")),
        (_set("rt", 0), (), ("zero or negative", "the first, 0,", "row 5")),
        (lambda t: t.assign(rt=1000 * t["rt"]), (), ("the median of column 'rt'", 'rt_unit="ms"')),
        (
            lambda t: t.assign(rt=t["rt"] * np.where(t["subject"] == 2, 1000, 1)),
            ("--groupby", "subject"),
            ("participant 2 in column 'subject'", "read as milliseconds (in rows 22 to 41", "divide them by 1000"),
        ),
        (
            lambda t: t.assign(rt=t["rt"] * np.where(t["subject"] == 1, 1000, 1)),
            ("--groupby", "subject", "--rt-unit", "ms"),
            ("participant 2 in column 'subject'", "read as seconds (in rows 22 to 41", "multiply them by 1000"),
        ),
        (
            lambda t: t.assign(rt=t["rt"].where(t.index % 7 > 0, 999.0)),
            ("--groupby", "subject"),
            ("999 stands in 6 of 40 rows of column 'rt' of participants 1 and 2", "row 1", "bias"),
        ),
        (
            lambda t: t.assign(
                rt=t["rt"].where(t.index % 7 > 0).astype(object).fillna("None"),
                response=t["response"].where(t.index % 7 > 0),
            ),
            ("--groupby", "subject"),
            ("6 of 40 trials have neither", "3 of participant 1 and 3 of participant 2", "row 2", "bias"),
        ),
        (_set("response", 2), (), ("column 'response' has 3 different responses (", "two options")),
        (lambda t: t.assign(response=1), (), ("all responses in column 'response' are 1", "choices")),
        (lambda t: t.assign(response=np.nan), (), ("column 'response' has 40 of 40 responses missing",)),
        (
            lambda t: t.assign(response=t["response"].map({0: "F", 1: "J"})),
            (),
            ("'F' and 'J' in column 'response'", "choices=('F', 'J')"),
        ),
        (
            _set("subject", np.nan),
            ("--groupby", "subject"),
            ("column 'subject' has 1 of 40 participant labels missing",),
        ),
        (_set("conf", np.nan), ("--formula", "v ~ conf"), ("column 'conf' has 1 missing value", "'v'")),
        (_set("x", np.nan), ("--formula", "a ~ x"), ("column 'x' has 1 missing value", "'a'")),
        (lambda t: t.assign(y="same"), ("--formula", "v ~ y"), ("'y' of 'v' has the same level", "drop it")),
        (_set("x", np.inf), ("--formula", "v ~ x"), ("'x' of 'v' is infinite",)),
        (lambda t: t.assign(y=2 * t["x"] + 1), ("--formula", "v ~ x + y"), ("collinear", "'x', 'y'", "drop one")),
    ],
)
def test_data(run, tmp_path: Path, change, options: tuple[str, ...], words: tuple[str, ...]) -> None:
    change(_table()).to_csv(tmp_path / "data.csv", index=False)
    message = _fails(run(*FIT, *options))
    assert all(word in message for word in words), message
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--formula", "v ~ konf"), ("'konf'", "did you mean 'conf'?")),
        (("--formula", "drift ~ conf"), ("'drift'", "its parameters are v, a, z, t0")),
        (("--formula", "v ~ conf +"), ("v ~ conf +",)),
        (("--formula", "v ~ (conf"), ("brackets that do not match",)),
        (("--formula", "v ~ conf | subject"), ("'|' outside brackets",)),
        (("--formula", "v ~ $"), ("v ~ $",)),
        (("--formula", "v ~ log(conf)"), ("conf",)),
        (("--formula", "v"), ("which parameter",)),
        (("--formula", "v ~ x conf"), ("'v ~ x conf' cannot be read from 'conf' on", "x + conf")),
        (("--formula", "v ~ x, conf"), ("cannot be read from ', conf' on",)),
        (("--formula", "v ~ x\nconf"), ("cannot be read from 'conf' on",)),
        (("--formula", "v ~ x a ~ conf"), ('["v ~ x", "a ~ conf"]',)),
        (("--formula", "v ~ x, a ~ konf"), ("'konf'", "'a'", "did you mean 'conf'?")),
        (("--formula", "z ~ 0.4"), ('fixed={"z": 0.4}',)),
        (("--formula", "v ~ x/2"), ("I(x / 2)",)),
        (("--formula", "v ~ (1|subject)*x"), ("(1 + x | subject)",)),
        (("--model", "dmd"), ("no model 'dmd'",)),
        (("--pooling", "some"), ("'some'", "partial, none, complete")),
        (("--shared", "y"), ("shared names 'y'",)),
        (("--fixed", "z=2"), ("'z' is fixed at 2", "0 to 1")),
        (("--fixed", "y=2"), ("'y'",)),
        (("--p-outlier", "2"), ("p_outlier", "2.0")),
        (("--lapse", "3,1"), ("lapse window (3, 1)",)),
        (("--sampler", "gibbs"), ("'gibbs'", "nutpie, pyro")),
        (("--likelihood", "exactly"), ("'exactly'", "'nle', 'exact'")),
        (("--likelihood", "none.safetensors"), ("no weights at 'none.safetensors'",)),
        (("--draws", "0"), ("--draws takes 'auto' or a whole number", "'0'")),
        (("--tune", "1.5"), ("--tune takes 'auto' or a whole number", "'1.5'")),
        (("--max-draws", "0"), ("'--max-draws'",)),
        (("--minutes", "0"), ("minutes is 0",)),
        (("--rt-unit", "ms"), ("too short for milliseconds",)),
    ],
)
def test_options(run, tmp_path: Path, options: tuple[str, ...], words: tuple[str, ...]) -> None:
    _table().assign(subject=np.arange(N) % 4).to_csv(tmp_path / "data.csv", index=False)
    message = _fails(run(*FIT, "--groupby", "subject", *options))
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ("'data.csv' is empty",)),
        (b"rt,response\n", ("has a header but no rows",)),
        (b"\x89PNG\r\n\x1a\n\0\0", ("is not a text file", "CSV")),
        (b"PK\x03\x04\x14\x00", ("is not a text file", "CSV")),
        (b"<html><body>no table</body></html>\n", ("is not a table",)),
        (b"rt,response\n0.5,0\n0.6,1,7\n", ("not a regular table",)),
        (b"rt,response\n0.5,\xff\n", ("is not UTF-8 text",)),
    ],
)
def test_files(run, tmp_path: Path, content: bytes, words: tuple[str, ...]) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    message = _fails(run(*FIT))
    assert all(word in message for word in words), message
    assert not (tmp_path / "run").exists()


def test_data_that_is_a_folder_or_missing(run, tmp_path: Path) -> None:
    assert "there is no file 'data.csv'" in _fails(run(*FIT))
    (tmp_path / "data.csv").mkdir()
    assert "the folder 'data.csv' holds no file that could be a table" in _fails(run(*FIT))


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A small network, without its card: a downloaded file on its own."""
    estimator = FirstPassageEstimator(Canonical.of(get_model("ddm")), Architecture(hidden=8, layers=1, choice_hidden=4))
    path = tmp_path / "small.safetensors"
    save_checkpoint(estimator, path)
    return path


@pytest.mark.parametrize("damage", ["truncated", "header", "empty", "text"])
@pytest.mark.parametrize("card", [True, False])
def test_damaged_weights(run, tmp_path: Path, weights: Path, damage: str, card: bool) -> None:
    _table().to_csv(tmp_path / "data.csv", index=False)
    content = weights.read_bytes()
    damaged = {
        "truncated": content[: len(content) // 2],
        "header": b"\xff" * 16 + content[16:],
        "empty": b"",
        "text": b"not weights at all",
    }[damage]
    weights.write_bytes(damaged)
    if not card:
        weights.with_suffix(".json").unlink()
    message = _fails(run(*FIT, "--likelihood", "small.safetensors"))
    assert "small.safetensors'" in message
    assert "damaged" in message
    assert not (tmp_path / "run").exists()


def test_altered_weights_differ_from_their_card(run, tmp_path: Path, weights: Path) -> None:
    _table().to_csv(tmp_path / "data.csv", index=False)
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    assert "checksums differ" in _fails(run(*FIT, "--likelihood", "small.safetensors"))


def test_weights_of_another_kind(run, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    _table().to_csv(tmp_path / "data.csv", index=False)
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    assert "does not hold weights of this package's format" in _fails(run(*FIT, "--likelihood", "other.safetensors"))


def test_output_that_cannot_be_written_or_is_not_its_own(run, tmp_path: Path) -> None:
    _table().to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "run").write_text("mine", encoding="utf-8")
    assert "'run' is a file; name a folder with --out" in _fails(run(*FIT))
    assert "'run' is a file" in _fails(run(*FIT, "--force"))
    (tmp_path / "run").unlink()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "summary.csv").write_text("mine", encoding="utf-8")
    assert "--force" in _fails(run(*FIT))
    assert (tmp_path / "run" / "summary.csv").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("recode", "reading"),
    [
        ({0: 0, 1: 1}, "response: 0 = lower, 1 = upper"),
        ({0: -1, 1: 1}, "response: -1 = lower, 1 = upper"),
        ({0: False, 1: True}, "response: False = lower, True = upper"),
        ({0: "error", 1: "correct"}, "response: error = lower, correct = upper"),
    ],
)
def test_good_input_that_looks_unusual(run, tmp_path: Path, recode: dict[int, object], reading: str) -> None:
    """Accepted, and the reading is shown; a participant with a single trial is kept, with a warning."""
    table = _table()
    table["response"] = table["response"].map(recode)
    table.loc[N - 1, "subject"] = 3
    table["block"] = np.tile([1, 2], N // 2)
    table.to_csv(tmp_path / "data.csv", index=False)
    options = ["--groupby", "subject", "--draws", "5", "--tune", "5", "--chains", "2"]
    result = run(*FIT, *options, "--formula", "v ~ block")
    assert result.exit_code == 0, result.output
    assert reading in result.stdout
    warned = [line for line in result.stderr.splitlines() if line.startswith("Warning: ")]
    assert any("participant 3 in column 'subject' has a single trial" in line for line in warned)
    assert any("C(block)" in line for line in warned)
