"""An outside measure among a parameter's predictors: one number for each participant, or group of another factor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hddm_sbi.design.columns import suggestion
from hddm_sbi.design.design import Design
from hddm_sbi.design.grouping import Grouping
from hddm_sbi.design.terms import Term
from hddm_sbi.design.tokens import written
from hddm_sbi.errors import DataError, FormulaError, ModelError
from hddm_sbi.spec.model_spec import ModelSpec, ParameterSpec
from hddm_sbi.trials.trials import Trials

FloatArray = npt.NDArray[np.float64]

# Fewer persons than this beyond those that further predictors take up have no correlation to speak of.
_FEWEST = 3


@dataclass(frozen=True)
class Measure:
    """A measure as the formula of a parameter has it.

    Args:
        column: its name.
        values: of each group, shape (groups,).
        grouping: the groups that have one value each: participants, unless these have several.
        further: names of the parameter's other terms that differ between groups but not within.
        spanned: the space that a constant and these span, orthonormal columns, shape (groups, dimensions).
    """

    column: str
    values: FloatArray
    grouping: Grouping
    further: tuple[str, ...]
    spanned: FloatArray

    @property
    def freedom(self) -> int:
        """Degrees of freedom that further predictors leave between groups."""
        return len(self.values) - self.spanned.shape[1]

    def left(self, values: FloatArray) -> FloatArray:
        """What a constant and the further predictors leave of values of the groups, shape (..., groups)."""
        return np.asarray(values - (values @ self.spanned) @ self.spanned.T)


def find_measure(spec: ModelSpec, design: Design, trials: Trials, name: str, column: str) -> Measure:
    """The measure in the formula of a parameter.

    Args:
        spec: the model in its reported parameters.
        design: its design.
        trials: the experiment.
        name: of the parameter.
        column: of the measure.

    Raises:
        ModelError: no such parameter, or it is a constant.
        DataError: no such column, no numbers, or no single, differing values of participants.
        FormulaError: the parameter's formula does not have it, or has no group effects.
    """
    parameter = _parameter(spec, name)
    if column not in trials.frame.columns:
        known = [str(known) for known in trials.frame.columns]
        raise DataError(f"there is no column '{column}' to correlate '{name}' with; {suggestion(str(column), known)}")
    if parameter.group and not any(term.sd_prior is not None for term in parameter.group):
        raise ModelError(
            f"with pooling 'none' '{name}' has no population in which it could correlate with '{column}'; build the "
            f"model with pooling 'partial' and '{name} ~ {written(column)}'."
        )
    terms = design.parameters[name].common
    if not any(column in term.variables for term in terms):
        raise FormulaError(
            f"'{column}' is not in the formula of '{name}', and correlating it with estimates or draws from a model "
            f"without it gives too small a correlation, since these are pulled towards each other; write "
            f"'{_with(name, terms, column)}' and sample again."
        )
    if design.columns.levels[column] is not None:
        raise DataError(
            f"the column '{column}' holds labels, and a correlation takes a number for each participant; the effect of "
            f"'{column}' on '{name}' says how its groups differ."
        )
    return _between(design, trials, parameter, column)


def _parameter(spec: ModelSpec, name: str) -> ParameterSpec:
    names = [parameter.name for parameter in spec.parameters]
    if name not in names:
        raise ModelError(f"the model has no parameter '{name}'; {suggestion(str(name), names)}")
    parameter = spec.parameter(name)
    if parameter.fixed is not None:
        raise ModelError(f"'{name}' is fixed at {parameter.fixed:g}, so that it correlates with nothing.")
    return parameter


def _with(name: str, terms: tuple[Term, ...], column: str) -> str:
    """The population part of a formula with the column added."""
    own = [term.written for term in terms]
    parts = [part for part in own if part != "1"] if "1" in own else ["0", *own]
    return f"{name} ~ {' + '.join([*parts, written(column)])}"


def _between(design: Design, trials: Trials, parameter: ParameterSpec, column: str) -> Measure:
    """The measure by the groups that have one value each."""
    by_trial = design.columns.prepare(trials.frame)[column].to_numpy(dtype=np.float64)
    factors = list(dict.fromkeys(term.factor for term in parameter.group))
    if not factors:
        raise FormulaError(
            f"'{parameter.name}' does not vary between participants in this model, so that it correlates with nothing; "
            "take it out of shared, or give groupby."
        )
    ordered = sorted(factors, key=lambda factor: factor != trials.groupby)
    groupings = [design.groupings[factor] for factor in ordered]
    grouping = next((one for one in groupings if not one.differs(by_trial[:, np.newaxis]).any()), None)
    if grouping is None:
        raise DataError(
            f"the column '{column}' varies within '{ordered[0]}', and a correlation takes one value of each; write the "
            f"mean of each into a column of its own and that into the formula of '{parameter.name}'."
        )
    values = grouping.of_first(by_trial)
    further = {term.name: term for term in _others(design, parameter.name, column, grouping)}
    columns = [np.ones((len(values), 1)), *(grouping.of_first(term.matrix) for term in further.values())]
    measure = Measure(column, values, grouping, tuple(further), _spanned(np.hstack(columns)))
    if np.ptp(values) == 0.0:
        raise DataError(f"the column '{column}' has the same value everywhere, so that nothing correlates with it.")
    if measure.freedom < _FEWEST - 1:
        beside = f" beside {', '.join(further)}" if further else ""
        raise DataError(
            f"a correlation across {len(values)} of '{grouping.factor}'{beside} means nothing; it takes at least "
            f"{len(values) - measure.freedom - 1 + _FEWEST}."
        )
    return measure


def _others(design: Design, name: str, column: str, grouping: Grouping) -> Iterator[Term]:
    """The parameter's other terms that have one value for each group, but not the same for all."""
    for term in design.parameters[name].common:
        if (
            column not in term.variables
            and not grouping.differs(term.matrix).any()
            and np.ptp(term.matrix, axis=0).any()
        ):
            yield term


def _spanned(columns: FloatArray) -> FloatArray:
    """Orthonormal columns that span the same space."""
    u, singular, _ = np.linalg.svd(columns / np.linalg.norm(columns, axis=0), full_matrices=False)
    return np.asarray(u[:, singular > 1e-7 * singular[0]])
