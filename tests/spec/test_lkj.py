from __future__ import annotations

import numpy as np
import pytest
import torch
from pyro.infer import Predictive
from scipy import stats

from hddm_sbi.pyro_model.lkj import LKJCholesky
from hddm_sbi.spec.lkj import draw_cholesky

DRAWS = 20_000


@pytest.mark.parametrize(("size", "eta"), [(2, 1.0), (3, 1.0), (6, 1.0), (4, 3.0)])
def test_every_correlation_has_the_marginal_of_the_lkj(size: int, eta: float) -> None:
    """(r + 1) / 2 ~ Beta(b, b) with b = eta - 1 + size / 2 (Lewandowski, Kurowicka & Joe 2009)."""
    torch.manual_seed(1)
    factor = draw_cholesky(size, eta, torch.Size((DRAWS,))).numpy()
    assert np.allclose(np.linalg.norm(factor, axis=-1), 1.0)
    correlations = (factor @ factor.swapaxes(-1, -2))[:, *np.triu_indices(size, 1)].T
    b = eta - 1.0 + size / 2.0
    worst = min(stats.kstest((r + 1.0) / 2.0, stats.beta(b, b).cdf).pvalue for r in correlations)
    assert worst * len(correlations) > 0.001


def test_determinants_are_those_of_the_density() -> None:
    """The expected log density of draws, against that of one drawn by weighting uniform matrices of three effects."""
    torch.manual_seed(2)
    factor = draw_cholesky(3, 2.0, torch.Size((DRAWS,)))
    found = factor.diagonal(dim1=-2, dim2=-1).log().sum(-1).mul(2.0).mean().item()
    rng = np.random.default_rng(3)
    r, s, t = rng.uniform(-1.0, 1.0, (3, 400_000))
    determinant = 1.0 + 2.0 * r * s * t - r**2 - s**2 - t**2
    determinant = determinant[determinant > 0.0]  # of uniform matrices, which eta = 2 weights by the determinant
    assert found == pytest.approx(np.average(np.log(determinant), weights=determinant), abs=0.02)


def test_pyro_draws_the_same() -> None:
    import pyro

    def model() -> None:
        pyro.sample("factor", LKJCholesky(3, torch.tensor(1.0, dtype=torch.float64)))

    torch.manual_seed(4)
    factor = Predictive(model, num_samples=4000)()["factor"].squeeze()
    correlations = (factor @ factor.mT).numpy()
    assert correlations[:, *np.triu_indices(3, 1)].std(axis=0) == pytest.approx(0.5, abs=0.02)
