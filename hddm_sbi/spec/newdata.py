"""The same model on other rows: new data, or the cells of a design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hddm_sbi.design.design import Design
from hddm_sbi.spec.model_spec import CommonTerm, FloatArray, Groups, GroupTerm, IntArray, ModelSpec, ParameterSpec
from hddm_sbi.spec.reported import sampled_columns
from hddm_sbi.spec.stimulus import signed_drift

# labels of the groups that were not in the data, by grouping factor; their indices follow those of the known groups
NewGroups = Mapping[str, tuple[str, ...]]
NO_NEW_GROUPS: NewGroups = {}
Matrices = Mapping[str, tuple[list[FloatArray], list[FloatArray]]]


@dataclass(frozen=True)
class Rows:
    """Other rows for a model: what the design says of them.

    Args:
        n: their number.
        matrices: of each parameter's population and group terms, as reported.
        index: group of each row, by grouping factor.
        offsets: what is added to the linear predictor, by parameter, shape (rows,).
        strata: stratum of each row, by grouping factor and the column that divides its groups; left out where the rows
            do not say.
    """

    n: int
    matrices: Matrices
    index: Mapping[str, IntArray]
    offsets: Mapping[str, FloatArray]
    strata: Mapping[tuple[str, str], IntArray]


def rows_of(design: Design, frame: pd.DataFrame, index: Mapping[str, IntArray] | None = None) -> Rows:
    """The rows of a table, of known groups as ``index`` has them; None: of no groups.

    Raises:
        DataError: a missing column, or an unseen level of a factor. FormulaError: missing values.
    """
    index = {factor: np.full(len(frame), -1) for factor in design.groupings} if index is None else index
    strata = {
        (factor, by.column): by.locate(frame)
        for factor, by in design.strata
        if by.column in frame.columns or (index[factor] >= len(by.index)).any()
    }
    return Rows(len(frame), design.matrices(frame), index, design.offsets(frame), strata)


def spec_on(spec: ModelSpec, design: Design, frame: pd.DataFrame) -> tuple[ModelSpec, NewGroups]:
    """The model on the rows of ``frame``, one design row for each, and the groups among them that it does not know.

    Raises:
        DataError: a missing column or label, an unseen level of a factor, or a stimulus that is missing or unknown.
        FormulaError: missing values.
    """
    located = {name: grouping.locate(frame) for name, grouping in design.groupings.items()}
    index = {name: rows.index for name, rows in located.items()}
    new = {name: rows.new for name, rows in located.items() if rows.new}
    return respec(spec, rows_of(design, frame, index), design.signs(frame)), new


def respec(spec: ModelSpec, rows: Rows, sign: FloatArray | None = None) -> ModelSpec:
    """The model on other rows.

    Args:
        spec: the model.
        rows: the rows.
        sign: of the drift on each row, under stimulus coding; the model in its ``reported`` parts needs none.
    """

    def on_rows(parameter: ParameterSpec) -> ParameterSpec:
        if parameter.signed is None:
            return _reparameter(parameter, rows)
        assert sign is not None
        return signed_drift(on_rows(parameter.signed.drift), on_rows(parameter.signed.bias), sign)

    return replace(spec, parameters=tuple(map(on_rows, spec.parameters)), row=np.arange(rows.n), n_rows=rows.n)


def _reparameter(parameter: ParameterSpec, rows: Rows) -> ParameterSpec:
    if parameter.name not in rows.matrices:  # a constant, or the lapse probability
        common = tuple(replace(term, matrix=np.ones((rows.n, 1))) for term in parameter.common)
        return replace(parameter, common=common)
    of_common, of_group = rows.matrices[parameter.name]
    of_common, of_group = _sampled(parameter.common, of_common), _sampled(parameter.group, of_group)
    common = tuple(replace(term, matrix=matrix) for term, matrix in zip(parameter.common, of_common, strict=True))
    group = tuple(
        replace(term, matrix=matrix, groups=_groups_on(term.groups, rows))
        for term, matrix in zip(parameter.group, of_group, strict=True)
    )
    return replace(parameter, common=common, group=group, offset=rows.offsets.get(parameter.name))


def _groups_on(groups: Groups, rows: Rows) -> Groups:
    at = None if groups.by is None else rows.strata.get((groups.factor, groups.by))
    return replace(groups, index=rows.index[groups.factor], at=at)


def _sampled(terms: Sequence[CommonTerm | GroupTerm], columns: Sequence[FloatArray]) -> list[FloatArray]:
    """The columns of terms as they are sampled, from those that the design has, which are reported."""
    return sampled_columns([term.reported for term in terms], [term.site for term in terms], columns)
