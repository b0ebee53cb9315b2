"""Observed trials, and the data sets that a model predicts for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hddm_sbi.errors import DataError
from hddm_sbi.results.to_arviz import spaced

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.signedinteger]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Predicted:
    """An experiment and data sets that a model predicts for it.

    Args:
        rt: observed response times in seconds, NaN where none was seen, shape (trials,).
        choice: observed option index, -1 where none was seen, shape (trials,).
        predicted_rt: shape (data sets, trials); no data sets where nothing was predicted.
        predicted_choice: shape (data sets, trials).
        options: labels of the options, in order, lower first where there are two.
        subject: participant of each trial, shape (trials,), or None.
        subjects: labels of the participants.
        groupby: the column that the participants' labels are from, or None.
        columns: further columns of the trials by name, each of shape (trials,).
    """

    rt: FloatArray
    choice: IntArray
    predicted_rt: FloatArray
    predicted_choice: IntArray
    options: tuple[object, ...] = ("lower", "upper")
    subject: IntArray | None = None
    subjects: tuple[object, ...] = ()
    groupby: str | None = None
    columns: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.rt)
        shapes = {
            "choice": (self.choice.shape, (n,)),
            "predicted_rt": (self.predicted_rt.shape[1:], (n,)),
            "predicted_choice": (self.predicted_choice.shape, self.predicted_rt.shape),
        }
        for name, (shape, wanted) in shapes.items():
            if shape != wanted or n == 0:
                raise DataError(f"{name} does not fit the {n} observed response times: shape {shape}, not {wanted}.")
        if len(self.options) < 2:
            raise DataError(f"this plot is for two options or more, not {len(self.options)}: {self.options!r}.")

    def at(self, rows: BoolArray) -> Predicted:
        """The trials that are marked, shape (trials,)."""
        return replace(
            self,
            rt=self.rt[rows],
            choice=self.choice[rows],
            predicted_rt=self.predicted_rt[:, rows],
            predicted_choice=self.predicted_choice[:, rows],
            subject=None if self.subject is None else self.subject[rows],
            columns={name: values[rows] for name, values in self.columns.items()},
        )

    @property
    def timed(self) -> bool:
        """Whether any response times were seen."""
        return bool(np.isfinite(self.rt).any())

    @property
    def sets(self) -> int:
        """Number of predicted data sets."""
        return len(self.predicted_rt)

    def shows(self, option: int) -> bool:
        """Whether a choice was seen or is predicted: in go/no-go one never is."""
        return bool((self.choice == option).any() or (self.predicted_choice == option).any())

    @property
    def omits(self) -> bool:
        """Whether trials without a response were seen or are predicted."""
        return bool((self.choice < 0).any() or (self.predicted_choice < 0).any())

    def comparable(self) -> Predicted:
        """The trials of which everything was seen, or that there was no response, observed and predicted.

        Predicted trials are whole: those of which half was not recorded have no observed counterpart.
        """
        half = np.isnan(self.rt) != (self.choice < 0)
        return self if not self.timed or not half.any() else self.at(~half)

    def thinned(self, most: int) -> Predicted:
        """With at most ``most`` predicted data sets, evenly spaced."""
        if self.sets <= most:
            return self
        keep = spaced(self.sets, most)
        return replace(self, predicted_rt=self.predicted_rt[keep], predicted_choice=self.predicted_choice[keep])

    def scored(self, right: IntArray) -> Predicted:
        """The same trials as errors (0) and correct responses (1).

        Args:
            right: the option that is correct on each trial, shape (trials,).
        """

        def score(choice: IntArray) -> IntArray:
            return np.where(choice < 0, choice, choice == right)

        return replace(
            self,
            choice=score(self.choice),
            predicted_choice=score(self.predicted_choice),
            options=("error", "correct"),
        )
