"""The probability of an interval of the normal distribution against many digits."""

import mpmath as mp
import numpy as np
import pytest

from hddm_sbi.compiled.normal_interval import normal_intervals

ENDS = [-np.inf, -300.0, -37.6, -9.0, -2.0, -0.3, 0.0, 1e-12, 0.02, 0.5, 3.0, 8.2, 40.0, 1e5, np.inf]
WIDTHS = [1e-9, 1e-5, 0.01, 0.09, 0.11]


def _exact(low, high):
    with mp.workdps(60):
        a, b = (mp.mpf(float(end)) for end in ((low, high) if low + high >= 0 or low == -np.inf else (-high, -low)))
        if low == -np.inf and high < np.inf:
            a, b = -b, mp.inf
        total = (mp.erfc(a / mp.sqrt(2)) - mp.erfc(b / mp.sqrt(2))) / 2
        slopes = [mp.npdf(mp.mpf(float(end))) / total for end in (low, high)]
        return float(mp.log(total)), -float(slopes[0]), float(slopes[1])


def test_intervals_in_many_digits():
    pairs = [(low, high) for low in ENDS for high in ENDS if low < high < np.inf or (low > -np.inf and low < high)]
    pairs += [(low, low + width) for low in ENDS[1:-2] for width in WIDTHS]
    pairs += [(-high, -low) for low, high in pairs]
    low, high = np.array(pairs).T
    found = np.column_stack(normal_intervals(low, high))
    expected = np.array([_exact(*pair) for pair in pairs])
    np.testing.assert_allclose(found[:, 0], expected[:, 0], rtol=1e-14, atol=1e-13)
    np.testing.assert_allclose(found[:, 1:], expected[:, 1:], rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("pair", [(1.0, 1.0), (2.0, 1.0), (np.nan, 1.0), (0.0, np.nan), (np.inf, np.inf)])
def test_what_is_no_interval(pair):
    assert [each[0] for each in normal_intervals(*np.array(pair)[:, None])] == [-np.inf, 0.0, 0.0]


def test_the_whole_line_is_certain():
    assert [each[0] for each in normal_intervals(np.array([-np.inf]), np.array([np.inf]))] == [0.0, 0.0, 0.0]
