"""Layers of a network over panels of rows, forward and back: the rows of a panel fill vector registers.

A panel holds so many rows side by side: of each unit, in order, its numbers in all of them. A product of matrices keeps
the sums of a tile of units in registers while it goes through the units below; weights are packed as it reads them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.arrays import multiply
from hddm_sbi.compiled.compiling import internal
from hddm_sbi.compiled.vectors import Vectors

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Rows in a panel, and units in a tile.
PANEL, TILE = 16, 6
# Odds against a unit's gate are exp of this at most.
LARGEST = 700.0
# Rows whose sums are kept at once, of a tile of units: two registers each, which are twice as wide with AVX-512.
_ROWS = 16 if "+avx512f" in str(cpu_target.target_context.codegen().magic_tuple()[2]) else 8


def padded(units: int) -> int:
    """The number of units with those that fill the last tile."""
    return -(-units // TILE) * TILE


padded_at = internal(padded)


def pack(matrix: FloatArray) -> FloatArray:
    """Weights (n_in, n_out) as products read them: tile by tile, the weights of each input side by side, flat."""
    n_in, n_out = matrix.shape
    whole = np.pad(matrix, ((0, 0), (0, padded(n_out) - n_out)))
    return np.ascontiguousarray(whole.reshape(n_in, -1, TILE).swapaxes(0, 1)).ravel()


@intrinsic
def _tile_product(typingctx, weights, first, biases, unit, inputs, n_in, outputs, start):  # type: ignore[no-untyped-def]
    """Fill in a tile of units of a panel.

    Args:
        weights, first: packed weights, and where those of the tile begin.
        biases, unit: padded, and the first unit of the tile among them.
        inputs, n_in: a panel, and how many of its units count.
        outputs, start: a panel, and where in it the tile begins.
    """

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        vectors = Vectors(context, builder, _ROWS // 2)
        weight, bias, below, above = (vectors.pointer(signature.args[i], args[i]) for i in (0, 2, 4, 6))

        def constant(number: int) -> Any:
            return ir.Constant(ir.IntType(64), number)

        with cgutils.for_range_slice(builder, constant(0), constant(PANEL), constant(_ROWS), inc=True) as (row, _):
            sums = []
            for unit in range(TILE):
                number = builder.load(builder.gep(bias, [builder.add(args[3], constant(unit))]))
                sums.append([vectors.place(vectors.spread(number)) for _ in range(2)])
            with cgutils.for_range(builder, args[5]) as loop:
                at = builder.add(builder.mul(loop.index, constant(PANEL)), row)
                x = [vectors.load(below, builder.add(at, constant(half * _ROWS // 2))) for half in range(2)]
                own = builder.add(args[1], builder.mul(loop.index, constant(TILE)))
                for unit in range(TILE):
                    number = builder.load(builder.gep(weight, [builder.add(own, constant(unit))]))
                    spread = vectors.spread(number)
                    for half in range(2):
                        vectors.add_product(sums[unit][half], spread, x[half])
            for unit in range(TILE):
                for half in range(2):
                    place = builder.add(builder.add(args[7], row), constant(unit * PANEL + half * _ROWS // 2))
                    vectors.store(vectors.read(sums[unit][half]), above, place)
        return context.get_dummy_value()

    return types.none(weights, types.int64, biases, types.int64, inputs, types.int64, outputs, types.int64), codegen


@internal
def panel_product(
    weights: FloatArray, biases: FloatArray, inputs: FloatArray, n_in: int, outputs: FloatArray, n_out: int
) -> None:
    """Fill in a panel of ``n_out`` units, and padding, from one of ``n_in`` units."""
    for tile in range(padded_at(n_out) // TILE):
        unit = tile * TILE
        _tile_product(weights, unit * n_in, biases, unit, inputs, n_in, outputs, unit * PANEL)


@intrinsic
def _silu(typingctx, values, slopes, n):  # type: ignore[no-untyped-def]
    """Apply x sigmoid(x) to the first n of values, whole panels, in place; fill in its derivative."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        vectors = Vectors(context, builder, _ROWS // 2)
        value, slope = (vectors.pointer(signature.args[i], args[i]) for i in range(2))
        one, minus = vectors.constant(1.0), vectors.constant(-1.0)
        zero, step = (ir.Constant(ir.IntType(64), number) for number in (0, _ROWS // 2))
        with cgutils.for_range_slice(builder, zero, args[2], step, inc=True) as (at, _):
            x = vectors.load(value, at)
            odds = vm.exp_of_vectors(vectors, vectors.clipped(vectors.product(x, minus), LARGEST))
            gate = vectors.quotient(one, vectors.sum(one, odds))
            activation = vectors.product(x, gate)
            vectors.store(activation, value, at)
            # the derivative is gate (1 + x (1 - gate))
            rest = vectors.plus_product(activation, vectors.product(activation, minus), gate)
            vectors.store(vectors.sum(gate, rest), slope, at)
        return context.get_dummy_value()

    return types.none(values, slopes, types.int64), codegen


@internal
def layers_forward(
    weights: FloatArray, biases: FloatArray, sizes: IntArray, work: FloatArray, slopes: FloatArray, outputs: FloatArray
) -> None:
    """A SiLU network over a panel.

    Args:
        weights: all weight matrices, packed, one after the other.
        biases: all biases, padded, one after the other.
        sizes: widths, input and output included.
        work: two panels of the widest layer, of which the first holds the inputs; overwritten.
        slopes: filled with the derivatives of each hidden layer's activations, padded, one layer after the other.
        outputs: filled, with padding.
    """
    at = bias = slope = 0
    half, here = len(work) // 2, 0
    for layer in range(len(sizes) - 1):
        n_in, n_out = sizes[layer], sizes[layer + 1]
        width = padded_at(n_out)
        last = layer == len(sizes) - 2
        below, above = work[here * half :], outputs if last else work[(1 - here) * half :]
        panel_product(weights[at:], biases[bias:], below, n_in, above, n_out)
        if not last:
            _silu(above, slopes[slope:], width * PANEL)
        at, bias, slope, here = at + n_in * width, bias + width, slope + width * PANEL, 1 - here


@internal
def layers_backward(
    transposed: FloatArray, nothing: FloatArray, sizes: IntArray, slopes: FloatArray, work: FloatArray,
    inputs: FloatArray,
) -> None:  # fmt: skip
    """Derivatives by the inputs of a panel.

    Args:
        transposed: transposes of all weight matrices, packed, from the last layer to the first.
        nothing: zeros, at least as many as the widest layer has units, padded.
        sizes: widths, input and output included.
        slopes: from ``layers_forward``.
        work: two panels of the widest layer, of which the first holds the derivatives by the outputs; overwritten.
        inputs: filled with the derivatives by the inputs, with padding.
    """
    at, slope, half, here = 0, len(slopes), len(work) // 2, 0
    for layer in range(len(sizes) - 2, -1, -1):
        n_in, n_out = sizes[layer], sizes[layer + 1]
        width = padded_at(n_in)
        above, below = work[here * half :], inputs if layer == 0 else work[(1 - here) * half :]
        panel_product(transposed[at:], nothing, above, n_out, below, n_in)
        if layer > 0:
            slope -= width * PANEL
            multiply(below[: n_in * PANEL], slopes[slope : slope + n_in * PANEL])
        at, here = at + n_out * width, 1 - here
