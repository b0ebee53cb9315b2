"""Components of formulae whose factors have the coding that the user chose by ``contrasts``."""

from __future__ import annotations

from typing import Any

import numpy as np
from formulae.categorical import ContrastMatrix
from formulae.terms.call import Call
from formulae.terms.variable import Variable

from hddm_sbi.design.calls import Component, column
from hddm_sbi.design.contrasts import Contrast, Contrasts


def coding_of(part: Component, contrasts: Contrasts) -> Contrast | None:
    """The coding of a component if it is a factor; None where the formula states one, as in ``C(x, Sum)``."""
    name = coded_column(part)
    if name is not None:
        return contrasts.of(name)
    return None if part.callee in ("C", "S", "T") else contrasts.every


def coded_column(part: Component) -> str | None:
    """The column that a factor is made of, as it is or by ``C(column)``; None for all else."""
    if part.call is None:
        return part.name
    return column(part.call.args[0]) if part.callee == "C" and len(part.call.args) == 1 else None


class CodedVariable(Variable):
    """A column of the data; where it is a factor beside an intercept, in another coding than formulae's."""

    coding: Contrast | None = None

    def set_data(self, spans_intercept: Any = None) -> None:
        """Its columns on the data."""
        super().set_data(spans_intercept)
        _recode(self, super().set_data, spans_intercept)


class CodedCall(Call):
    """A call, likewise."""

    coding: Contrast | None = None

    def set_data(self, spans_intercept: Any = False) -> None:
        """Its columns on the data."""
        super().set_data(spans_intercept)
        _recode(self, super().set_data, spans_intercept)


def _recode(component: Any, set_data: Any, spans_intercept: Any) -> None:
    """Give a factor's component the columns of its coding; on new data formulae uses the contrast matrix alone."""
    coding: Contrast | None = component.coding
    if component.kind != "categoric" or spans_intercept or coding is None or coding == Contrast():
        return
    if coding.level is not None and coding.position(component.levels) is None:
        return  # refused by name once all formulas are read
    levels = list(component.levels)
    set_data(True)
    cells = np.asarray(component.value, dtype=np.float64)
    component.contrast_matrix = ContrastMatrix(coding.matrix(levels), coding.labels(levels))
    component.value = cells @ component.contrast_matrix.matrix
    component.spans_intercept = False
