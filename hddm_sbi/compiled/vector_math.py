"""Exponential and logarithm without branches or calls: loops which use them vectorise on every platform.

The functions of the C library stop a loop from vectorising, and vector libraries come with some installations only.
These are inlined; each is within a few units in the last place of the exact value over the range given.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from hddm_sbi.compiled.compiling import inlined
from hddm_sbi.compiled.vectors import Vectors

# Adding and subtracting 1.5 * 2^52 rounds a double to the nearest integer, whose low bits are then those of the sum.
_ROUND = 1.5 * 2.0**52
_LOG2_E = 1.0 / math.log(2.0)
# log 2 in two parts: the first has 42 bits, so that n times it is exact for |n| < 2^11.
_LN2_HIGH = 3048493539143 / 2**42
_LN2_LOW = 5.497923018708371e-14
_LN2, _SQRT_TWO = math.log(2.0), math.sqrt(2.0)
_LEAST = -708.0  # below, exp is taken as 0: results would be subnormal
_LARGEST = 709.0
_SQRT_HALF_BITS = int(np.float64(math.sqrt(0.5)).view(np.int64))
_TWO_52_BITS = int(np.float64(2.0**52).view(np.int64))


@intrinsic
def _bits(typingctx, x):  # type: ignore[no-untyped-def]
    """The 64 bits of a double as an integer."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.bitcast(args[0], context.get_value_type(types.int64))

    return types.int64(types.float64), codegen


@intrinsic
def _double(typingctx, bits):  # type: ignore[no-untyped-def]
    """The double with these 64 bits."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.bitcast(args[0], context.get_value_type(types.float64))

    return types.float64(types.int64), codegen


def exp_of_vectors(vectors: Vectors, x: Any) -> Any:
    """exp of a vector from -700 to 700, by the same steps as ``exp``, in the code of an intrinsic."""
    shifted = vectors.plus_product(vectors.constant(_ROUND), x, vectors.constant(_LOG2_E))
    n = vectors.sum(shifted, vectors.constant(-_ROUND))
    r = vectors.plus_product(x, n, vectors.constant(-_LN2_HIGH))
    r = vectors.plus_product(r, n, vectors.constant(-_LN2_LOW))
    p = vectors.constant(1.0 / math.factorial(12))
    for k in range(11, 0, -1):
        p = vectors.plus_product(vectors.constant(1.0 / math.factorial(k)), p, r)
    power = vectors.powers_of_two(shifted, 1023)
    return vectors.plus_product(power, power, vectors.product(p, r))


@inlined
def _reduced_expm1(r: float) -> float:
    """exp(r) - 1 for |r| <= log(2) / 2 by its series; what is left out is below 2e-16 of r."""
    p = 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    return p * r * r + r


@inlined
def _split(x: float) -> tuple[float, float]:
    """2^n and r with x = n log 2 + r and |r| <= log(2) / 2, for x from -708 to 709."""
    shifted = x * _LOG2_E + _ROUND
    n = shifted - _ROUND
    power = _double((_bits(shifted) + 1023) << 52)
    return power, (x - n * _LN2_HIGH) - n * _LN2_LOW


@inlined
def exp(x: float) -> float:
    """exp(x); 0 below x = -708, exp(709) above 709."""
    power, r = _split(min(max(x, _LEAST), _LARGEST))
    return power + power * _reduced_expm1(r) if x >= _LEAST else 0.0


@inlined
def expm1(x: float) -> float:
    """exp(x) - 1, precise near 0, for x <= 709."""
    power, r = _split(max(x, _LEAST))
    return power * _reduced_expm1(r) + (power - 1.0)


@inlined
def _artanh_series(z: float) -> float:
    """(artanh(s) / s - 1) / s^2 for z = s^2 <= 0.0295, where |log((1 + s) / (1 - s))| <= log(2) / 2."""
    p = 1.0 / 19.0
    p = p * z + 1.0 / 17.0
    p = p * z + 1.0 / 15.0
    p = p * z + 1.0 / 13.0
    p = p * z + 1.0 / 11.0
    p = p * z + 1.0 / 9.0
    p = p * z + 1.0 / 7.0
    p = p * z + 1.0 / 5.0
    return p * z + 1.0 / 3.0


@inlined
def log1p(x: float) -> float:
    """log(1 + x) for x from 0 to 1, precise near 0."""
    large = x > _SQRT_TWO - 1.0
    f = 0.5 * x - 0.5 if large else x
    s = f / (2.0 + f)
    z = s * s
    return (_LN2 if large else 0.0) + (2.0 * s + 2.0 * s * z * _artanh_series(z))


@inlined
def log(x: float) -> float:
    """log(x) for normal, positive, finite x; with x = 2^n (1 + f), s = f / (2 + f), log(1 + f) = 2 artanh(s)."""
    # the exponent is taken such that 1 + f lies between sqrt(1/2) and sqrt(2); it is positive with the bias on it
    biased = (_bits(x) - _SQRT_HALF_BITS + (1023 << 52)) >> 52
    n = _double(biased | _TWO_52_BITS) - (2.0**52 + 1023.0)
    f = _double(_bits(x) - ((biased - 1023) << 52)) - 1.0
    s = f / (2.0 + f)
    z = s * s
    return n * _LN2_HIGH + (2.0 * s + (2.0 * s * z * _artanh_series(z) + n * _LN2_LOW))
