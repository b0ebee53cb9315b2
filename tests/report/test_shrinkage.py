"""How much of an estimate comes from the population, where that is known."""

from __future__ import annotations

import numpy as np
import xarray as xr

from hddm_sbi.report.shrinkage import pooled, shrinkage


def test_of_normal_data_it_is_the_known_share() -> None:
    """Draws of the exact posterior of b and m, known t, from data of different precision."""
    rng = np.random.default_rng(0)
    s = np.array([0.02, 0.3, 0.5, 1.0, 2.0, 0.1, 0.5, 0.7])  # sd of each participant's own estimate
    t, n = 0.5, len(s)
    y = 1.0 + rng.normal(size=n) * np.sqrt(s**2 + t**2)
    weight = 1.0 / (s**2 + t**2)
    mean = (weight @ y) / weight.sum() + rng.normal(size=(2, 20_000)) / np.sqrt(weight.sum())
    share = s**2 / (s**2 + t**2)
    b = (1.0 - share) * (y - mean[..., None]) + rng.normal(size=(2, 20_000, n)) * t * np.sqrt(share)
    dims = ("chain", "draw")
    posterior = xr.Dataset(
        {
            "v": (dims, mean),
            "v_Intercept": (dims, mean),
            "v_Intercept_subject": ((*dims, "subject"), b),
            "v_Intercept_subject_sd": (dims, np.full_like(mean, t)),
            "v_subject": ((*dims, "subject"), mean[..., None] + b),
        },
        {"subject": [f"p{k}" for k in range(n)]},
    )
    found = shrinkage(posterior)
    assert list(found) == ["v"] and list(found.index) == [f"p{k}" for k in range(n)]
    # a variance of 40,000 draws is known to 0.7%
    np.testing.assert_allclose(found["v"], share, atol=0.02)


def test_it_lies_between_nothing_and_all() -> None:
    assert pooled(np.array([0.0, 1.7, 0.4]), np.array([0.1, 0.2, 0.0])).tolist() == [0.0, 1.0, 0.4]


def test_where_nothing_is_pooled_there_is_none(crossed) -> None:
    posterior = xr.Dataset(
        {"v_subject": (("chain", "draw", "subject"), np.random.default_rng(0).normal(size=(2, 9, 3)))}
    )
    assert shrinkage(posterior).empty
