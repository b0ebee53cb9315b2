"""First-passage densities from Volterra equations: formulas where there are, simulations, and the reference tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.likelihoods.formulas import get_exact
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.training.draw import draw_theta
from hddm_sbi.training.first_passage import density_at, is_known, passage
from tests.training.converging import converging_log_density

REFERENCE = Path(__file__).parents[1] / "reference"
THETA = {
    "ddm": (-1.2, 1.4, 0.3, 0.2),
    "angle": (0.8, 1.6, 0.6, 0.2, 0.5),
    "weibull": (0.8, 1.6, 0.4, 0.2, 2.5, 0.7),
    "ornstein": (1.5, 1.2, 0.4, 0.2, 1.1),
}


def test_which_models_are_known() -> None:
    assert [name for name in ("ddm", "full_ddm", *THETA, "levy") if not is_known(get_model(name))] == [
        "full_ddm",
        "levy",
    ]


def test_the_ddm_is_that_of_the_series() -> None:
    ssm, exact = get_model("ddm"), get_exact("ddm")
    for theta in draw_theta(ssm, 5, np.random.default_rng(1)):
        grid = passage(ssm, theta, points=400)
        n = len(grid.time)
        for c in (0, 1):
            log_p = exact.log_prob(grid.time + theta[3], np.full(n, c), theta[None], np.zeros(n, dtype=np.int64))
            # the error of the trapezoidal rule with a few hundred points
            assert np.sum(grid.weight * np.abs(grid.density[:, c] - np.exp(log_p))) < 1e-4


def test_between_converging_lines_it_is_the_closed_form() -> None:
    """Between lines the kernel of a boundary with itself is zero, and the equations couple the boundaries only."""
    theta = np.array(THETA["angle"])
    for time in (0.05, 0.3, 0.9):
        found = density_at(get_model("angle"), theta, time)
        expected = [converging_log_density(time + theta[3], c, theta) for c in (0, 1)]
        np.testing.assert_allclose(np.log(found), expected, atol=1e-5)


@pytest.mark.parametrize("name", THETA)
def test_it_is_the_distribution_of_the_simulations(name: str) -> None:
    ssm, theta, n = get_model(name), np.array(THETA[name]), 400_000
    grid = passage(ssm, theta)
    assert np.sum(grid.weight[:, None] * grid.density) == pytest.approx(1.0, abs=1e-3)
    rt, choice = ssm.simulator(theta[None], n, 9)
    for c in (0, 1):
        own = rt[0, choice[0] == c] - theta[3]
        for time in np.quantile(own, [0.1, 0.5, 0.9]):
            below = np.sum((grid.weight * grid.density[:, c])[grid.time <= time])
            # the rule ends within half a step of the time: its weight there is as good as the standard error
            step = (grid.weight * grid.density[:, c]).max()
            share = np.mean((choice[0] == c) & (rt[0] - theta[3] <= time))
            assert abs(below - share) < 4.0 * np.sqrt(share * (1.0 - share) / n) + step


@pytest.mark.parametrize("name", ["angle", "weibull", "ornstein"])
def test_it_is_the_density_of_the_tables(name: str) -> None:
    """They come from another solver of Volterra equations, on two grids."""
    ssm = get_model(name)
    table = pd.read_csv(REFERENCE / f"{name}.csv").query("density > 1e-3").iloc[::7]
    theta = table[list(ssm.parameter_names)].to_numpy(np.float64)
    given = zip(theta, table["rt"], table["response"], strict=True)
    found = np.array([density_at(ssm, row, rt - row[3])[c] for row, rt, c in given])
    error = np.abs(np.log(found / table["density"].to_numpy()))
    assert error.mean() < 1e-5
    assert error.max() < 1e-4
