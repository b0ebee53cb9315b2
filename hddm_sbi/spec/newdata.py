"""The same model on other rows: new data, or the cells of a design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from hddm_sbi.design.design import Design
from hddm_sbi.spec.model_spec import CommonTerm, FloatArray, GroupTerm, IntArray, ModelSpec, ParameterSpec
from hddm_sbi.spec.reported import sampled_columns
from hddm_sbi.spec.stimulus import signed_drift

# labels of the groups that were not in the data, by grouping factor; their indices follow those of the known groups
NewGroups = Mapping[str, tuple[str, ...]]
NO_NEW_GROUPS: NewGroups = {}
Matrices = Mapping[str, tuple[list[FloatArray], list[FloatArray]]]


def spec_on(spec: ModelSpec, design: Design, frame: pd.DataFrame) -> tuple[ModelSpec, NewGroups]:
    """The model on the rows of ``frame``, one design row for each, and the groups among them that it does not know.

    Raises:
        DataError: a missing column or label, an unseen level of a factor, or a stimulus that is missing or unknown.
        FormulaError: missing values.
    """
    located = {name: grouping.locate(frame) for name, grouping in design.groupings.items()}
    index = {name: rows.index for name, rows in located.items()}
    new = {name: rows.new for name, rows in located.items() if rows.new}
    return respec(spec, design.matrices(frame), index, len(frame), design.signs(frame)), new


def respec(
    spec: ModelSpec,
    matrices: Matrices,
    index: Mapping[str, IntArray],
    n_rows: int,
    sign: FloatArray | None = None,
) -> ModelSpec:
    """The model with other matrices and group indices, each with ``n_rows`` rows.

    Args:
        spec: the model.
        matrices: of each parameter's population and group terms.
        index: group of each row, by grouping factor.
        n_rows: their number.
        sign: of the drift on each row, under stimulus coding; the model in its ``reported`` parts needs none.
    """

    def on_rows(parameter: ParameterSpec) -> ParameterSpec:
        if parameter.signed is None:
            return _reparameter(parameter, matrices, index, n_rows)
        assert sign is not None
        return signed_drift(on_rows(parameter.signed.drift), on_rows(parameter.signed.bias), sign)

    return replace(spec, parameters=tuple(map(on_rows, spec.parameters)), row=np.arange(n_rows), n_rows=n_rows)


def _reparameter(
    parameter: ParameterSpec, matrices: Matrices, index: Mapping[str, IntArray], n_rows: int
) -> ParameterSpec:
    if parameter.name not in matrices:  # a constant, or the lapse probability
        common = tuple(replace(term, matrix=np.ones((n_rows, 1))) for term in parameter.common)
        return replace(parameter, common=common)
    of_common, of_group = matrices[parameter.name]
    of_common, of_group = _sampled(parameter.common, of_common), _sampled(parameter.group, of_group)
    common = tuple(replace(term, matrix=matrix) for term, matrix in zip(parameter.common, of_common, strict=True))
    group = tuple(
        replace(term, matrix=matrix, groups=replace(term.groups, index=index[term.factor]))
        for term, matrix in zip(parameter.group, of_group, strict=True)
    )
    return replace(parameter, common=common, group=group)


def _sampled(terms: Sequence[CommonTerm | GroupTerm], columns: Sequence[FloatArray]) -> list[FloatArray]:
    """The columns of terms as they are sampled, from those that the design has, which are reported."""
    return sampled_columns([term.reported for term in terms], [term.site for term in terms], columns)
