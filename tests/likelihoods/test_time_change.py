"""The clocks of collapsing boundaries: compiled code, torch and quadrature agree."""

import numpy as np
import pytest
import torch
from scipy import integrate

from hddm_sbi.compiled.compiling import callable_from_python
from hddm_sbi.likelihoods.neural import time_change

KINDS = ["", "linear", "weibull", "jumps"]
TIMES = np.array([1e-6, 1e-3, 0.02, 0.1, 0.25])


@callable_from_python
def read(kind, s, first, second):  # type: ignore[no-untyped-def]
    return time_change.clock(kind, s, first, second), time_change.end(kind, first, second)


def parameters(kind: str) -> list[tuple[float, float]]:
    if kind == "weibull":
        return [(1.0, 0.5), (0.4, 0.05), (3.0, 0.3), (2.0, 40.0)]
    if kind == "jumps":
        return [(time_change.LEAST_JUMPS, 0.0), (0.01, 0.0), (0.5, 0.0), (1.0, 0.0)]
    return [(0.0, 0.0), (0.3, 0.0), (1.9, 0.0)] if kind else [(0.0, 0.0)]


def shown(kind: str, s: float, first: float, second: float) -> tuple[float, ...]:
    return read(time_change.CODES[kind], s, first, second)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives(kind: str) -> None:
    for first, second in parameters(kind):
        for s in TIMES:
            u, log_rate, rate_by_s, u_first, rate_first, u_second, rate_second = shown(kind, s, first, second)

            def slope(index: int, d: tuple[float, float, float], at=(s, first, second)) -> float:
                step = 1e-6 * max(abs(at @ np.array(d)), 0.1 if d[0] == 0 else 0.0)
                up, down = (shown(kind, *(np.array(at) + sign * step * np.array(d)))[index] for sign in (1, -1))
                return (up - down) / (2.0 * step)

            np.testing.assert_allclose(np.exp(log_rate), slope(0, (1, 0, 0)), rtol=1e-7)
            np.testing.assert_allclose(rate_by_s, slope(1, (1, 0, 0)), rtol=1e-4, atol=1e-4)
            if kind:
                np.testing.assert_allclose(u_first, slope(0, (0, 1, 0)), rtol=1e-5, atol=1e-6 * u)
                np.testing.assert_allclose(rate_first, slope(1, (0, 1, 0)), rtol=1e-5, atol=1e-7)
            if kind == "weibull":
                np.testing.assert_allclose(u_second, slope(0, (0, 0, 1)), rtol=1e-5, atol=1e-6 * u)
                np.testing.assert_allclose(rate_second, slope(1, (0, 0, 1)), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_torch_shows_the_same_time_and_back(kind: str) -> None:
    for first, second in parameters(kind):
        compiled = np.array([shown(kind, s, first, second)[:2] for s in TIMES])
        s = torch.from_numpy(TIMES)
        a, b = torch.full_like(s, first), torch.full_like(s, second)
        u, log_rate, apart = time_change.torch_clock(kind, s, a, b)
        assert bool(apart.all())
        np.testing.assert_allclose(u, compiled[:, 0], rtol=1e-8)
        np.testing.assert_allclose(log_rate, compiled[:, 1], rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(time_change.torch_inverse(kind, u, a, b), TIMES, rtol=1e-8)


def test_linear_and_exponential_clocks_are_the_integrals_of_the_widths() -> None:
    for s in TIMES:
        exact = integrate.quad(lambda r: (1.0 - 2.0 * 1.5 * r) ** -2, 0.0, s)[0]
        np.testing.assert_allclose(shown("linear", s, 1.5, 0.0)[0], exact, rtol=1e-9)
        exact = integrate.quad(lambda r: np.exp(2.0 * r / 0.2), 0.0, s)[0]
        np.testing.assert_allclose(shown("weibull", s, 1.0, 0.2)[0], exact, rtol=1e-9)


def test_the_clock_of_jumps_is_plain_without_them_and_late() -> None:
    for s in TIMES[2:]:
        np.testing.assert_allclose(shown("jumps", s, time_change.LEAST_JUMPS, 0.0)[:2], (s, 0.0), rtol=0.01, atol=0.01)
    np.testing.assert_allclose(shown("jumps", 1e8, 1.0, 0.0)[:2], (1e8, 0.0), rtol=1e-3, atol=1e-3)
    # and early times are a power of the clock's inverse root
    roots = [shown("jumps", s, 0.5, 0.0)[0] ** -0.5 for s in (1e-8, 1e-10, 1e-12)]
    np.testing.assert_allclose(np.diff(roots), np.log(10.0) / 0.5, rtol=1e-3)


def test_the_end() -> None:
    assert read(time_change.LINEAR, 0.1, 2.0, 0.0)[1] == 0.25
    assert read(time_change.LINEAR, 0.1, 0.0, 0.0)[1] == np.inf
    assert read(time_change.NONE, 0.1, 0.0, 0.0)[1] == np.inf
    last = read(time_change.WEIBULL, 0.1, 2.0, 0.5)[1]
    assert np.isfinite(shown("weibull", 0.999 * last, 2.0, 0.5)).all()
