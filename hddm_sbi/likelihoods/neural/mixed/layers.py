"""Linear layers with rectifiers over many inputs at once, and their passes back."""

from __future__ import annotations

from hddm_sbi.compiled.arrays import add_scaled, dot
from hddm_sbi.compiled.compiling import internal
from hddm_sbi.likelihoods.base import FloatArray


@internal
def linear(x: FloatArray, weight: FloatArray, bias: FloatArray, out: FloatArray) -> None:
    """Fill out, (inputs, n_out), with x weight^T + bias; x (inputs, n_in), weight (n_out, n_in)."""
    for j in range(len(bias)):
        # a row of weights meets all inputs while it is at hand
        for s in range(len(x)):
            out[s, j] = bias[j] + dot(x[s], weight[j])


@internal
def add_linear(x: FloatArray, weight: FloatArray, out: FloatArray) -> None:
    """Add x weight^T to out."""
    for j in range(len(weight)):
        for s in range(len(x)):
            out[s, j] += dot(x[s], weight[j])


@internal
def rectify(x: FloatArray, out: FloatArray) -> None:
    """Fill out with max(x, 0)."""
    for s in range(x.shape[0]):
        for k in range(x.shape[1]):
            out[s, k] = max(x[s, k], 0.0)


@internal
def rectify_back(x: FloatArray, by: FloatArray) -> None:
    """Set derivatives to zero where x, before or after the rectifier, is not above zero."""
    for s in range(x.shape[0]):
        for k in range(x.shape[1]):
            if x[s, k] <= 0.0:
                by[s, k] = 0.0


@internal
def add_linear_back(by_out: FloatArray, weight: FloatArray, by_x: FloatArray) -> None:
    """Add by_out weight to the derivatives by x."""
    for j in range(len(weight)):
        for s in range(len(by_out)):
            add_scaled(by_out[s, j], weight[j], by_x[s])
