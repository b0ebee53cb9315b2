"""sbi's categorical network of one variable in compiled code: what it says of a trial, and the slopes, in two calls.

The network is ``tangents.made``'s with its usual parts: theta standardised, residual blocks with rectified units. Calls
take longer than what they compute there, too, so there are two: to the last hidden layer, and from the logits on.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt
from numba.core import types
from numba.extending import intrinsic

from hddm_sbi.likelihoods.native.compiling import callable_from_python, internal

Floats = npt.NDArray[Any]  # all of the network's dtype
Index = npt.NDArray[np.int64]


@intrinsic
def _pointer(_: Any, address: Any, like: Any) -> Any:
    """An address as a pointer to numbers like those of an array."""
    kind = types.CPointer(like.dtype)  # type: ignore[attr-defined]

    def code(context: Any, builder: Any, _: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(kind))

    return kind(address, like), code


@internal
def _rectify(x: Floats, rows: int, units: Floats) -> None:
    """Copy to ``units`` the units that are on, and the tangents of these."""
    for i in range(rows):
        for j in range(x.shape[1]):
            on = x[i, j] > 0
            for part in range(i, len(x), rows):
                units[part, j] = x[part, j] if on else 0


@internal
def _shift(x: Floats, rows: int, bias: Floats) -> None:
    for i in range(rows):
        for j in range(x.shape[1]):
            x[i, j] += bias[j]


@callable_from_python
def hidden(
    theta: Floats, one: Index, kind: Index, with_slope: bool, places: Index, units: int, outputs: int, masked_out: int
) -> tuple[bool, Floats, Floats, Floats]:
    """The last hidden layer for each kind of row, and the slopes of the logits.

    Args:
        theta: (rows, elements).
        one: a row of each kind, (kinds,).
        kind: of each row, (rows,).
        with_slope: whether slopes are wanted.
        places: addresses of mean and scale of each element, weight and bias of the layer of conditions, bias of the
            layer of inputs (which are masked out), weight and mask of the last layer, and of each block weight, mask
            and bias of the first layer, weight and bias of the condition's, weight, mask and bias of the second layer.
        units: of each hidden layer.
        outputs: of the network.
        masked_out: outputs of the last layer before these.

    Returns:
        Whether rows of one kind are equal, and if so the last hidden layer (kinds, units), the weights that lead from
        there to the logits (outputs, units), and the slopes of these by each element of theta, one element below the
        other, (elements * kinds, outputs).
    """
    size, rows = theta.shape[1], len(one)
    nothing = np.empty((0, 0), theta.dtype)
    for i in range(len(theta)):
        for j in range(size):
            mine, its = theta[i, j], theta[one[kind[i]], j]
            if mine != its and (mine == mine or its == its):  # two NaN are one kind
                return False, nothing, nothing, nothing
    mean, scale = nb.carray(_pointer(places[0], theta), size), nb.carray(_pointer(places[1], theta), size)
    condition = np.zeros((((1 + size) if with_slope else 1) * rows, size), theta.dtype)
    for j in range(size):
        for i in range(rows):
            condition[i, j] = (theta[one[i], j] - mean[j]) / scale[j]
            if with_slope:
                condition[(1 + j) * rows + i, j] = 1 / scale[j]
    x = np.dot(condition, nb.carray(_pointer(places[2], theta), (units, size)).T)
    _shift(x, rows, nb.carray(_pointer(places[3], theta), units))
    _shift(x, rows, nb.carray(_pointer(places[4], theta), units))
    square, active = (units, units), np.empty_like(x)
    for at in range(7, len(places), 8):
        _rectify(x, rows, active)
        weight = nb.carray(_pointer(places[at], theta), square) * nb.carray(_pointer(places[at + 1], theta), square)
        y = np.dot(active, weight.T)
        y += np.dot(condition, nb.carray(_pointer(places[at + 3], theta), (units, size)).T)
        _shift(y, rows, nb.carray(_pointer(places[at + 2], theta), units))
        _shift(y, rows, nb.carray(_pointer(places[at + 4], theta), units))
        _rectify(y, rows, active)
        weight = nb.carray(_pointer(places[at + 5], theta), square) * nb.carray(_pointer(places[at + 6], theta), square)
        x += np.dot(active, weight.T)
        _shift(x, rows, nb.carray(_pointer(places[at + 7], theta), units))
    last = (masked_out + outputs, units)
    used = (
        nb.carray(_pointer(places[5], theta), last)[masked_out:]
        * nb.carray(_pointer(places[6], theta), last)[masked_out:]
    )
    return True, x[:rows], used, np.dot(x[rows:], used.T)


@callable_from_python
def at_trials(logits: Floats, slopes: Floats, kind: Index, index: Index) -> tuple[Floats, Floats]:
    """Log mass of each trial and its derivatives.

    Args:
        logits: (kinds, values).
        slopes: their derivatives by an element of theta, one element below the other, (elements * kinds, values).
        kind: of each trial, (n,).
        index: value of each trial, (n,).

    Returns:
        (n,) and (n, elements).
    """
    rows, values = logits.shape
    size = len(slopes) // rows
    log_total = np.empty(rows, logits.dtype)
    mean = np.zeros(len(slopes), logits.dtype)
    mass = np.empty(values, logits.dtype)
    for i in range(rows):
        top = logits[i].max()
        for value in range(values):
            mass[value] = np.exp(logits[i, value] - top)
        total = mass.sum()
        log_total[i] = top + np.log(total)
        for part in range(i, len(slopes), rows):
            for value in range(values):
                mean[part] += mass[value] * slopes[part, value]
            mean[part] /= total
    log_mass = np.empty(len(kind), logits.dtype)
    slope = np.empty((len(kind), size), logits.dtype)
    for trial in range(len(kind)):
        row, value = kind[trial], index[trial]
        log_mass[trial] = logits[row, value] - log_total[row]
        for j in range(size):
            slope[trial, j] = slopes[j * rows + row, value] - mean[j * rows + row]
    return log_mass, slope
