"""sbi's categorical network of one variable in compiled code: log masses of trials and their slopes, in one call.

The network is ``tangents.made``'s with its usual parts: theta standardised, residual blocks with rectified units. On
few rows torch's calls take longer than what they compute.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt
import torch
from nflows.nn.nde.made import MaskedLinear, MaskedResidualBlock
from numba.core import types
from numba.extending import intrinsic
from sbi.neural_nets.estimators import CategoricalMADE
from sbi.utils.sbiutils import Standardize
from torch import Tensor, nn

from hddm_sbi.compiled.compiling import announced, callable_from_python, internal, summing
from hddm_sbi.likelihoods.neural.evaluation.kinds import Kinds, Rows

Floats = npt.NDArray[Any]  # all of the network's dtype
Index = npt.NDArray[np.int64]


class Code:
    """A network's parameters where they are in memory, as ``log_mass`` takes them.

    Args:
        net: a network as sbi builds it by default, on the CPU.
    """

    def __init__(self, net: CategoricalMADE) -> None:
        self._places: list[tuple[dict[str, Any], str]] = []
        size, units = net.context_layer.in_features, net.context_layer.out_features
        embedding = [part for part in net.embedding_net.modules() if type(part) is Standardize]
        # kept, so that the network itself need not be
        self._unit = torch.stack([torch.zeros(size), torch.ones(size)]).to(net.context_layer.weight)
        self._fixed = [] if embedding else [each.data_ptr() for each in self._unit]
        for module in embedding:
            self._add(module, "_mean", "_std")
        self._add(net.context_layer, "weight", "bias")
        self._add(net.initial_layer, "bias")
        self._add(net.final_layer, "weight", "mask", "bias")
        for block in net.blocks:
            first, second = block.linear_layers
            self._add(first, "weight", "mask", "bias")
            self._add(block.context_layer, "weight", "bias")
            self._add(second, "weight", "mask", "bias")
        self._dropouts = [block.dropout for block in net.blocks]
        self._pointers = [place[name].data_ptr() for place, name in self._places]
        self._addresses = np.array(self._fixed + self._pointers)
        start: int = net.output_multiplier
        self._sizes = (units, net.final_layer.out_features - start, start)
        self._usual = all(self._is_usual(place[name]) for place, name in self._places) and all(
            place[name].numel() == size for place, name in self._places[: 2 * len(embedding)]
        )

    @classmethod
    def of(cls, net: CategoricalMADE) -> Code | None:
        """That of a network as sbi builds them; None for others."""
        embedding = [part for part in net.embedding_net.modules() if type(part) not in (nn.Sequential, nn.Identity)]
        if len(embedding) > 1 or any(type(part) is not Standardize for part in embedding):
            return None
        if not all(_is_usual(block) for block in net.blocks) or type(net.final_layer) is not MaskedLinear:
            return None
        code = cls(net)
        if not code._usual:
            return None
        with announced():  # compiled here, if it has to be
            code(torch.zeros(1, net.context_layer.in_features).to(code._unit), True, Rows.single(), np.zeros(1, int))
        return code

    def holds(self) -> bool:
        """Whether the parameters are where they were, and no units are left out at random."""
        for dropout in self._dropouts:
            if dropout.training and dropout.p > 0.0:
                return False
        return [place[name].data_ptr() for place, name in self._places] == self._pointers

    def __call__(self, theta: Tensor, with_slope: bool, rows: Rows, at: Index) -> tuple[Tensor, bool, Tensor]:
        """See ``log_mass``; theta may have any shape."""
        values = theta.numpy().reshape(rows.n_rows, -1)
        kinds = rows.last(theta)
        equal, found, finite, slope = self._run(values, with_slope, kinds, at)
        if not equal:  # what was equal before no longer is
            _, found, finite, slope = self._run(values, with_slope, rows.kinds(theta), at)
        return torch.from_numpy(found), finite, torch.from_numpy(slope)

    def _run(self, theta: Floats, with_slope: bool, kinds: Kinds, at: Index) -> tuple[bool, Floats, bool, Floats]:
        one, kind = kinds.arrays
        found: tuple[bool, Floats, bool, Floats] = log_mass(
            theta, one, kind, kinds.trial_array, at, with_slope, self._addresses, *self._sizes
        )
        return found

    def _add(self, module: nn.Module, *names: str) -> None:
        for name in names:
            self._places.append((module._parameters if name in module._parameters else module._buffers, name))

    def _is_usual(self, tensor: Tensor | None) -> bool:
        return (
            tensor is not None
            and tensor.is_contiguous()
            and tensor.dtype == self._unit.dtype
            and tensor.device.type == "cpu"
        )


def _is_usual(block: nn.Module) -> bool:
    return (
        type(block) is MaskedResidualBlock
        and not block.use_batch_norm
        and block.activation in (nn.functional.relu, torch.relu)
    )


@intrinsic
def _pointer(_: Any, address: Any, like: Any) -> Any:
    """An address as a pointer to numbers like those of an array."""
    kind = types.CPointer(like.dtype)  # type: ignore[attr-defined]

    def code(context: Any, builder: Any, _: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(kind))

    return kind(address, like), code


@internal
def _numbers(address: int, rows: int, columns: int, like: Floats) -> Floats:
    return nb.carray(_pointer(address, like), (rows, columns))


@summing
def _add_product(x: Floats, weight: Floats, mask: Floats, y: Floats) -> None:
    """Add to y, (parts, outputs), what a layer makes of x, (parts, inputs)."""
    turned = np.empty((weight.shape[1], weight.shape[0]), weight.dtype)
    for i in range(weight.shape[0]):
        for j in range(weight.shape[1]):
            turned[j, i] = weight[i, j] * mask[i, j]
    for part in range(len(x)):
        for j in range(x.shape[1]):
            if x[part, j] != 0:  # half the units are off
                for i in range(y.shape[1]):
                    y[part, i] += x[part, j] * turned[j, i]


@internal
def _shift(bias: Floats, kinds: int, y: Floats) -> None:
    for kind in range(kinds):
        for i in range(y.shape[1]):
            y[kind, i] += bias[i, 0]


@internal
def _rectify(x: Floats, kinds: int, units: Floats) -> None:
    """Copy to ``units`` those that are on, and the tangents of these."""
    for kind in range(kinds):
        for i in range(x.shape[1]):
            on = x[kind, i] > 0
            for part in range(kind, len(x), kinds):
                units[part, i] = x[part, i] if on else 0


@internal
def _equal_within_kinds(theta: Floats, one: Index, kind: Index) -> bool:
    for i in range(len(theta)):
        for j in range(theta.shape[1]):
            mine, its = theta[i, j], theta[one[kind[i]], j]
            if mine != its and (mine == mine or its == its):  # two NaN are one kind
                return False
    return True


@callable_from_python
def log_mass(
    theta: Floats,
    one: Index,
    row_kind: Index,
    kind: Index,
    at: Index,
    with_slope: bool,
    places: Index,
    units: int,
    values: int,
    masked_out: int,
) -> tuple[bool, Floats, bool, Floats]:
    """Log mass of each trial and its derivatives.

    Within, there is a row for each kind, and below all these as many for each element of theta: the derivatives by it.

    Args:
        theta: what the network is conditioned on, shape (rows, elements).
        one: index of one row of each kind, shape (kinds,).
        row_kind: kind of each row, shape (rows,).
        kind: kind of the row of each trial, shape (n,).
        at: which of the network's values each trial is, (n,).
        with_slope: whether derivatives are wanted.
        places: addresses of mean and scale of each element, weight and bias of the layer of conditions, bias of the
            layer of inputs (which are masked out), weight, mask and bias of the last layer, and of each block weight,
            mask and bias of the first layer, weight and bias of the condition's, weight, mask and bias of the second.
        units: number of units in each hidden layer.
        values: number of values that the network gives mass to.
        masked_out: outputs of the last layer before these.

    Returns:
        Whether rows of one kind are equal, and if so the log masses, (n,), whether all are finite, and derivatives,
        (n, elements).
    """
    n, size, kinds = len(kind), theta.shape[1], len(one)
    found = np.empty(n, theta.dtype)
    slope = np.empty((n, size if with_slope else 0), theta.dtype)
    if not _equal_within_kinds(theta, one, row_kind):
        return False, found, False, slope
    mean, scale = _numbers(places[0], size, 1, theta), _numbers(places[1], size, 1, theta)
    parts = kinds * (1 + slope.shape[1])
    condition = np.zeros((parts, size), theta.dtype)
    for k in range(kinds):
        for j in range(size):
            condition[k, j] = (theta[one[k], j] - mean[j, 0]) / scale[j, 0]
            if with_slope:
                condition[(1 + j) * kinds + k, j] = 1 / scale[j, 0]
    every = np.ones((units, size), theta.dtype)
    x, y = np.zeros((parts, units), theta.dtype), np.empty((parts, units), theta.dtype)
    _add_product(condition, _numbers(places[2], units, size, theta), every, x)
    _shift(_numbers(places[3], units, 1, theta), kinds, x)
    _shift(_numbers(places[4], units, 1, theta), kinds, x)
    active = np.empty_like(x)
    for b in range(8, len(places), 8):
        _rectify(x, kinds, active)
        y[:] = 0
        weight, mask = _numbers(places[b], units, units, theta), _numbers(places[b + 1], units, units, theta)
        _add_product(active, weight, mask, y)
        _shift(_numbers(places[b + 2], units, 1, theta), kinds, y)
        _add_product(condition, _numbers(places[b + 3], units, size, theta), every, y)
        _shift(_numbers(places[b + 4], units, 1, theta), kinds, y)
        _rectify(y, kinds, active)
        weight, mask = _numbers(places[b + 5], units, units, theta), _numbers(places[b + 6], units, units, theta)
        _add_product(active, weight, mask, x)
        _shift(_numbers(places[b + 7], units, 1, theta), kinds, x)
    outputs = masked_out + values
    logits = np.zeros((parts, values), theta.dtype)
    weight, mask = _numbers(places[5], outputs, units, theta), _numbers(places[6], outputs, units, theta)
    _add_product(x, weight[masked_out:], mask[masked_out:], logits)
    _shift(_numbers(places[7], outputs, 1, theta)[masked_out:], kinds, logits)
    _normalise(logits, kinds)
    finite = True
    for trial in range(n):
        found[trial] = logits[kind[trial], at[trial]]
        finite = finite and np.isfinite(found[trial])
        for j in range(slope.shape[1]):
            slope[trial, j] = logits[(1 + j) * kinds + kind[trial], at[trial]]
    return True, found, finite, slope


@internal
def _normalise(logits: Floats, kinds: int) -> None:
    """Logits to log masses, and their derivatives to those of log masses."""
    mass = np.empty(logits.shape[1], logits.dtype)
    for kind in range(kinds):
        top = logits[kind].max()
        for value in range(len(mass)):
            mass[value] = np.exp(logits[kind, value] - top)
        total = mass.sum()
        logits[kind] -= top + np.log(total)
        for part in range(kinds + kind, len(logits), kinds):
            mean = logits.dtype.type(0)
            for value in range(len(mass)):
                mean += mass[value] * logits[part, value]
            logits[part] -= mean / total
