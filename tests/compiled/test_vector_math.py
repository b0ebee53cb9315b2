"""The branch-free functions agree with the C library's, to a few units in the last place."""

import numba as nb
import numpy as np
import pytest

from hddm_sbi.compiled import vector_math as vm

EPS = np.finfo(float).eps


def looped(function):
    @nb.njit(error_model="numpy")
    def each(x, out):
        for i in range(len(x)):
            out[i] = function(x[i])

    def call(x):
        out = np.empty_like(x)
        each(x, out)
        return out

    return call


exp, expm1, log, log1p = (looped(function) for function in (vm.exp, vm.expm1, vm.log, vm.log1p))


@pytest.mark.parametrize("reach", [1e-3, 1.0, 30.0, 700.0])
def test_exp(reach):
    x = np.random.default_rng(0).uniform(-reach, reach, 20_000)
    np.testing.assert_allclose(exp(x), np.exp(x), rtol=3 * EPS)


def test_exp_beyond_its_range():
    np.testing.assert_array_equal(exp(np.array([-708.5, -1e300, -np.inf])), 0.0)
    np.testing.assert_allclose(exp(np.array([0.0, 800.0])), [1.0, np.exp(709.0)], rtol=3 * EPS)


@pytest.mark.parametrize("exponent", [-300.0, -10.0, -3.0, 0.0, 2.8])
def test_expm1(exponent):
    x = 10.0 ** (exponent * np.random.default_rng(1).uniform(0.5, 1.0, 20_000))
    np.testing.assert_allclose(expm1(-x), np.expm1(-x), rtol=6 * EPS)
    np.testing.assert_allclose(expm1(x), np.expm1(x), rtol=6 * EPS)


def test_log():
    rng = np.random.default_rng(2)
    for x in (
        10.0 ** rng.uniform(-300, 300, 20_000),
        rng.uniform(0.4, 2.5, 20_000),
        1 + rng.uniform(-1e-8, 1e-8, 1000),
    ):
        np.testing.assert_allclose(log(x), np.log(x), rtol=3 * EPS)
    np.testing.assert_array_equal(log(np.array([1.0])), 0.0)


def test_log1p():
    rng = np.random.default_rng(3)
    for x in (rng.uniform(0.0, 1.0, 20_000), 10.0 ** rng.uniform(-300, 0, 20_000), np.array([0.0, 1.0])):
        np.testing.assert_allclose(log1p(x), np.log1p(x), rtol=3 * EPS)


def test_loops_vectorise():
    @nb.njit(error_model="numpy", fastmath={"reassoc"})
    def total(x):
        result = 0.0
        for i in range(len(x)):
            result += vm.log(vm.exp(x[i]) + 1.0)
        return result

    x = np.linspace(-3, 3, 1001)
    assert total(x) == pytest.approx(np.logaddexp(0, x).sum(), rel=1e-13)
    (code,) = total.inspect_llvm().values()
    assert "x double>" in code  # operations on vectors of doubles
