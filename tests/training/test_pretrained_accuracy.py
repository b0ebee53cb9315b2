"""The networks that travel with the package: how far they are from reference tables and from the truth."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.stable_accuracy import stable_accuracy
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.formulas import get_exact
from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.training.first_passage import is_known
from hddm_sbi.training.nested import nested_accuracy
from hddm_sbi.training.pretrain import INNER_BOX
from hddm_sbi.training.quadrature import density_integrals, score_integrals
from hddm_sbi.training.validate import density_accuracy
from hddm_sbi.weights.store import list_pretrained, load_pretrained, locate

REFERENCE = Path(__file__).parents[1] / "reference"
# mean and 95th percentile of |error of log p| on densities above 0.001
LIMITS = {"angle": (0.004, 0.012), "ornstein": (0.004, 0.012), "weibull": (0.004, 0.012), "full_ddm": (0.006, 0.02)}
LIMITS["levy"] = (0.006, 0.02)
NETWORKS = ("ddm", "full_ddm", "angle", "weibull", "ornstein", "levy")
TABLED = ("full_ddm", "angle", "weibull", "ornstein")
# parameters with a value on the edge of the box at which their model is a simpler one
NESTED = {"full_ddm": ("sv", "sz"), "angle": ("theta",), "levy": ("alpha",)}
# Networks that miss the limits, and what was measured: mean and 95th percentile.
MISSED_ON_TABLES = {"weibull": (0.0041, 0.0131), "full_ddm": (0.0065, 0.0252)}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_network_travels_with_the_package(name: str) -> None:
    assert name in list_pretrained()
    assert locate(name).source == "bundled"


@cache
def likelihood_of(name: str) -> FirstPassageLikelihood:
    return FirstPassageLikelihood(load_pretrained(name))


@cache
def table_of(name: str) -> tuple[FloatArray, tuple[np.ndarray, ...]]:
    """Log densities of a table, and its trials."""
    table = pd.read_csv(REFERENCE / f"{name}.csv")
    if "log_density" not in table:
        table["log_density"] = np.log(table["density"])
    table = table[table["log_density"] > np.log(1e-3)]
    theta = table[list(get_model(name).parameter_names)].to_numpy(np.float64)
    trials = (table["rt"].to_numpy(), table["response"].to_numpy(np.int64), theta, np.arange(len(table)))
    return table["log_density"].to_numpy(), trials


def within(error: FloatArray, name: str) -> bool:
    mean, most = LIMITS[name]
    return bool(np.abs(error).mean() <= mean and np.quantile(np.abs(error), 0.95) <= most)


def _missed(name: str, measured: dict[str, tuple[float, float]]):
    reason = "the network misses the limits: mean {}, 95th percentile {}".format(*measured.get(name, (None, None)))
    return pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=reason)) if name in measured else name


@pytest.mark.parametrize("name", [_missed(name, MISSED_ON_TABLES) for name in TABLED])
def test_the_reference_table(name: str) -> None:
    stated, trials = table_of(name)
    assert within(likelihood_of(name).log_prob(*trials) - stated, name)


@pytest.mark.parametrize("name", [name for name in TABLED if is_known(get_model(name))])
def test_the_density_over_the_training_box(name: str) -> None:
    found = density_integrals(get_model(name), likelihood_of(name), points=60, seed=3)
    mean, most = LIMITS[name]
    assert found["mean_abs_error"] <= mean
    assert found["p95_abs_error"] <= most
    assert found["kl"] <= 2e-5


@pytest.mark.parametrize("name", [name for name in TABLED if is_known(get_model(name))])
def test_no_posterior_mean_moves_far(name: str) -> None:
    found = score_integrals(get_model(name), likelihood_of(name), box=INNER_BOX, points=60, seed=3)
    assert found["median"] <= 0.1


@pytest.mark.slow
def test_levy_where_its_density_is_solved() -> None:
    found = stable_accuracy(likelihood_of("levy"), points=12, trials=400, seed=3)
    mean, most = LIMITS["levy"]
    assert found["solved"] > 0.97
    assert found["mean_abs_error"] <= mean
    assert found["p95_abs_error"] <= most
    assert found["kl"] <= 2e-5 + 3.0 * found["kl_se"]


@cache
def full_ddm_over_the_box() -> dict[str, float]:
    return density_accuracy(get_model("full_ddm"), likelihood_of("full_ddm"), get_exact("full_ddm"), draws=100_000)


def test_full_ddm_over_the_training_box() -> None:
    mean, most = LIMITS["full_ddm"]
    assert full_ddm_over_the_box()["mean_abs_error"] <= mean
    assert full_ddm_over_the_box()["p95_abs_error"] <= most


def test_the_divergence_of_full_ddm() -> None:
    found = full_ddm_over_the_box()
    assert found["kl"] <= 2e-5 + 3.0 * found["kl_se"]


# A network that also learns theta = 0 is off by .0025 there, but by .0037 and .0136 on the table.
_AT_ZERO = pytest.mark.xfail(strict=True, reason="the network misses the limits at theta = 0: .0116 and .0361")


@pytest.mark.parametrize("name", ["full_ddm", pytest.param("angle", marks=_AT_ZERO), "levy"])
def test_where_the_model_is_a_simpler_one(name: str) -> None:
    mean, most = LIMITS[name]
    found = nested_accuracy(get_model(name), likelihood_of(name))
    assert tuple(found) == NESTED[name]
    for measured in found.values():
        assert measured["mean_abs_error"] <= mean
        assert measured["p95_abs_error"] <= most
