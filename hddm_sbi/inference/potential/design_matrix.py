"""From coefficients to linear predictors: the design matrix, and its rows that differ."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from hddm_sbi.inference.layout import Layout
from hddm_sbi.spec.links import LINK_NAMES
from hddm_sbi.spec.model_spec import CommonTerm, GroupTerm, ModelSpec, ParameterSpec

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Predictors(NamedTuple):
    """The linear predictors that differ, and where theta takes its values from.

    Args:
        matrix: from coefficients (population, then deviations) to predictors, shape (predictors, coefficients).
        link: link of each predictor, by its place in ``LINK_NAMES``.
        low, span: lower end and length of the support that a logit refers to.
        offset: what each predictor has beside its terms.
        constants: values of the parameters that are fixed, on the natural scale.
        source: of each element of theta, (rows, parameters): its place among the predictors' values, followed by the
            constants. A width then still has to be multiplied by its room.
    """

    matrix: sparse.csr_array
    link: IntArray
    low: FloatArray
    span: FloatArray
    offset: FloatArray
    constants: FloatArray
    source: IntArray


def predictors(spec: ModelSpec, layout: Layout) -> Predictors:
    """Each parameter's linear predictor, once for the design rows on which it is the same.

    A parameter without group or covariate has a single one; one that varies by participant only has one for each.
    """
    shape = (spec.n_rows, len(spec.parameters))
    source = np.empty(shape, dtype=np.int64)
    blocks: list[sparse.csr_array] = []
    links: list[int] = []
    ends: list[tuple[float, float]] = []
    offsets: list[FloatArray] = []
    for k, parameter in enumerate(spec.parameters):
        if parameter.fixed is None:
            first, which = _distinct_rows(parameter, spec.n_rows)
            source[:, k] = len(links) + which
            blocks.append(_parameter_matrix(parameter, layout, first))
            links += [LINK_NAMES.index(parameter.link)] * len(first)
            ends += [parameter.ends] * len(first)
            offsets.append(np.zeros(len(first)) if parameter.offset is None else parameter.offset[first])
    constants: list[float] = []
    for k, parameter in enumerate(spec.parameters):
        if parameter.fixed is not None:
            source[:, k] = len(links) + len(constants)
            constants.append(parameter.fixed)
    matrix = sparse.vstack(blocks, format="csr") if blocks else sparse.csr_array((0, layout.n_coefficients))
    low, high = np.array(ends, dtype=np.float64).reshape(-1, 2).T
    link = np.array(links, dtype=np.int64)
    offset = np.concatenate([np.zeros(0), *offsets])
    return Predictors(matrix, link, low.copy(), high - low, offset, np.array(constants, dtype=np.float64), source)


def design_matrix(spec: ModelSpec, layout: Layout) -> sparse.csr_array:
    """The matrix from coefficients (population, then deviations) to linear predictors, parameter by parameter.

    Shape (free parameters x rows, population and raw coefficients).
    """
    every = np.arange(spec.n_rows)
    blocks = [_parameter_matrix(parameter, layout, every) for parameter in spec.free]
    return sparse.vstack(blocks, format="csr") if blocks else sparse.csr_array((0, layout.n_coefficients))


def _terms(parameter: ParameterSpec) -> tuple[CommonTerm | GroupTerm, ...]:
    return (*parameter.common, *parameter.group)


def _distinct_rows(parameter: ParameterSpec, n_rows: int) -> tuple[IntArray, IntArray]:
    """One design row of each kind, and the kind of each design row."""
    kind = np.zeros(n_rows, dtype=np.int64)
    columns: list[FloatArray | IntArray] = [] if parameter.offset is None else [parameter.offset]
    for term in _terms(parameter):
        columns += [*term.matrix.T, *([term.groups.index] if isinstance(term, GroupTerm) else [])]
    for column in columns:
        values, code = np.unique(column, return_inverse=True)
        _, kind = np.unique(kind * len(values) + code, return_inverse=True)
    _, first = np.unique(kind, return_index=True)
    return first, kind


def _parameter_matrix(parameter: ParameterSpec, layout: Layout, rows: IntArray) -> sparse.csr_array:
    """The matrix from coefficients to one parameter's linear predictor on some design rows."""
    values, at, columns = [np.zeros(0)], [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for term in _terms(parameter):
        if isinstance(term, GroupTerm):
            places = layout.places(term)[term.groups.index[rows]] - layout.shift
        else:
            places = np.tile(layout.site(term.site).coordinates, (len(rows), 1))
        values.append(term.matrix[rows].ravel())
        at.append(np.repeat(np.arange(len(rows)), places.shape[1]))
        columns.append(places.ravel())
    data, i, j = (np.concatenate(parts) for parts in (values, at, columns))
    nonzero = data != 0.0
    shape = (len(rows), layout.n_coefficients)
    return sparse.csr_array((data[nonzero], (i[nonzero], j[nonzero])), shape=shape)
