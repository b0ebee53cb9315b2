from __future__ import annotations

import numpy as np
import pytest

from hddm_sbi.trials.distinct import distinct_rows


@pytest.mark.parametrize("seed", range(20))
def test_rows_are_those_of_unique(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 300))
    matrix = rng.normal(size=(4, 5))[rng.integers(0, 4, (n, 5)), np.arange(5)].round(int(rng.integers(0, 3)))
    matrix[:, 2] = 1.0
    matrix[:, 4] = matrix[:, 0] * matrix[:, 1]
    matrix[rng.random(n) < 0.2, 3] = rng.choice([0.0, -0.0])
    _, first, row = np.unique(matrix, axis=0, return_index=True, return_inverse=True)
    found = distinct_rows(matrix.T, n)
    np.testing.assert_array_equal(found[0], row.ravel())
    np.testing.assert_array_equal(found[1], first)


def test_no_columns_are_one_row() -> None:
    row, first = distinct_rows([], 3)
    assert (row.tolist(), first.tolist()) == ([0, 0, 0], [0])


def test_more_columns_than_a_number_could_hold_at_once() -> None:
    matrix = np.random.default_rng(1).normal(size=(400, 60))
    _, first, row = np.unique(matrix, axis=0, return_index=True, return_inverse=True)
    found = distinct_rows(matrix.T, 400)
    np.testing.assert_array_equal(found[0], row.ravel())
    np.testing.assert_array_equal(found[1], first)
