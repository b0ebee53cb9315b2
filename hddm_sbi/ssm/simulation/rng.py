"""A small random number generator for Numba kernels: xoshiro256++ (Blackman & Vigna 2021), seeded by splitmix64.

Normal draws come from a ziggurat of 256 layers (Marsaglia & Tsang 2000, Journal of Statistical Software 5(8)), with
independent bits for the layer and the place in it (Doornik 2005).

Every block of trials owns a generator seeded from (seed, block), so results do not depend on the number of threads, and
NumPy's and Numba's global generators stay untouched.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import uint64

from hddm_sbi.compiled.compiling import callable_from_python, internal, once

UIntArray = npt.NDArray[np.uint64]
FloatArray = npt.NDArray[np.float64]

_TWO_TO_MINUS_53 = 2.0**-53
_TWO_TO_MINUS_52 = 2.0**-52
_BELOW_ONE = 1.0 - _TWO_TO_MINUS_53

# Where the tail of the ziggurat starts, and the area of each of its layers (Marsaglia & Tsang 2000).
_TAIL, _AREA = 3.6541528853610088, 0.00492867323399


def _ziggurat() -> tuple[FloatArray, FloatArray]:
    """Compute the layers' right ends, the widest (with the tail) first, and the density there relative to that at 0."""
    ends = [_AREA * math.exp(0.5 * _TAIL**2), _TAIL]
    while len(ends) < 256:
        height = math.exp(-0.5 * ends[-1] ** 2) + _AREA / ends[-1]
        ends.append(math.sqrt(-2.0 * math.log(height)))
    x = np.array([*ends, 0.0])
    return x, np.exp(-0.5 * x**2)


_ENDS, _HEIGHTS = _ziggurat()


@once
def _rotl(x: np.uint64, k: int) -> np.uint64:
    return (x << uint64(k)) | (x >> uint64(64 - k))


@internal
def _splitmix64(x: np.uint64) -> np.uint64:
    x = uint64(x + uint64(0x9E3779B97F4A7C15))
    x = (x ^ (x >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> uint64(27))) * uint64(0x94D049BB133111EB)
    return x ^ (x >> uint64(31))


@callable_from_python
def seed_state(state: UIntArray, seed: int, stream: int) -> None:
    """Fill ``state`` (4 words) for stream number ``stream`` of ``seed``."""
    x = _splitmix64(uint64(seed)) ^ _splitmix64(uint64(stream) ^ uint64(0xD1B54A32D192ED03))
    for i in range(4):
        x = _splitmix64(x)
        state[i] = x


@callable_from_python
def _word(state: UIntArray) -> np.uint64:
    """The generator's next 64 bits."""
    word = _rotl(state[0] + state[3], 23) + state[0]
    t = state[1] << uint64(17)
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= t
    state[3] = _rotl(state[3], 45)
    return word


@callable_from_python
def uniform(state: UIntArray) -> float:
    """A draw from the open interval (0, 1)."""
    # the 53 high bits, moved half a step off zero so that logarithms stay finite; the last would round to 1
    return min((float(_word(state) >> uint64(11)) + 0.5) * _TWO_TO_MINUS_53, _BELOW_ONE)


@callable_from_python
def exponential(state: UIntArray) -> float:
    """A draw from the exponential distribution with mean 1."""
    return -math.log(uniform(state))


@callable_from_python
def normal(state: UIntArray) -> float:
    """A draw from the standard normal distribution."""
    while True:
        word = _word(state)
        layer = np.int64(word & uint64(255))
        # the 53 high bits, from -1 to 1
        u = (float(word >> uint64(11)) + 0.5) * _TWO_TO_MINUS_52 - 1.0
        x = u * _ENDS[layer]
        if abs(x) < _ENDS[layer + 1]:
            return x
        if layer == 0:
            return math.copysign(_tail(state), u)
        height = _HEIGHTS[layer] + uniform(state) * (_HEIGHTS[layer + 1] - _HEIGHTS[layer])
        if height < math.exp(-0.5 * x * x):
            return x


@callable_from_python
def _tail(state: UIntArray) -> float:
    """A draw beyond the ziggurat (Marsaglia 1964)."""
    while True:
        x = exponential(state) / _TAIL
        if 2.0 * exponential(state) > x * x:
            return _TAIL + x
