"""Networks of two inputs as a table: a tensor product of quintic B-splines in place of products of matrices.

What such a network says of a choice is a smooth function of the two canonical parameters as the choice sees them. The
coefficients of a spline that equals it on a grid are kept; between, it follows the network to within ``TOLERANCE``. A
value and both its slopes then cost a few hundredths of a pass through the layers, forward and back (de Boor 2001, A
Practical Guide to Splines, chapter XVII).
"""

from __future__ import annotations

import copy
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from hddm_sbi.compiled.structs import FLOATS, FLOATS2, INT, INTS, record_type
from hddm_sbi.likelihoods.neural.canonical import MARGIN
from hddm_sbi.likelihoods.neural.kernels import POSITIVE, UNIT
from hddm_sbi.likelihoods.neural.network import FirstPassageNetwork
from hddm_sbi.likelihoods.neural.network_record import Form

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Cells of the grid along each input, and the largest error of an output in the middle of a cell, where it is largest,
# with which the table takes the place of the networks.
CELLS, TOLERANCE = (160, 96), 3e-8
# The coordinate of a real input is asinh of it over this: networks change faster around 0.
BEND = 2.0
# Outputs are padded to a multiple of this, so that loops over them fill vector registers.
LANES = 8
# Splines that reach into a cell, along each input: they are piecewise of degree 5.
REACH = 6
# The clip of an input is inverted up to this many margins beyond its edge, where it is flat to double precision.
_FLAT = 18.0
# The polynomials of these splines on a cell, by power of the place u in it from 0 to 1, times 120.
_POWERS = np.array(
    [
        [1, -5, 10, -10, 5, -1],
        [26, -50, 20, 20, -20, 5],
        [66, 0, -60, 0, 30, -10],
        [26, 50, 20, -20, -20, 10],
        [1, 5, 10, 10, 5, -5],
        [0, 0, 0, 0, 0, 1],
    ]
)


class Table(NamedTuple):
    """A spline over two coordinates, of all outputs.

    Args:
        coefficients: of the outputs, padded, for each place on the grid, along the second input faster, (places,
            width).
        low, per_step: the grid's first point and its cells in a unit, by input, (2,).
        n_cells: cells along each input, (2,).
        n_outputs: outputs of the time network; the log odds of the choice come after them.
        width: outputs with log odds and padding.
    """

    coefficients: FloatArray
    low: FloatArray
    per_step: FloatArray
    n_cells: IntArray
    n_outputs: int
    width: int


TABLE = record_type(
    Table, coefficients=FLOATS2, low=FLOATS, per_step=FLOATS, n_cells=INTS, n_outputs=INT, width=INT
)  # fmt: skip


class _Axis(NamedTuple):
    """The grid along one input: the ends of its coordinate, and the number of cells."""

    low: float
    high: float
    n_cells: int

    @property
    def step(self) -> float:
        return (self.high - self.low) / self.n_cells

    @property
    def sites(self) -> FloatArray:
        """Where the spline equals the network: the grid, and the middle of two cells at each end."""
        whole = np.arange(self.n_cells + 1.0)
        places = np.sort(np.concatenate([whole, [0.5, 1.5], self.n_cells - np.array([0.5, 1.5])]))
        return self.low + self.step * places

    @property
    def middles(self) -> FloatArray:
        """The middle of each cell."""
        return self.low + self.step * np.arange(0.5, self.n_cells)

    def weights(self, coordinate: FloatArray) -> FloatArray:
        """The value of each spline, shape (points, splines)."""
        position = (coordinate - self.low) / self.step
        cell = np.clip(np.floor(position).astype(np.int64), 0, self.n_cells - 1)
        values = (position - cell)[:, None] ** np.arange(REACH) @ (_POWERS.T / 120.0)
        weights = np.zeros((len(position), self.n_cells + REACH - 1))
        np.put_along_axis(weights, cell[:, None] + np.arange(REACH), values, axis=1)
        return weights


def tabulated(network: FirstPassageNetwork, form: Form) -> Table | None:
    """The table of a network; None where it would have other than two inputs, or not be close."""
    if len(form.inputs) != 2 or not form.mirrored or form.tilted:
        return None
    network = copy.deepcopy(network).double()
    axes = [_axis(form, j, n_cells) for j, n_cells in enumerate(CELLS)]
    values = _outputs(network, form, axes[0].sites, axes[1].sites)
    inverse: list[FloatArray] = [np.linalg.inv(axis.weights(axis.sites)).astype(np.float64) for axis in axes]
    coefficients = _along_both(inverse, values)
    weights = [axis.weights(axis.middles) for axis in axes]
    error = _along_both(weights, coefficients) - _outputs(network, form, axes[0].middles, axes[1].middles)
    if not np.abs(error).max() <= TOLERANCE:
        return None
    n = values.shape[2]
    width = -(-n // LANES) * LANES
    return Table(
        coefficients=np.pad(coefficients, ((0, 0), (0, 0), (0, width - n))).reshape(-1, width),
        low=np.array([axis.low for axis in axes]),
        per_step=np.array([1.0 / axis.step for axis in axes]),
        n_cells=np.array([axis.n_cells for axis in axes], dtype=np.int64),
        n_outputs=n - 1,
        width=width,
    )


def _along_both(weights: list[FloatArray], values: FloatArray) -> FloatArray:
    """Sums of values (first, second, outputs) with weights along the first and the second axis."""
    first = np.tensordot(weights[0], values, 1)
    return np.ascontiguousarray(np.einsum("jk,iko->ijo", weights[1], first, optimize=True))


def _axis(form: Form, j: int, n_cells: int) -> _Axis:
    low, high = (float(edge) for edge in form.edges[j, :2])
    beyond = 0.5 * MARGIN * (high - low)
    ends = np.array([low - beyond, high + beyond])
    if form.supports[j] not in (UNIT, POSITIVE):
        ends = np.arcsinh(ends / BEND)
    return _Axis(ends[0], ends[1], n_cells)


def _inputs(form: Form, j: int, coordinate: FloatArray) -> FloatArray:
    """The canonical parameters with these coordinates."""
    clipped = coordinate if form.supports[j] in (UNIT, POSITIVE) else BEND * np.sinh(coordinate)
    low, high = (float(edge) for edge in form.edges[j, :2])
    t = (2.0 * clipped - (low + high)) / (high - low)
    bend = np.clip((np.abs(t) - 1.0) / MARGIN, 0.0, np.tanh(_FLAT))
    inside = np.minimum(np.abs(t), 1.0) + MARGIN * np.arctanh(bend)
    value = 0.5 * (low + high) + 0.5 * (high - low) * np.sign(t) * inside
    if form.supports[j] == UNIT:
        return 1.0 / (1.0 + np.exp(-value))
    return np.exp(value) if form.supports[j] == POSITIVE else value


def _outputs(network: FirstPassageNetwork, form: Form, first: FloatArray, second: FloatArray) -> FloatArray:
    """What the networks say of choice 0 at each pair of coordinates, then its log odds, (first, second, n)."""
    one, other = np.meshgrid(_inputs(form, 0, first), _inputs(form, 1, second), indexing="ij")
    canonical = torch.from_numpy(np.stack([one, other], -1))
    with torch.no_grad():
        views = network.canonical.views(canonical)
        log_choice = network.log_choice(views)
        raw = network.time_outputs(views[..., 0, :])
        return torch.cat([raw, (log_choice[..., 0] - log_choice[..., 1]).unsqueeze(-1)], -1).numpy()
