"""Groups that were not in the data have the population's distribution, and the same values wherever they occur."""

from __future__ import annotations

import numpy as np
import pytest

from hddm_sbi.inference.new_groups import draw_deviations
from hddm_sbi.spec.group_block import _root


@pytest.mark.parametrize("correlation", [0.0, -0.6])
def test_deviations_have_the_covariance_of_each_draw(correlation: float) -> None:
    draws, sd = 40_000, np.array([0.5, 2.0])
    covariance = np.diag(sd) @ np.array([[1.0, correlation], [correlation, 1.0]]) @ np.diag(sd)
    scales = np.repeat([1.0, 3.0], draws)[np.newaxis]
    cholesky = scales[..., np.newaxis, np.newaxis] * np.linalg.cholesky(covariance)
    found = draw_deviations(cholesky, np.random.default_rng(1))
    assert found.shape == (1, 2 * draws, 2)
    for part, scale in ((found[0, :draws], 1.0), (found[0, draws:], 3.0)):
        error = np.sqrt((np.outer(sd**2, sd**2) + covariance**2) / draws) * scale**2
        assert (np.abs(np.cov(part.T) - scale**2 * covariance) < 4.0 * error).all()
        assert (np.abs(part.mean(0)) < 4.0 * scale * sd / np.sqrt(draws)).all()


def test_correlations_that_rounding_made_singular() -> None:
    """Draws at the edge of what correlations can be, as a prior with eta below 1 has them, are drawn from as well."""
    matrix = np.array([[[1.0, 1.0, 0.3], [1.0, 1.0, 0.3], [0.3, 0.3, 1.0]], np.eye(3)])
    factor = _root(matrix)
    np.testing.assert_allclose(factor @ factor.swapaxes(-1, -2), matrix, atol=1e-10)
    np.testing.assert_array_equal(factor[1], np.eye(3))
