"""A small random number generator for Numba kernels: xoshiro256++ (Blackman & Vigna 2021), seeded by splitmix64.

Every block of trials owns a generator seeded from (seed, block), so results do not depend on the number of threads, and
NumPy's and Numba's global generators stay untouched.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

UIntArray = npt.NDArray[np.uint64]

_TWO_TO_MINUS_53 = 2.0**-53
_BELOW_ONE = 1.0 - _TWO_TO_MINUS_53


@njit(inline="always")
def _rotl(x: np.uint64, k: int) -> np.uint64:
    return (x << uint64(k)) | (x >> uint64(64 - k))


@njit(nogil=True)
def _splitmix64(x: np.uint64) -> np.uint64:
    x = uint64(x + uint64(0x9E3779B97F4A7C15))
    x = (x ^ (x >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> uint64(27))) * uint64(0x94D049BB133111EB)
    return x ^ (x >> uint64(31))


@njit(nogil=True, cache=True)
def seed_state(state: UIntArray, seed: int, stream: int) -> None:
    """Fill ``state`` (4 words) for stream number ``stream`` of ``seed``."""
    x = _splitmix64(uint64(seed)) ^ _splitmix64(uint64(stream) ^ uint64(0xD1B54A32D192ED03))
    for i in range(4):
        x = _splitmix64(x)
        state[i] = x


@njit(nogil=True, cache=True)
def uniform(state: UIntArray) -> float:
    """A draw from the open interval (0, 1)."""
    word = _rotl(state[0] + state[3], 23) + state[0]
    t = state[1] << uint64(17)
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= t
    state[3] = _rotl(state[3], 45)
    # the 53 high bits, moved half a step off zero so that logarithms stay finite; the last would round to 1
    return min((float(word >> uint64(11)) + 0.5) * _TWO_TO_MINUS_53, _BELOW_ONE)


@njit(nogil=True, cache=True)
def exponential(state: UIntArray) -> float:
    """A draw from the exponential distribution with mean 1."""
    return -math.log(uniform(state))


@njit(nogil=True, cache=True)
def normal(state: UIntArray) -> float:
    """A draw from the standard normal distribution (Marsaglia's polar method)."""
    while True:
        x = 2.0 * uniform(state) - 1.0
        y = 2.0 * uniform(state) - 1.0
        s = x * x + y * y
        if 0.0 < s < 1.0:
            return x * math.sqrt(-2.0 * math.log(s) / s)
