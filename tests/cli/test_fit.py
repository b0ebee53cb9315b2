from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.errors import ModelError
from hddm_sbi.inference.density_check import DensityCheck
from hddm_sbi.results.certificate import Certificate, certificate
from hddm_sbi.results.quantities import quantities
from hddm_sbi.results.shifts import SCORE, Shifts
from hddm_sbi.results.to_arviz import group, load, to_inference_data
from hddm_sbi.trials import read_trials

FILES = ["idata.nc", "predictive.png", "report.html", "run.json", "summary.csv"]


class FakeModel:
    """Stands in for the model: reads the data in earnest, and samples noise."""

    options: ClassVar[dict[str, Any]] = {}
    sampling: ClassVar[dict[str, Any]] = {}
    reported: ClassVar[dict[str, Any]] = {}
    interrupted = False

    def __init__(self, df: pd.DataFrame, **options: Any) -> None:
        names = ("groupby", "rt", "response", "rt_unit", "coding", "choices", "deadline", "truncate", "go")
        self.trials = read_trials(df, **{name: options[name] for name in names})
        self.conditions = pd.DataFrame()
        if options["model"] != "ddm":
            raise ModelError(f"there is no model '{options['model']}'.")
        type(self).options = options

    def __str__(self) -> str:
        return self.trials.reading

    def sample(self, **sampling: Any) -> Any:
        if self.interrupted:
            raise KeyboardInterrupt
        type(self).sampling = sampling
        draws = np.random.default_rng(sampling["seed"]).normal(size=(4, 200))
        attrs = {"seed": str(sampling["seed"]), "likelihood": type(self).options["likelihood"]}
        return to_inference_data({"posterior": {"v": (("chain", "draw"), draws)}}, {}, attrs)

    def certify(self, idata: Any, seconds: float, seed: int) -> Certificate:
        shifts = Shifts(np.array([0.31]), np.array([0.02]), SCORE, 500)
        check = DensityCheck(0.004, 0.006, np.zeros(4), 1, 1, 100_000)
        return certificate(quantities(idata), shifts, check, None, 0.1, has_exact=True)

    def report(self, idata: Any, path: Path, **given: Any) -> Path:
        type(self).reported = given
        path.write_text("a report", encoding="utf-8")
        return path

    def predict(self, idata: Any, newdata: Any = None, seed: int = 0) -> dict[str, np.ndarray]:
        sizes = group(idata, "posterior").sizes
        shape = (sizes["chain"], sizes["draw"], self.trials.n)
        rng = np.random.default_rng(seed)
        return {"rt": rng.gamma(2.0, 0.5, size=shape), "choice": rng.integers(0, 2, size=shape)}


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeModel]]:
    monkeypatch.setitem(sys.modules, "hddm_sbi.api", SimpleNamespace(HierarchicalDDM=FakeModel))  # type: ignore[arg-type]
    monkeypatch.setattr(FakeModel, "interrupted", False)
    yield FakeModel


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    columns = {"subj": np.repeat([1, 2], 20), "rt": rng.gamma(2.0, 0.5, 40), "response": np.tile([0, 1], 20)}
    pd.DataFrame(columns).to_csv(tmp_path / "data.csv", index=False)
    return tmp_path / "data.csv"


def test_writes_results_and_says_so(run, data: Path, tmp_path: Path) -> None:
    result = run("fit", data, "--groupby", "subj", "--out", "deep/run", "--seed", 3)
    assert result.exit_code == 0, result.output
    assert "rt in seconds; response: 0 = lower, 1 = upper." in result.stdout
    assert "The sampler converged." in result.stdout
    out = tmp_path / "deep" / "run"
    assert sorted(path.name for path in out.iterdir()) == FILES
    for name in ("idata.nc", "summary.csv", "predictive.png", "report.html"):
        assert str(Path("deep", "run", name)) in result.stdout
    assert load(out / "idata.nc").attrs["seed"] == "3"
    summary = pd.read_csv(out / "summary.csv", index_col="quantity")
    assert summary.loc["v", "r_hat"] < 1.01
    assert (out / "predictive.png").read_bytes().startswith(b"\x89PNG")


def test_a_fit_by_a_network_gets_a_certificate(run, data: Path, tmp_path: Path) -> None:
    printed = " ".join(run("fit", data, "--out", "run").stdout.split())
    assert "The network is NOT good enough" in printed
    assert "it moves v by +0.31 +- 0.02 sd" in printed
    summary = pd.read_csv(tmp_path / "run" / "summary.csv", index_col="quantity")
    assert summary.loc["v", ["network_shift", "network_shift_error"]].to_list() == [0.31, 0.02]
    printed = run("fit", data, "--out", "exact", "--likelihood", "exact").stdout
    assert "network" not in printed
    assert "network_shift" not in pd.read_csv(tmp_path / "exact" / "summary.csv").columns


def test_too_few_draws_for_a_certificate_are_told(run, data: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("hddm_sbi.results.shifts.FEWEST_DRAWS", 801)
    result = run("fit", data, "--out", "run")
    assert result.exit_code == 0, result.output
    assert "The network is not certified: that takes at least 801 draws." in result.stdout
    assert "network_shift" not in pd.read_csv(tmp_path / "run" / "summary.csv")


def test_options_reach_the_model(run, data: Path, model: type[FakeModel]) -> None:
    command = "--out run --groupby subj --choices 1,0 --rt rt --response response --rt-unit s --shared z,t0 --shared a"
    command += " --fixed z=0.5 --p-outlier 0.05 --lapse 0,20 --no-random-slopes --coding stimulus --pooling complete"
    command += " --likelihood exact --draws 10 --tune 20 --chains 3 --sampler pyro --seed 7"
    command += " --max-draws 500 --minutes 2.5 --deadline 20 --truncate none,20 --stimulus stim:a=0,b=1"
    result = run("fit", data, *command.split(), "--formula", "v ~ conf", "--formula", "a ~ 0 + stim")
    assert result.exit_code == 0, result.output
    assert model.options == {
        "groupby": "subj",
        "formula": ["v ~ conf", "a ~ 0 + stim"],
        "model": "ddm",
        "likelihood": "exact",
        "pooling": "complete",
        "random_slopes": False,
        "shared": ("z", "t0", "a"),
        "coding": "stimulus",
        "stimulus": {"stim": {"a": "0", "b": "1"}},
        "rt": "rt",
        "response": "response",
        "rt_unit": "s",
        "choices": ("1", "0"),
        "deadline": 20.0,
        "truncate": (None, 20.0),
        "go": None,
        "fixed": {"z": 0.5},
        "p_outlier": 0.05,
        "lapse": (0.0, 20.0),
    }
    expected = {"draws": 10, "tune": 20, "chains": 3, "sampler": "pyro", "seed": 7, "progress": True}
    assert model.sampling == expected | {"max_draws": 500, "minutes": 2.5}
    assert "1 = lower, 0 = upper" in result.stdout


def test_go_and_a_column_of_deadlines_reach_the_model(
    run, tmp_path: Path, model: type[FakeModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["hddm_sbi.cli.fit"], "_plot", lambda *given: given[-1].write_bytes(b"\x89PNG"))
    table = "rt,key,limit\n0.5,None,2\n0.7,None,2\n,n/a,1.5\n0.6,None,\n,n/a,2\n"  # the key is called so
    (tmp_path / "data.csv").write_text(table, encoding="utf-8")
    result = run("fit", "data.csv", "--response", "key", "--go", "None", "--deadline", "limit", "--out", "run")
    assert result.exit_code == 0, result.output
    assert {name: model.options[name] for name in ("go", "deadline", "truncate")} == {
        "go": "None", "deadline": "limit", "truncate": None,
    }  # fmt: skip
    reading = (
        "key: withheld = lower, None = upper; deadline 1.5 to 2 s (column 'limit'), none for 1 trial; withheld on 2"
    )
    assert reading in result.stdout


def test_group_effects_reach_the_model(run, data: Path, model: type[FakeModel], monkeypatch) -> None:
    seen: list[dict[str, Any]] = []

    def refuse(self: FakeModel, df: pd.DataFrame, **options: Any) -> None:
        seen.append(options)
        raise ModelError("seen.")

    monkeypatch.setattr(model, "__init__", refuse)
    run("fit", data, "--out", "run", "--groupby", "site", "--groupby", "subj", "--correlated", "--contrasts", "sum")
    run("fit", "--correlated", data, "--out", "run", "--groupby", "subj", "--contrasts", "cond=sum,stim=helmert")
    run("fit", data, "--out", "run", "--correlated", "v,a")
    run("fit", data, "--out", "run")
    names = ("groupby", "correlated", "contrasts")
    assert [{name: options[name] for name in names if name in options} for options in seen] == [
        {"groupby": ["site", "subj"], "correlated": True, "contrasts": "sum"},
        {"groupby": "subj", "correlated": True, "contrasts": {"cond": "sum", "stim": "helmert"}},
        {"groupby": None, "correlated": ["v", "a"]},
        {"groupby": None},
    ]


def test_defaults_are_those_of_the_interface(run, data: Path, model: type[FakeModel]) -> None:
    run("fit", data, "--out", "run")
    expected = {"formula": None, "choices": None, "fixed": None, "p_outlier": "estimate", "lapse": (0.0, None)}
    assert {name: model.options[name] for name in expected} == expected
    assert model.sampling == {
        "draws": "auto",
        "tune": "auto",
        "max_draws": 10_000,
        "minutes": None,
        "chains": 4,
        "sampler": "nutpie",
        "seed": 0,
        "progress": True,
    }


def test_replaces_its_own_results_only(run, data: Path, tmp_path: Path) -> None:
    arguments = ("fit", data, "--out", "run")
    assert run(*arguments).exit_code == 0
    assert run(*arguments, "--seed", 1).exit_code == 0
    assert load(tmp_path / "run" / "idata.nc").attrs["seed"] == "1"
    (tmp_path / "run" / "summary.csv").write_text("mine", encoding="utf-8")
    (tmp_path / "run" / "notes.txt").write_text("mine", encoding="utf-8")
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert "summary.csv' was not written by this command, or was changed since" in refused.stderr
    assert (tmp_path / "run" / "summary.csv").read_text(encoding="utf-8") == "mine"
    assert run(*arguments, "--force").exit_code == 0
    assert (tmp_path / "run" / "summary.csv").read_text(encoding="utf-8") != "mine"
    assert (tmp_path / "run" / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_output_is_checked_before_sampling(run, data: Path, model: type[FakeModel], monkeypatch) -> None:
    monkeypatch.setattr(model, "sampling", {})
    result = run("fit", data, "--out", data / "run")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert model.sampling == {}


def test_ctrl_c(run, data: Path, model: type[FakeModel], monkeypatch) -> None:
    monkeypatch.setattr(model, "interrupted", True)
    result = run("fit", data, "--out", "run")
    assert result.exit_code == 130
    assert "Interrupted" in result.stderr
    assert run("fit", data, "--out", "run").exit_code == 130  # the empty folder is in nobody's way


def test_a_warning_is_one_line(run, data: Path) -> None:
    with data.open("a", encoding="utf-8") as file:
        file.write("9,0.7,1\n")
    result = run("fit", data, "--groupby", "subj", "--out", "run")
    assert result.exit_code == 0
    assert result.stderr.startswith("Warning: participant 9 in column 'subj' has a single trial")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--groupby", "subject"), "no column 'subject'; did you mean groupby='subj'?"),
        (("--rt", "time"), "no column 'time'"),
        (("--rt-unit", "min"), "rt_unit must be 's' for seconds or 'ms'"),
        (("--rt-unit", "ms"), 'for seconds pass rt_unit="s"'),
        (("--coding", "stimuli"), "coding must be 'response', 'accuracy' or 'stimulus'"),
        (("--choices", "left"), "--choices takes two labels and a comma"),
        (("--choices", "left,right"), "does not name: 0, 1"),
        (("--fixed", "z:0.5"), "--fixed takes parameter=number"),
        (("--p-outlier", "few"), "--p-outlier takes 'estimate' or a probability"),
        (("--lapse", "long"), "--lapse takes the ends of a window"),
        (("--deadline", "limit"), "no column 'limit'"),
        (("--deadline", "nan"), "the deadline must be a number of seconds or the name of a column"),
        (("--deadline", "0"), "the deadline must be above 0, not 0 s"),
        (("--truncate", "3"), "--truncate takes two ends and a comma"),
        (("--truncate", "3,0.2"), "the low end of truncate, 3 s, is not before the high end, 0.2 s"),
        (("--go", "left"), "go='left' is not in column 'response', whose responses are 0, 1"),
        (("--model", "dmd"), "there is no model 'dmd'"),
    ],
)
def test_bad_options(run, data: Path, tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    result = run("fit", data, "--out", "run", *options)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("rt,response\n", "has a header but no rows"),
        ("just text\n", "is not a table"),
        ("PK\x03\x04\0\0", "is not a text file"),
        ("rt,response\n0.5,0\n0.6,1,7,9\n", "not a regular table"),
        ("rt,response\n0.5,0\n,\n0.6,1\n", "1 of 3 trials has neither a response time in column 'rt' nor"),
        ("rt,response\n0.5,0\n-0.6,1\n", "zero or negative"),
        ("rt,response\n500,0\n600,1\n", 'for milliseconds pass rt_unit="ms"'),
        ("rt,response\n0.5,0\n0.6,1\n0.7,2\n", "3 different responses"),
        ("rt,response\n0.5,a\n0.6,b\n", "name both, lower first: choices="),
    ],
)
def test_bad_data(run, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "bad.csv").write_text(content, encoding="utf-8")
    result = run("fit", "bad.csv", "--out", "run")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
    assert not (tmp_path / "run").exists()


def test_no_data(run) -> None:
    result = run("fit", "nothing.csv", "--out", "run")
    assert result.exit_code == 2
    assert result.stderr == "Error: there is no file 'nothing.csv'.\n"
