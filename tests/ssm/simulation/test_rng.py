"""The generator: uniform on the open interval, right moments, streams apart."""

import math

import numpy as np
import pytest

from hddm_sbi.ssm.simulation.rng import exponential, normal, seed_state, uniform
from tests.ssm.distances import bound

N = 200_000


def _draws(draw, seed: int = 1, stream: int = 0, n: int = N) -> np.ndarray:
    state = np.empty(4, dtype=np.uint64)
    seed_state(state, seed, stream)
    return np.array([draw(state) for _ in range(n)])


def test_uniform_draws_are_uniform_on_the_open_interval() -> None:
    u = np.sort(_draws(uniform))
    assert u[0] > 0.0
    assert u[-1] < 1.0
    rank = np.arange(N) / N
    assert max(np.abs(u - rank).max(), np.abs(u - rank - 1 / N).max()) < bound(N)


def test_uniform_draws_do_not_remember() -> None:
    u = _draws(uniform) - 0.5
    # each autocovariance has standard error 1 / (12 sqrt(n))
    for lag in (1, 2, 3, 7, 64):
        assert abs(np.mean(u[:-lag] * u[lag:])) < 5.0 / (12.0 * math.sqrt(N))


@pytest.mark.parametrize("word", [0, 1, 2**64 - 1])
def test_extreme_words_stay_inside_the_interval(word: int) -> None:
    # rotl(s0 + s3, 23) + s0 is the word returned: s0 = word, s3 = -word makes it word
    state = np.array([word, 1, 2, (2**64 - word) % 2**64], dtype=np.uint64)
    assert 0.0 < uniform(state) < 1.0


@pytest.mark.parametrize(("draw", "moments"), [(normal, [0, 1, 0, 3]), (exponential, [1, 2, 6, 24])])
def test_moments(draw, moments: list[float]) -> None:
    x = _draws(draw, seed=2)
    for power, moment in enumerate(moments, start=1):
        sample = x**power
        assert abs(sample.mean() - moment) < 5.0 * sample.std() / math.sqrt(N)


def test_normal_and_exponential_distribution_functions() -> None:
    rank = np.arange(N) / N
    phi = np.array([0.5 * math.erfc(-x / math.sqrt(2.0)) for x in np.sort(_draws(normal, seed=3))])
    assert np.abs(phi - rank).max() < bound(N) + 1 / N
    assert np.abs(-np.expm1(-np.sort(_draws(exponential, seed=4))) - rank).max() < bound(N) + 1 / N


def test_the_same_stream_twice_and_distinct_streams() -> None:
    first = _draws(uniform, seed=5, stream=3, n=1000)
    assert np.array_equal(first, _draws(uniform, seed=5, stream=3, n=1000))
    for seed, stream in [(5, 4), (6, 3), (3, 5), (5, 2**40)]:
        other = _draws(uniform, seed=seed, stream=stream, n=1000)
        assert not np.any(first == other)
        assert abs(np.corrcoef(first, other)[0, 1]) < 5.0 / math.sqrt(1000)


def test_many_streams_start_uniformly() -> None:
    firsts = np.sort([_draws(uniform, seed=7, stream=k, n=1)[0] for k in range(20_000)])
    assert len(np.unique(firsts)) == len(firsts)
    assert np.abs(firsts - np.arange(20_000) / 20_000).max() < bound(20_000) + 1 / 20_000
