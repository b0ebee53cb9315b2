"""Observed and predicted trials side by side, and their joint histograms over response time and choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hddm_sbi.errors import DataError
from hddm_sbi.likelihoods.observation.seen import UNSEEN
from hddm_sbi.results.to_arviz import Results, group, has_group

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.signedinteger]


@dataclass(frozen=True)
class Predicted:
    """An experiment and data sets that a model predicts for it.

    Args:
        rt: observed response times in seconds, NaN where none was seen, shape (trials,).
        choice: observed option index, -1 where none was seen, shape (trials,).
        predicted_rt: shape (data sets, trials).
        predicted_choice: shape (data sets, trials).
        options: labels of the options, in order, lower first where there are two.
        subject: participant of each trial, shape (trials,), or None.
        subjects: labels of the participants.
    """

    rt: FloatArray
    choice: IntArray
    predicted_rt: FloatArray
    predicted_choice: IntArray
    options: tuple[object, ...] = ("lower", "upper")
    subject: IntArray | None = None
    subjects: tuple[object, ...] = ()

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

    def of(self, subject: int) -> Predicted:
        """The trials of one participant."""
        assert self.subject is not None
        at = self.subject == subject
        parts = {"rt": self.rt[at], "choice": self.choice[at], "subject": self.subject[at]}
        return replace(
            self, **parts, predicted_rt=self.predicted_rt[:, at], predicted_choice=self.predicted_choice[:, at]
        )

    @property
    def timed(self) -> bool:
        """Whether any response times were seen."""
        return bool(np.isfinite(self.rt).any())

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
        if not self.timed or not half.any():
            return self
        keep = ~half
        return replace(
            self,
            rt=self.rt[keep],
            choice=self.choice[keep],
            predicted_rt=self.predicted_rt[:, keep],
            predicted_choice=self.predicted_choice[:, keep],
            subject=None if self.subject is None else self.subject[keep],
        )

    def thinned(self, most: int) -> Predicted:
        """With at most ``most`` predicted data sets, evenly spaced."""
        n = len(self.predicted_rt)
        if n <= most:
            return self
        keep = np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.int64))
        return replace(self, predicted_rt=self.predicted_rt[keep], predicted_choice=self.predicted_choice[keep])


def from_results(
    idata: Results, options: Sequence[object] | None, subject: npt.ArrayLike | None, subjects: Sequence[object]
) -> Predicted:
    """Observed trials of a result, and predicted ones: the posterior's, or the prior's where it has no others.

    Raises:
        DataError: one of the groups is missing, or there are more choices than labels.
    """
    prior_alone = has_group(idata, "prior_predictive") and not has_group(idata, "posterior_predictive")
    observed = group(idata, "observed_data")
    predictive = group(idata, "prior_predictive" if prior_alone else "posterior_predictive")
    n = observed.sizes["trial"]
    predicted = {name: predictive[name].transpose("chain", "draw", "trial") for name in ("rt", "choice")}
    highest = (float(values.max()) for values in (observed["choice"], predicted["choice"]))
    count = 1 + int(max((one for one in highest if one == one), default=0.0))
    if options is None:
        options = ("lower", "upper") if count <= 2 else range(count)
    if count > len(options):
        raise DataError(f"there are {count} choices, but options names {len(options)}: {tuple(options)!r}.")
    return Predicted(
        rt=observed["rt"].to_numpy(),
        choice=indices(observed["choice"].to_numpy()),
        predicted_rt=predicted["rt"].to_numpy().reshape(-1, n),
        predicted_choice=indices(predicted["choice"].to_numpy()).reshape(-1, n),
        options=tuple(options),
        subject=None if subject is None else np.asarray(subject, dtype=np.int64),
        subjects=tuple(subjects),
    )


def indices(choice: npt.NDArray[Any]) -> IntArray:
    """Choices as option indices, -1 where NaN stands for none."""
    if choice.dtype.kind == "i":
        return choice
    return np.where(np.isnan(choice), UNSEEN, choice).astype(np.int8)


def bin_edges(rt: FloatArray, until: float) -> FloatArray:
    """Edges of equal bins from 0 to just above ``until``, about as wide as Freedman & Diaconis (1981) advise.

    Widths are 1, 2, 2.5 or 5 times a power of ten, and a multiple of the clock's resolution: response times that are
    recorded in steps of 10 ms would otherwise fall unevenly into bins. For the same reason edges lie half a step below
    the recorded values.
    """
    rt = rt[np.isfinite(rt)]
    quartiles = np.quantile(rt, (0.25, 0.75))
    advised = 2.0 * float(quartiles[1] - quartiles[0]) / len(rt) ** (1.0 / 3.0)
    advised = min(max(advised, until / 60.0), until / 8.0)
    power = 10.0 ** np.floor(np.log10(advised))
    width = power * min((1.0, 2.0, 2.5, 5.0, 10.0), key=lambda step: abs(np.log(step * power / advised)))
    resolution = _resolution(rt)
    if resolution > 0.0:
        width = max(round(width / resolution), 1) * resolution
    count = int(np.ceil(until / width)) + 1
    return np.arange(count + 1) * width - resolution / 2.0


def _resolution(rt: FloatArray) -> float:
    """The step in which response times were recorded, where it is 1 ms or coarser; else 0."""
    for step in (0.1, 0.05, 0.02, 0.01, 0.005, 0.001):
        if np.abs(rt / step - np.round(rt / step)).max() < 1e-6 / step:
            return step
    return 0.0


def density(rt: FloatArray, choice: IntArray, option: int, edges: FloatArray) -> FloatArray:
    """Joint density of response time and one choice in each bin, for each data set.

    Args:
        rt: shape (data sets, trials); NaN where there is no response.
        choice: shape (data sets, trials).
        option: which choice.
        edges: of the bins, shape (bins + 1,).

    Returns:
        Shape (data sets, bins). Summed over options and integrated over time it is 1, less what lies beyond the edges
        and the share of trials without a response.
    """
    bins, width = len(edges) - 1, edges[1] - edges[0]

    def counts(rt: FloatArray) -> npt.NDArray[np.int64]:
        at = np.floor((rt - edges[0]) / width)
        return np.bincount(at[(at >= 0) & (at < bins)].astype(np.int64), minlength=bins)  # NaN is not inside

    # one data set at a time: there may be millions of trials
    return np.stack([counts(of_set[which == option]) for of_set, which in zip(rt, choice, strict=True)]) / (
        rt.shape[1] * width
    )
