"""A first-passage network as compiled code reads it: its weights, and what shapes it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from torch import nn

from hddm_sbi.compiled.arrays import aligned
from hddm_sbi.compiled.structs import BOOLS, FLOAT, FLOATS, FLOATS2, INT, INTS, record_type
from hddm_sbi.likelihoods.neural import kernels
from hddm_sbi.likelihoods.neural.flow import PAD, Knots
from hddm_sbi.likelihoods.neural.network import FirstPassageNetwork
from hddm_sbi.likelihoods.neural.panels import PANEL, pack, padded
from hddm_sbi.likelihoods.neural.time_change import CODES

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# Rows whose networks are evaluated together: their activations fit the second-level cache.
CHUNK = 64
_CODES = {"real": kernels.REAL, "positive": kernels.POSITIVE, "unit": kernels.UNIT}


class Mlp(NamedTuple):
    """A network, then working memory with one row for each slot.

    Args:
        weights, transposed, biases, nothing, sizes: see ``panels``.
        n_slopes: how many slopes a panel has.
        inputs, outputs: of each panel, padded; in the pass back the derivatives by them.
        slopes, work: see ``panels``.
        features: of one view.
        by_view: derivatives of the features of each row by the canonical parameters; see ``kernels.features``.
    """

    weights: FloatArray
    transposed: FloatArray
    biases: FloatArray
    nothing: FloatArray
    sizes: IntArray
    n_slopes: int
    inputs: FloatArray
    outputs: FloatArray
    slopes: FloatArray
    work: FloatArray
    features: FloatArray
    by_view: FloatArray


class Form(NamedTuple):
    """``Canonical``, ``Knots`` and what else shapes the network; indices are -1 where there is none.

    ``inputs`` to ``never`` are by canonical parameter, ``length`` to ``within`` by parameter; ``drift``, ``start``,
    ``proportion``, ``first`` and ``second`` are places among the canonical parameters. ``areas`` has what each
    coefficient of the spline adds to the height at the left end of each interval, (intervals, coefficients).
    """

    inputs: IntArray
    mirror: IntArray
    supports: IntArray
    edges: FloatArray
    even: BoolArray
    never: BoolArray
    length: FloatArray
    time: FloatArray
    angle: BoolArray
    low: FloatArray
    span: FloatArray
    within: IntArray
    shift: int
    window: int
    scale: int
    time_parameter: int
    time_power: float
    drift: int
    start: int
    proportion: int
    collapse: int
    first: int
    second: int
    n_choices: int
    mirrored: int
    tilted: int
    n_intervals: int
    centre: int
    left: float
    spacing: float
    log_time_scale: float
    areas: FloatArray


MLP = record_type(
    Mlp, weights=FLOATS, transposed=FLOATS, biases=FLOATS, nothing=FLOATS, sizes=INTS, n_slopes=INT, inputs=FLOATS2,
    outputs=FLOATS2, slopes=FLOATS2, work=FLOATS2, features=FLOATS2, by_view=FLOATS2,
)  # fmt: skip
FORM = record_type(
    Form, inputs=INTS, mirror=INTS, supports=INTS, edges=FLOATS2, even=BOOLS, never=BOOLS,
    length=FLOATS, time=FLOATS, angle=BOOLS, low=FLOATS, span=FLOATS, within=INTS,
    shift=INT, window=INT, scale=INT, time_parameter=INT, time_power=FLOAT, drift=INT, start=INT, proportion=INT,
    collapse=INT, first=INT, second=INT, n_choices=INT, mirrored=INT, tilted=INT, n_intervals=INT, centre=INT,
    left=FLOAT, spacing=FLOAT, log_time_scale=FLOAT, areas=FLOATS2,
)  # fmt: skip


def form_of(network: FirstPassageNetwork) -> Form:
    """Symmetries, features and knots of a network as arrays and numbers."""
    canonical, knots = network.canonical, network.knots
    rules = {"": 0, "negate": 1, "complement": 2}
    even = np.array([canonical.even[i] for i in canonical.inputs], dtype=np.bool_)
    narrowed = [j for j, i in enumerate(canonical.inputs) if canonical.within[i] is not None]
    collapsing = [canonical.inputs.index(i) for i in canonical.collapsing] + [-1, -1]
    drift, start = -1, -1
    if canonical.diffusion is not None:
        drift, start = (canonical.inputs.index(i) for i in canonical.diffusion)
    return Form(
        inputs=np.array(canonical.inputs, dtype=np.int64),
        mirror=np.array([rules[canonical.mirror[i]] for i in canonical.inputs], dtype=np.int64),
        supports=np.array([_CODES[canonical.supports[i]] for i in canonical.inputs], dtype=np.int64),
        edges=np.array(
            [kernels.edges_of(*canonical.clip_edges(i), _CODES[canonical.supports[i]]) for i in canonical.inputs]
        ),
        even=even,
        never=np.zeros_like(even),
        length=np.array(canonical.length, dtype=np.float64),
        time=np.array(canonical.time, dtype=np.float64),
        angle=np.array(canonical.angle, dtype=np.bool_),
        low=np.array([low for low, _ in canonical.ends], dtype=np.float64),
        span=np.array([span for _, span in canonical.ends], dtype=np.float64),
        within=np.array([_index(i) for i in canonical.within], dtype=np.int64),
        shift=_index(canonical.shift),
        window=_index(canonical.window),
        scale=_index(canonical.scale),
        time_parameter=_index(canonical.time_parameter),
        time_power=2.0 if canonical.time_power is None else canonical.time_power,
        drift=drift,
        start=start,
        proportion=narrowed[0] if narrowed and drift >= 0 else -1,
        collapse=CODES[canonical.collapse],
        first=collapsing[0],
        second=collapsing[1],
        n_choices=canonical.n_choices,
        mirrored=int(canonical.mirrored),
        tilted=int(network.tilted),
        n_intervals=knots.n_intervals,
        centre=knots.centre,
        left=knots.left,
        spacing=knots.spacing,
        log_time_scale=float(network.log_time_scale),
        areas=_areas(knots),
    )


def _areas(knots: Knots) -> FloatArray:
    """What each coefficient of the spline adds to the height at the left end of each interval."""
    coefficient = np.clip(np.arange(knots.n_intervals)[:, None] + np.arange(4) - PAD, 0, knots.n_coefficients - 1)
    areas = np.zeros((knots.n_intervals + 1, knots.n_coefficients))
    for j, share in enumerate(np.array([1.0, 11.0, 11.0, 1.0]) / 24.0):  # of a cubic B-spline's area, by interval
        np.add.at(areas, (np.arange(1, knots.n_intervals + 1), coefficient[:, j]), knots.spacing * share)
    heights = np.cumsum(areas, axis=0)[:-1]
    return np.ascontiguousarray(heights - heights[knots.centre])


def _index(i: int | None) -> int:
    return -1 if i is None else i


class Layers(NamedTuple):
    """A network's weights: a matrix (n_in, n_out) and a bias for each layer, in double precision."""

    matrices: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]

    @property
    def sizes(self) -> IntArray:
        """Widths, input and output included."""
        return np.array([len(self.matrices[0]), *(len(bias) for bias in self.biases)], dtype=np.int64)

    @property
    def forward(self) -> tuple[FloatArray, FloatArray, IntArray]:
        """What a pass forward with tangents needs: matrices and biases one after the other, flat, and widths."""
        return np.concatenate([matrix.ravel() for matrix in self.matrices]), np.concatenate(self.biases), self.sizes


def layers_of(net: nn.Sequential) -> Layers:
    """The weights of a network, copied."""
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]
    return Layers(
        tuple(np.ascontiguousarray(layer.weight.detach().double().numpy().T) for layer in linear),
        tuple(layer.bias.detach().double().numpy().copy() for layer in linear),
    )


def mlp_of(layers: Layers, rows: int, n_slopes_of_features: int, slots: int) -> Mlp:
    """A network with working memory for so many rows.

    Args:
        layers: the weights.
        rows: inputs at a time, at most.
        n_slopes_of_features: of a row.
        slots: threads that may use it at a time.
    """
    sizes, n_panels = layers.sizes, -(-rows // PANEL)
    widths = [padded(int(size)) for size in sizes]
    n_slopes = PANEL * sum(widths[1:-1])
    return Mlp(
        weights=_aligned(np.concatenate([pack(matrix) for matrix in layers.matrices])),
        transposed=_aligned(np.concatenate([pack(matrix.T) for matrix in reversed(layers.matrices)])),
        biases=np.concatenate([np.pad(bias, (0, padded(len(bias)) - len(bias))) for bias in layers.biases]),
        nothing=np.zeros(max(widths)),
        sizes=sizes,
        n_slopes=n_slopes,
        inputs=aligned(slots, n_panels * PANEL * widths[0]),
        outputs=aligned(slots, n_panels * PANEL * widths[-1]),
        slopes=aligned(slots, n_panels * n_slopes),
        work=aligned(slots, 2 * PANEL * max(widths)),
        features=np.zeros((slots, int(sizes[0]))),
        by_view=np.zeros((slots, rows * n_slopes_of_features)),
    )


def _aligned(values: FloatArray) -> FloatArray:
    copy = aligned(len(values))
    copy[:] = values
    return copy
