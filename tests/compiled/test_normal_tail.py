"""Mills' ratio and its slope against many digits."""

import mpmath as mp
import numpy as np
import pytest

from hddm_sbi.compiled.compiling import callable_from_python
from hddm_sbi.compiled.normal_tail import mills, mills_slope


@callable_from_python
def both(x: np.ndarray, ratio: np.ndarray, slope: np.ndarray) -> None:
    for i in range(len(x)):
        ratio[i] = mills(x[i])
        slope[i] = mills_slope(x[i])


def test_relative_precision_from_zero_to_the_deepest_tail() -> None:
    x = np.concatenate([[0.0, 1e-300], np.logspace(-12, 3, 151), np.linspace(0.1, 40.0, 100)])
    ratio, slope = np.empty(len(x)), np.empty(len(x))
    both(x, ratio, slope)
    with mp.workdps(60):
        for i, value in enumerate(x):
            at = mp.mpf(float(value))
            exact = mp.erfc(at / mp.sqrt(2)) * mp.exp(at * at / 2) * mp.sqrt(mp.pi / 2)
            assert ratio[i] == pytest.approx(float(exact), rel=4e-15)
            assert slope[i] == pytest.approx(float(1 - at * exact), rel=4e-15)
