"""Every conversion gives the peer's own densities, moments and simulated trials, as tests/reference keeps them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hddm_sbi as hs
from tests.peers.references import cases, log_density, named, stepped

DENSITIES = list(cases("peers_densities.csv"))
SIMULATIONS = list(cases("peers_simulations.csv"))
MOMENTS = list(cases("peers_moments.csv"))
# Trials of ours, beside 20,000 of the peer's.
N = 40_000


def of(case: tuple[Any, ...]) -> str:
    return named(*case[:3])


@pytest.mark.parametrize("case", DENSITIES, ids=of)
def test_density(case: tuple[str, str, dict[str, float], pd.DataFrame]) -> None:
    peer, model, parameters, rows = case
    there = hs.from_peer(peer, parameters, model)
    ours = log_density(there, rows["rt"].to_numpy(), rows["choice"].to_numpy())
    if peer == "hssm" and "p_outlier" in parameters:  # its mixture sums to 1 + p
        ours = ours + np.log1p(parameters["p_outlier"])
    np.testing.assert_allclose(ours, rows["log_density"], atol=rows["tolerance"].iloc[0], rtol=0.0)


def errors(there: hs.FromPeer, rows: pd.DataFrame) -> np.ndarray:
    """Of the share of choice 1 and of the distribution function at the peer's quantiles, in standard errors of both."""
    (row,) = rows.to_dict("records")
    # the lba has no steps, and those of the levy's jumps are too small to be seen here
    theta = there.array if there.model in ("lba", "levy") else stepped(there, row["step"])
    rt, choice = hs.simulate(there.model, theta, N, seed=3)
    levels = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    quantiles = np.array([row[f"q{round(100 * level)}"] for level in levels])
    ours = np.array([np.mean(choice == 1), *np.mean(rt[:, None] <= quantiles, axis=0)])
    theirs = np.array([row["share"], *levels])
    return np.abs(ours - theirs) / np.sqrt(theirs * (1.0 - theirs) * (1.0 / N + 1.0 / row["n"]))


@pytest.mark.parametrize("case", SIMULATIONS, ids=of)
def test_simulations(case: tuple[str, str, dict[str, float], pd.DataFrame]) -> None:
    peer, model, parameters, rows = case
    np.testing.assert_array_less(errors(hs.from_peer(peer, parameters, model), rows), 4.5)


@pytest.mark.parametrize("model", ["full_ddm", "full_ddm2", "full_ddm_rv"])
def test_simulations_tell_readings_apart(model: str) -> None:
    """Half the range of the start, half the range of t0 around its middle, and what HSSM's likelihood reads in them."""
    ((peer, _, parameters, rows),) = (case for case in SIMULATIONS if case[1] == model)
    right = hs.from_peer(peer, parameters, model)
    start = {**right.theta, "sz": right.theta["sz"] / 2.0}
    delay = {**right.theta, "st0": parameters["st"], "t0": parameters["t"] - parameters["st"] / 2.0}
    for wrong in (
        replace(right, theta=start),
        replace(right, theta=delay),
        hs.from_peer("hssm", parameters, "full_ddm"),
    ):
        assert errors(wrong, rows).max() > 9.0


@pytest.mark.parametrize("case", MOMENTS, ids=of)
def test_moments(case: tuple[str, str, dict[str, float], pd.DataFrame]) -> None:
    """Probability of the lower boundary, mean and variance of all response times."""
    peer, model, parameters, rows = case
    (row,) = rows.to_dict("records")
    there = hs.from_peer(peer, parameters, model)
    times = there.theta["t0"] + np.linspace(1e-6, 16.0, 40_001)
    density = np.exp(hs.log_likelihood(there.model, times, np.array([[0], [1]]), there.array))
    lower, upper = np.trapezoid(density, times, axis=-1)
    mean = np.trapezoid(times * density.sum(axis=0), times)
    variance = np.trapezoid((times - mean) ** 2 * density.sum(axis=0), times)
    assert lower + upper == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose([lower, mean, variance], [row["lower"], row["mean"], row["variance"]], atol=2e-6)
