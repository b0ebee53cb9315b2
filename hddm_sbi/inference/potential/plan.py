"""A model and its data as arrays: what compiled code needs to go from u to theta and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.structs import FLOATS, FLOATS2, INT, INTS, INTS2, reader, record_type
from hddm_sbi.inference.layout import Block, Layout
from hddm_sbi.inference.potential.design_matrix import predictors
from hddm_sbi.inference.potential.priors import EXTERNAL, N_NUMBERS, ExternalPriors, encode
from hddm_sbi.likelihoods.driver.compiled_sum import CompiledSum
from hddm_sbi.spec.model_spec import GroupTerm, ModelSpec

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Plan(NamedTuple):
    """The model, then working memory with one row for each slot.

    Coordinates are places in u. Coefficients are the population's, then the groups' deviations b - beta.

    Args:
        own_at: coordinates that have a prior of their own.
        own_family, own_numbers: these priors, see ``priors.density``.
        own_external: place in ``external`` of those that torch evaluates.
        around_at, around_beta, around_sd, around_w: raw ~ N(w beta, sd^w): coordinates of raw, beta (ndim, where a zero
            stands, without one) and sd, and the centring w.
        apart_at, apart_beta: coordinates of groups' whole coefficients with priors of their own, and of beta.
        indptr, column, weight: the matrix from coefficients to linear predictors, by compressed rows.
        link: code of the link of each predictor.
        low, span: lower end and length of the support that its logit refers to.
        source: place of theta's elements among the predictors' values and constants, (rows, parameters).
        width_at, width_start, width_relative: parameters that are widths of ranges of starting points, their starting
            points, and whether their values are proportions of the room there (1) or widths (0).
        ndim, n_common, n_raw: numbers of coordinates.
        sum_function, sum_record: addresses of a ``CompiledSum``; 0 where there is none.
        busy: which slots of working memory are in use.
        x: the sites' values, followed by a zero.
        slope: the derivative dx/du of each coordinate.
        by_own: derivative of the prior density by the sites' own coordinates.
        log_sd, z: of the coordinates ``around_at``: log standard deviation, and raw, standardised.
        coefficients, by_coefficients: coefficients, and the derivatives of the log likelihood by them.
        values, by_values: values of the predictors on the natural scale and the constants, and derivatives by them.
        theta, by_theta: parameters of each design row and derivatives by them, shape (rows, parameters).
        by_x: derivative by the sites' values.
        external: x, slope, log density and its derivative, of coordinates that torch evaluates.
    """

    own_at: IntArray
    own_family: IntArray
    own_numbers: FloatArray
    own_external: IntArray
    around_at: IntArray
    around_beta: IntArray
    around_sd: IntArray
    around_w: FloatArray
    apart_at: IntArray
    apart_beta: IntArray
    indptr: IntArray
    column: IntArray
    weight: FloatArray
    link: IntArray
    low: FloatArray
    span: FloatArray
    source: IntArray
    width_at: IntArray
    width_start: IntArray
    width_relative: IntArray
    ndim: int
    n_common: int
    n_raw: int
    sum_function: int
    sum_record: int
    busy: IntArray
    x: FloatArray
    slope: FloatArray
    by_own: FloatArray
    log_sd: FloatArray
    z: FloatArray
    coefficients: FloatArray
    by_coefficients: FloatArray
    values: FloatArray
    by_values: FloatArray
    theta: FloatArray
    by_theta: FloatArray
    by_x: FloatArray
    external: FloatArray

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of theta, (rows, parameters)."""
        return self.source.shape[0], self.source.shape[1]


PLAN = record_type(
    Plan,
    own_at=INTS, own_family=INTS, own_numbers=FLOATS2, own_external=INTS,
    around_at=INTS, around_beta=INTS, around_sd=INTS, around_w=FLOATS, apart_at=INTS, apart_beta=INTS,
    indptr=INTS, column=INTS, weight=FLOATS, link=INTS, low=FLOATS, span=FLOATS, source=INTS2,
    width_at=INTS, width_start=INTS, width_relative=INTS,
    ndim=INT, n_common=INT, n_raw=INT, sum_function=INT, sum_record=INT, busy=INTS,
    x=FLOATS2, slope=FLOATS2, by_own=FLOATS2, log_sd=FLOATS2, z=FLOATS2, coefficients=FLOATS2, by_coefficients=FLOATS2,
    values=FLOATS2, by_values=FLOATS2, theta=FLOATS2, by_theta=FLOATS2, by_x=FLOATS2, external=FLOATS2,
)  # fmt: skip
read_plan = reader(PLAN)


def make_plan(spec: ModelSpec, layout: Layout, native: CompiledSum | None, slots: int) -> tuple[Plan, ExternalPriors]:
    """The plan of a model, and its priors that torch has to evaluate.

    Args:
        spec: the model's structure.
        layout: where the sites of ``spec`` stand in u.
        native: the log likelihood as a C function; None where it is not compiled.
        slots: threads that may evaluate the model at a time.
    """
    own = [(at, block.prior) for block in layout.blocks if block.prior is not None for at in block.coordinates]
    encoded = [encode(prior) for _, prior in own]
    unknown = [i for i, code in enumerate(encoded) if code is None]
    external = ExternalPriors([int(own[i][0]) for i in unknown], [own[i][1] for i in unknown])
    numbers = np.zeros((len(own), N_NUMBERS))
    for row, code in zip(numbers, encoded, strict=True):
        if code is not None:
            row[: len(code.numbers)] = code.numbers
    own_external = np.full(len(own), -1)
    own_external[unknown] = np.arange(len(unknown))
    around = [b for b in layout.blocks if b.kind == "raw" and b.prior is None]
    apart = [b for b in layout.blocks if b.kind == "raw" and b.prior is not None]
    linear = predictors(spec, layout)
    n_values, n_around = len(linear.link) + len(linear.constants), sum(b.size for b in around)
    n_coefficients, n_theta = layout.n_common + layout.n_raw, linear.source.size

    def memory(size: int) -> FloatArray:
        return np.zeros((slots, size))

    values = memory(n_values)
    values[:, len(linear.link) :] = linear.constants
    return Plan(
        own_at=_ints(at for at, _ in own),
        own_family=_ints(EXTERNAL if code is None else code.family for code in encoded),
        own_numbers=numbers,
        own_external=own_external.astype(np.int64),
        around_at=_join(b.coordinates for b in around),
        around_beta=_join(_beta_of(b, layout) for b in around),
        around_sd=_join(_sd_of(b, layout) for b in around),
        around_w=np.concatenate([np.zeros(0), *(_group(b).centring.ravel() for b in around)]).astype(np.float64),
        apart_at=_join(b.coordinates for b in apart),
        apart_beta=_join(_beta_of(b, layout) for b in apart),
        indptr=linear.matrix.indptr.astype(np.int64),
        column=linear.matrix.indices.astype(np.int64),
        weight=np.ascontiguousarray(linear.matrix.data, dtype=np.float64),
        link=linear.link,
        low=linear.low,
        span=linear.span,
        source=np.ascontiguousarray(linear.source),
        width_at=_ints(width.at for width in spec.widths),
        width_start=_ints(width.start for width in spec.widths),
        width_relative=_ints(width in spec.proportions for width in spec.widths),
        ndim=layout.ndim,
        n_common=layout.n_common,
        n_raw=layout.n_raw,
        sum_function=0 if native is None else native.function,
        sum_record=0 if native is None else native.record,
        busy=np.zeros(slots, dtype=np.int64),
        x=memory(layout.ndim + 1),
        slope=memory(layout.ndim),
        by_own=memory(layout.ndim),
        log_sd=memory(n_around),
        z=memory(n_around),
        coefficients=memory(n_coefficients),
        by_coefficients=memory(n_coefficients),
        values=values,
        by_values=memory(n_values),
        theta=memory(n_theta),
        by_theta=memory(n_theta),
        by_x=memory(layout.ndim + 1),
        external=memory(4 * len(unknown)),
    ), external


def _ints(values: Iterable[int]) -> IntArray:
    return np.array(list(values), dtype=np.int64)


def _join(parts: Iterable[IntArray]) -> IntArray:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts]).astype(np.int64)


def _group(block: Block) -> GroupTerm:
    assert isinstance(block.term, GroupTerm)
    return block.term


def _beta_of(block: Block, layout: Layout) -> IntArray:
    """Coordinate of the population value of each raw coefficient; ndim, where a zero stands, without one."""
    term = _group(block)
    at = np.full(term.matrix.shape[1], layout.ndim)
    if term.common is not None:
        at = layout.block(term.common).coordinates
    return np.tile(at, len(term.groups))


def _sd_of(block: Block, layout: Layout) -> IntArray:
    term = _group(block)
    return np.tile(layout.block(f"{term.site}_sd").coordinates, len(term.groups))
