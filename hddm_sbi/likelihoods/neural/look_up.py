"""What a tabulated network says of one view of a row, with slopes, for compiled code."""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from hddm_sbi.compiled.compiling import inlined, internal
from hddm_sbi.compiled.vectors import Vectors
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.neural import kernels
from hddm_sbi.likelihoods.neural.kernels import POSITIVE, UNIT
from hddm_sbi.likelihoods.neural.network_record import Form
from hddm_sbi.likelihoods.neural.table import BEND, LANES, REACH, Table


@inlined
def log_probability(log_odds: float) -> float:
    """The logarithm of a probability."""
    return min(log_odds, 0.0) - math.log1p(math.exp(-abs(log_odds)))


@internal
def _coordinate(value: float, support: int, low: float, high: float) -> tuple[float, float]:
    """The coordinate of a canonical parameter, and its derivative by it; see ``kernels.features``."""
    clipped, slope = kernels.clip_input(value, support, low, high)
    if support in (UNIT, POSITIVE):
        return clipped, slope
    t = clipped / BEND
    return kernels.asinh(t), slope / (BEND * math.sqrt(1.0 + t * t))


@internal
def _powers(u: float, weights: FloatArray) -> None:
    """Fill in the splines' values at the place u in a cell, and their derivatives, (2 * REACH,); see ``table``."""
    v = 1.0 - u
    uu, vv = u * u, v * v
    weights[0], weights[5] = vv * vv * v / 120.0, uu * uu * u / 120.0
    weights[1] = (26.0 + u * (-50.0 + u * (20.0 + u * (20.0 + u * (-20.0 + u * 5.0))))) / 120.0
    weights[2] = (66.0 + uu * (-60.0 + uu * (30.0 - u * 10.0))) / 120.0
    weights[3] = (26.0 + u * (50.0 + u * (20.0 + u * (-20.0 + u * (-20.0 + u * 10.0))))) / 120.0
    weights[4] = (1.0 + u * (5.0 + u * (10.0 + u * (10.0 + u * (5.0 - u * 5.0))))) / 120.0
    weights[6], weights[11] = -vv * vv / 24.0, uu * uu / 24.0
    weights[7] = (-10.0 + u * (8.0 + u * (12.0 + u * (-16.0 + u * 5.0)))) / 24.0
    weights[8] = u * (-24.0 + uu * (24.0 - u * 10.0)) / 24.0
    weights[9] = (10.0 + u * (8.0 + u * (-12.0 + u * (-16.0 + u * 10.0)))) / 24.0
    weights[10] = (1.0 + u * (4.0 + u * (6.0 + u * (4.0 - u * 5.0)))) / 24.0


@intrinsic
def _sum_splines(typingctx, coefficients, place, across, weights, out):  # type: ignore[no-untyped-def]
    """Fill in the outputs of the splines that reach into a cell, and their slopes by both coordinates.

    Args:
        coefficients: of the table, (places, width).
        place, across: the first of the cell's places, and the number of places along the second input.
        weights: of the splines along the first input, values and slopes, then those along the second.
        out: outputs, then their slopes by the first and by the second coordinate, (3 * width,).
    """

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        vectors = Vectors(context, builder, LANES)
        table = context.make_array(signature.args[0])(context, builder, args[0])
        width = builder.extract_value(table.shape, 1)
        weight = vectors.pointer(signature.args[3], args[3])
        target = vectors.pointer(signature.args[4], args[4])

        def constant(number: int) -> Any:
            return ir.Constant(ir.IntType(64), number)

        # values and slopes of the splines along the first input, then of those along the second
        spread = [vectors.spread(builder.load(builder.gep(weight, [constant(k)]))) for k in range(4 * REACH)]
        with cgutils.for_range_slice(builder, constant(0), width, constant(LANES), inc=True) as (lane, _):
            sums = [vectors.zero() for _ in range(3)]
            for i in range(REACH):
                row = builder.add(args[1], builder.mul(constant(i), args[2]))
                value = slope = None
                for k in range(REACH):
                    at = builder.add(builder.mul(builder.add(row, constant(k)), width), lane)
                    x, by_value, by_slope = vectors.load(table.data, at), spread[2 * REACH + k], spread[3 * REACH + k]
                    value = vectors.product(x, by_value) if k == 0 else vectors.plus_product(value, x, by_value)
                    slope = vectors.product(x, by_slope) if k == 0 else vectors.plus_product(slope, x, by_slope)
                vectors.add_product(sums[0], value, spread[i])
                vectors.add_product(sums[1], value, spread[REACH + i])
                vectors.add_product(sums[2], slope, spread[i])
            for part in range(3):
                at = builder.add(builder.mul(constant(part), width), lane)
                vectors.store(vectors.read(sums[part]), target, at)
        return context.get_dummy_value()

    return types.none(coefficients, types.int64, types.int64, weights, out), codegen


@internal
def look_up(view: FloatArray, form: Form, table: Table, weights: FloatArray, out: FloatArray) -> tuple[float, float]:
    """What the networks say of a view, and the derivatives by both coordinates; NaN where the parameters are NaN.

    Args:
        view: the canonical parameters as one choice sees them, (2,).
        form: what shapes the network.
        table: of the network.
        weights: working memory, (4 * REACH,).
        out: filled with outputs, log odds and padding, then their derivatives by each coordinate, (3 * width,).

    Returns:
        The derivatives of both coordinates by their canonical parameters.
    """
    across = table.n_cells[1] + REACH - 1
    first, first_slope = _coordinate(view[0], form.supports[0], form.edges[0, 0], form.edges[0, 1])
    second, second_slope = _coordinate(view[1], form.supports[1], form.edges[1, 0], form.edges[1, 1])
    first, second = (first - table.low[0]) * table.per_step[0], (second - table.low[1]) * table.per_step[1]
    row, column = kernels.interval_of(first, table.n_cells[0]), kernels.interval_of(second, table.n_cells[1])
    _powers(first - row, weights)
    _powers(second - column, weights[2 * REACH :])
    _sum_splines(table.coefficients, row * across + column, across, weights, out)
    return first_slope * table.per_step[0], second_slope * table.per_step[1]
