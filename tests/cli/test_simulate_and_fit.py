"""The command line in earnest: a simulated experiment, fitted."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from hddm_sbi.results.to_arviz import group, has_group, load

pytestmark = pytest.mark.slow


def test_simulated_experiment_is_fitted(run, tmp_path: Path) -> None:
    assert run("simulate", "--subjects", 3, "--trials", 60, "--seed", 1, "--out", "sim.csv").exit_code == 0
    options = "--groupby subject --likelihood exact --draws 300 --tune 300 --chains 2 --seed 1 --fixed z=0.5"
    result = run("fit", "sim.csv", "--out", "run", *options.split())
    assert result.exit_code == 0, result.output
    assert "response: 0 = lower, 1 = upper" in result.stdout
    assert "R-hat is" in result.stdout
    assert "v_Intercept_subject_sd" in result.stdout
    idata = load(tmp_path / "run" / "idata.nc")
    assert all(has_group(idata, name) for name in ("posterior", "sample_stats", "observed_data", "constant_data"))
    posterior = group(idata, "posterior")
    assert posterior["a_subject"].dims == ("chain", "draw", "subject")
    assert "z" not in posterior
    # the truth is where the posterior is: with 180 trials boundary and non-decision time are known to a tenth or so;
    # within 2.7 sds, of which draws of other seeds take or give 0.1
    truth = pd.DataFrame(json.loads((tmp_path / "sim.truth.json").read_text(encoding="utf-8"))["subjects"]).T
    summary = pd.read_csv(tmp_path / "run" / "summary.csv", index_col="quantity")
    for name in ("v", "a", "t0"):
        for label in truth.index:
            row = summary.loc[f"{name}_subject[{label}]"]
            assert abs(row["mean"] - truth.loc[label, name]) < 5 * row["sd"]
    assert (tmp_path / "run" / "predictive.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--formula", "v ~ conf"), "conf"),
        (("--formula", "drift ~ 1"), "drift"),
        (("--formula", "v ~ ("), "v ~ ("),
        (("--likelihood", "exactly"), "exactly"),
        (("--likelihood", "weights.safetensors"), "weights.safetensors"),
        (("--pooling", "some"), "some"),
        (("--shared", "y"), "y"),
        (("--fixed", "z=2"), "z"),
        (("--p-outlier", "2"), "2"),
        (("--lapse", "3,1"), "lapse"),
        (("--sampler", "gibbs"), "gibbs"),
    ],
)
def test_bad_models_are_one_line(run, options: tuple[str, ...], words: str) -> None:
    run("simulate", "--subjects", 3, "--trials", 20, "--out", "sim.csv")
    result = run("fit", "sim.csv", "--groupby", "subject", "--likelihood", "exact", "--out", "run", *options)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr
