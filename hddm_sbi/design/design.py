"""The designs of all parameters: population and group terms, on the trials or on new data."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.design.columns import Columns
from hddm_sbi.design.contrasts import AS_FORMULAE, Contrasts
from hddm_sbi.design.grouped import GroupedTerm
from hddm_sbi.design.grouping import Grouping, subject_grouping
from hddm_sbi.design.meanings import covariates_in_words
from hddm_sbi.design.mixed_slopes import warn_of_mixed_slopes
from hddm_sbi.design.parameter import POOLINGS, ParameterDesign, Pooling, design_parameter
from hddm_sbi.design.sides import evaluate_side
from hddm_sbi.design.strata import Strata
from hddm_sbi.errors import ModelError
from hddm_sbi.trials.distinct import distinct_rows
from hddm_sbi.trials.stimulus import Stimulus
from hddm_sbi.trials.trials import Trials

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Design:
    """What the formulas made of the data, and what is needed to apply them to new data.

    Args:
        parameters: designs of the parameters that are not constants, by name.
        columns: columns that the terms use, with the levels of factors.
        row: design row of each trial, shape (trials,).
        first: a trial of each design row, shape (rows,).
        frame: the table's rows at ``first``: the design rows with all their covariates.
        stimulus: under stimulus coding, what turns the drift round.
        sign: then that of the drift on each design row, shape (rows,).
    """

    parameters: dict[str, ParameterDesign]
    columns: Columns
    row: IntArray
    first: IntArray
    frame: pd.DataFrame
    stimulus: Stimulus | None = None
    sign: FloatArray | None = None

    @property
    def covariates(self) -> tuple[str, ...]:
        """The columns that the model uses, beside that of the participant: those of the formulas, and the stimulus."""
        of_stimulus = () if self.stimulus is None else (self.stimulus.column,)
        return tuple(dict.fromkeys((*self.columns.levels, *of_stimulus)))

    def covariates_in_words(self) -> list[tuple[str, str]]:
        """Where the priors of covariates sit, and what their unit is: pairs of name and words."""
        return covariates_in_words([term for parameter in self.parameters.values() for term in parameter.terms])

    def signs(self, frame: pd.DataFrame) -> FloatArray | None:
        """The sign of the drift on the rows of another table, shape (rows,); None without stimulus coding.

        Raises:
            DataError: stimuli are missing or unknown.
        """
        return None if self.stimulus is None else self.stimulus.signs(frame)

    @property
    def groupings(self) -> dict[str, Grouping]:
        """Grouping factors by name."""
        return {grouped.grouping.factor: grouped.grouping for grouped in self._grouped()}

    @property
    def strata(self) -> list[tuple[str, Strata]]:
        """The divisions of groups into strata, each with its grouping factor."""
        found = [(one.grouping.factor, one.by) for one in self._grouped() if one.by is not None]
        return list({(factor, by.column): (factor, by) for factor, by in found}.values())

    def _grouped(self) -> Iterator[GroupedTerm]:
        for parameter in self.parameters.values():
            yield from parameter.group

    def matrices(self, frame: pd.DataFrame) -> dict[str, tuple[list[FloatArray], list[FloatArray]]]:
        """Matrices of each parameter's population and group terms on the rows of another table.

        Raises:
            DataError: a missing column or an unseen level.
            FormulaError: missing values.
        """
        prepared, known = self._prepared(frame)
        result = {}
        for name, parameter in self.parameters.items():
            common, group = parameter.matrices(prepared)
            result[name] = ([matrix[known:] for matrix in common], [matrix[known:] for matrix in group])
        return result

    def offsets(self, frame: pd.DataFrame) -> dict[str, FloatArray]:
        """The offset of each parameter that has one, on the rows of another table, shape (rows,).

        Raises:
            DataError: a missing column. FormulaError: missing values.
        """
        with_offset = {name: parameter for name, parameter in self.parameters.items() if parameter.offset_terms}
        if not with_offset:
            return {}
        prepared, known = self._prepared(frame)
        offsets = {name: parameter.offset_on(prepared) for name, parameter in with_offset.items()}
        return {name: offset[known:] for name, offset in offsets.items() if offset is not None}

    def _prepared(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
        """Known rows, since a factor made inside a formula must see all its levels, and the others; how many known."""
        known = self.columns.prepare(self.frame)
        return pd.concat([known, self.columns.prepare(frame)], ignore_index=True), len(known)


def build_design(
    trials: Trials,
    sides: Mapping[str, str],
    parameters: Collection[str],
    *,
    pooling: Pooling = "partial",
    random_slopes: bool = True,
    shared: Collection[str] = (),
    population: Collection[str] = (),
    stimulus: Stimulus | None = None,
    contrasts: Contrasts = AS_FORMULAE,
) -> Design:
    """Designs of ``parameters`` on the trials.

    Args:
        trials: the experiment.
        sides: right-hand sides of the parameters that have a formula; the others have ``1``.
        parameters: parameters that are not constants, in the model's order.
        pooling: ``"partial"``: population and group terms; ``"none"``: group terms alone; ``"complete"``: population
            terms alone.
        random_slopes: whether automatic group terms include within-participant terms, or the intercept only.
        shared: parameters that do not vary by participant.
        population: parameters that do not vary by participant unless their formula has group terms, whatever the
            pooling: across-trial variability is hard to estimate for each participant (Boehm et al. 2018, Journal of
            Mathematical Psychology 87).
        stimulus: under stimulus coding, what turns the drift round.
        contrasts: the coding of factors whose coding no formula states.

    Raises:
        FormulaError: a formula that cannot be read or evaluated, is collinear, or contradicts the pooling.
        ModelError: an option that does not fit the data.
    """
    _check_options(trials, pooling)
    subjects = subject_grouping(trials) if trials.groupby is not None and trials.subjects else None
    designs: dict[str, ParameterDesign] = {}
    levels: dict[str, tuple[object, ...] | None] = {}
    factors: dict[str, tuple[object, ...]] = {}
    by: tuple[str, ...] = () if subjects is None else subjects.columns
    participant: tuple[str, ...] = ()
    for name in parameters:
        side = evaluate_side(name, sides.get(name, "1"), trials.frame, contrasts, by)
        participant = side.columns.participant or participant
        levels.update(side.columns.levels)
        factors.update(side.factors)
        stays = name in shared or (name in population and not side.group)
        automatic = None if stays else subjects
        if subjects is not None and pooling != "none":
            warn_of_mixed_slopes(name, side, trials.frame, subjects.index)
        designs[name] = design_parameter(name, side, trials.frame, subjects, automatic, pooling, random_slopes)
    contrasts.check(factors)
    sign = None if stimulus is None else stimulus.signs(trials.frame)
    row, first = _distinct_rows(designs, sign, trials.n)
    frame = trials.frame.iloc[first].reset_index(drop=True)
    return Design(
        designs, Columns(levels, participant), row, first, frame, stimulus, None if sign is None else sign[first]
    )


def _check_options(trials: Trials, pooling: str) -> None:
    if pooling not in POOLINGS:
        raise ModelError(f"pooling '{pooling}' is not known; choose one of {', '.join(POOLINGS)}.")
    if pooling == "none" and trials.groupby is None:
        raise ModelError("pooling 'none' fits participants apart, so it needs groupby, the column of the participant.")


def _distinct_rows(
    designs: Mapping[str, ParameterDesign], sign: FloatArray | None, n: int
) -> tuple[IntArray, IntArray]:
    """Rows of all matrices, group indices and signs that occur: the row of each trial, and a trial of each row."""
    columns: list[FloatArray] = [] if sign is None else [sign[:, np.newaxis]]
    groupings: dict[str, IntArray] = {}
    for design in designs.values():
        columns += [term.matrix for term in (*design.common, *design.offset_terms)]
        for grouped in design.group:
            columns.append(grouped.term.matrix)
            groupings[grouped.grouping.factor] = grouped.grouping.index
    return distinct_rows([*groupings.values(), *(column for matrix in columns for column in matrix.T)], n)
