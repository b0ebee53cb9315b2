"""A model and its data as arrays: what compiled code needs to go from u to theta and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.structs import FLOATS, FLOATS2, INT, INTS, INTS2, reader, record_type
from hddm_sbi.inference.effect_arrays import effects_of
from hddm_sbi.inference.layout import Layout
from hddm_sbi.inference.potential.correlations import partial_shapes
from hddm_sbi.inference.potential.design_matrix import predictors
from hddm_sbi.inference.potential.priors import (
    EXTERNAL,
    N_NUMBERS,
    Encoded,
    ExternalPriors,
    encode,
    partial_correlation,
)
from hddm_sbi.likelihoods.driver.compiled_sum import CompiledSum
from hddm_sbi.spec.group_block import CorrelatedSet
from hddm_sbi.spec.model_spec import ModelSpec

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Plan(NamedTuple):
    """The model, then working memory with one row for each slot.

    Coordinates are places in u. Coefficients are the population's, then the groups' deviations b - beta.

    Args:
        own_at: coordinates that have a prior of their own.
        own_family, own_numbers: these priors, see ``priors.density``.
        own_external: place in ``external`` of those that torch evaluates.
        raw_at, raw_sd: coordinates of the raw coefficients of pooled groups, and of their standard deviations.
        raw_row, raw_before: where in ``factor`` the row of L that makes each deviation begins, -1 outside of correlated
            sets, and the number of effects of the set before its own, whose raw coefficients lie before its own in u.
        set_at, set_size, set_factor: correlated sets, once for each stratum: coordinate of the first partial
            correlation, number of effects, and where in ``factor`` L begins.
        apart_at, apart_beta: coordinates of groups' whole coefficients with priors of their own, and of the population
            value (ndim, where a zero stands, without one).
        indptr, column, weight: the matrix from coefficients to linear predictors, by compressed rows.
        link: code of the link of each predictor.
        low, span: lower end and length of the support that its logit refers to.
        source: place of theta's elements among the predictors' values and constants, (rows, parameters).
        width_at, width_start, width_relative: parameters that are widths of ranges of starting points, their starting
            points, and whether their values are proportions of the room there (1) or widths (0).
        offset: known part of each predictor.
        ndim, n_common, n_group: numbers of coordinates.
        sum_function, sum_record: addresses of a ``CompiledSum``; 0 where there is none.
        busy: which slots of working memory are in use.
        x: the sites' values, followed by a zero.
        slope: the derivative dx/du of each coordinate.
        by_own: derivative of the prior density by the sites' own coordinates.
        standard: of the coordinates ``raw_at``: the deviation in units of its standard deviation.
        factor, rest, by_factor: the correlated sets' L, see ``correlations``, and the derivatives by it.
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
    raw_at: IntArray
    raw_sd: IntArray
    raw_row: IntArray
    raw_before: IntArray
    set_at: IntArray
    set_size: IntArray
    set_factor: IntArray
    apart_at: IntArray
    apart_beta: IntArray
    indptr: IntArray
    column: IntArray
    weight: FloatArray
    link: IntArray
    low: FloatArray
    span: FloatArray
    offset: FloatArray
    source: IntArray
    width_at: IntArray
    width_start: IntArray
    width_relative: IntArray
    ndim: int
    n_common: int
    n_group: int
    sum_function: int
    sum_record: int
    busy: IntArray
    x: FloatArray
    slope: FloatArray
    by_own: FloatArray
    standard: FloatArray
    factor: FloatArray
    rest: FloatArray
    by_factor: FloatArray
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
    raw_at=INTS, raw_sd=INTS, raw_row=INTS, raw_before=INTS, set_at=INTS, set_size=INTS, set_factor=INTS,
    apart_at=INTS, apart_beta=INTS,
    indptr=INTS, column=INTS, weight=FLOATS, link=INTS, low=FLOATS, span=FLOATS, offset=FLOATS, source=INTS2,
    width_at=INTS, width_start=INTS, width_relative=INTS,
    ndim=INT, n_common=INT, n_group=INT, sum_function=INT, sum_record=INT, busy=INTS,
    x=FLOATS2, slope=FLOATS2, by_own=FLOATS2, standard=FLOATS2, factor=FLOATS2, rest=FLOATS2, by_factor=FLOATS2,
    coefficients=FLOATS2, by_coefficients=FLOATS2,
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
    own = [(at, site.prior) for site in layout.sites if site.prior is not None for at in site.coordinates]
    encoded = [encode(prior) for _, prior in own]
    unknown = [i for i, code in enumerate(encoded) if code is None]
    external = ExternalPriors([int(own[i][0]) for i in unknown], [own[i][1] for i in unknown])
    correlated = [pair for block in layout.blocks for one in block.sets for pair in _partials(one, layout)]
    own_at = [at for at, _ in own] + [at for at, _ in correlated]
    encoded += [code for _, code in correlated]
    numbers = np.zeros((len(encoded), N_NUMBERS))
    for row, code in zip(numbers, encoded, strict=True):
        if code is not None:
            row[: len(code.numbers)] = code.numbers
    own_external = np.full(len(encoded), -1)
    own_external[unknown] = np.arange(len(unknown))
    linear, effects = predictors(spec, layout), effects_of(layout)
    n_values, n_theta = len(linear.link) + len(linear.constants), linear.source.size

    def memory(size: int) -> FloatArray:
        return np.zeros((slots, size))

    values = memory(n_values)
    values[:, len(linear.link) :] = linear.constants
    return Plan(
        own_at=_ints(own_at),
        own_family=_ints(EXTERNAL if code is None else code.family for code in encoded),
        own_numbers=numbers,
        own_external=own_external.astype(np.int64),
        raw_at=effects.at,
        raw_sd=effects.sd,
        raw_row=effects.row,
        raw_before=effects.before,
        set_at=effects.set_at,
        set_size=effects.set_size,
        set_factor=effects.set_factor,
        apart_at=_join(layout.places(term).ravel() for term in layout.apart),
        apart_beta=_join(np.tile(layout.common_at(term), term.groups.n) for term in layout.apart),
        indptr=linear.matrix.indptr.astype(np.int64),
        column=linear.matrix.indices.astype(np.int64),
        weight=np.ascontiguousarray(linear.matrix.data, dtype=np.float64),
        link=linear.link,
        low=linear.low,
        span=linear.span,
        offset=linear.offset,
        source=np.ascontiguousarray(linear.source),
        width_at=_ints(width.at for width in spec.widths),
        width_start=_ints(width.start for width in spec.widths),
        width_relative=_ints(width in spec.proportions for width in spec.widths),
        ndim=layout.ndim,
        n_common=layout.n_common,
        n_group=layout.n_group,
        sum_function=0 if native is None else native.function,
        sum_record=0 if native is None else native.record,
        busy=np.zeros(slots, dtype=np.int64),
        x=memory(layout.ndim + 1),
        slope=memory(layout.ndim),
        by_own=memory(layout.ndim),
        standard=memory(len(effects.at)),
        factor=memory(effects.n_factor),
        rest=memory(effects.n_factor),
        by_factor=memory(effects.n_factor),
        coefficients=memory(layout.n_coefficients),
        by_coefficients=memory(layout.n_coefficients),
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


def _partials(one: CorrelatedSet, layout: Layout) -> Iterator[tuple[int, Encoded]]:
    """The coordinates of a set's partial correlations, with their priors."""
    shapes = partial_shapes(one.size, one.correlation.eta)
    for of_stratum in layout.correlations_at(one):
        for at, b in zip(of_stratum, shapes, strict=True):
            yield int(at), partial_correlation(float(b))
