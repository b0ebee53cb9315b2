"""Can the network be trusted for this fit? By how many posterior sds each mean may be off, and a verdict."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hddm_sbi.errors import OutputError
from hddm_sbi.inference.density_check import DensityCheck
from hddm_sbi.inference.foreign import EarlyMass
from hddm_sbi.results.quantities import Quantities
from hddm_sbi.results.shifts import LARGEST, POSSIBLY, SCORE, Shifts, is_fine, is_off
from hddm_sbi.results.verdict import BoxReport

# Probabilities of the network may miss those of the simulator by a hundredth.
DISTANCE = 0.01

FINE, OFF, UNCLEAR = "fine", "off", "unclear"


@dataclass(frozen=True, repr=False)
class Certificate:
    """By how many posterior sds the network moves each posterior mean.

    Args:
        table: one row for each quantity of the posterior, index ``quantity``; columns ``variable``, ``kind``,
            ``shift`` (in posterior sds, positive where the network's mean is too large), ``mc_error`` (its Monte Carlo
            standard error), ``method`` and ``verdict``: ``fine`` (the shift's size less two standard errors is at
            most the tolerance, and with two more at most 2.5 times the tolerance), ``off`` (less three standard errors
            it is more than the tolerance) or ``unclear``.
        tolerance: the shift that matters, in posterior sds.
        method: how the shifts were found, in words.
        density: the network's probabilities beside simulated ones; None for a likelihood of the user's own.
        box: draws outside the range that the network was trained on; None where it is not known.
        has_exact: whether the model has an exact likelihood to take in place of this one.
        what: was sampled, ``"network"`` or ``"likelihood"``.
        early: the probability that a foreign network gives to impossible times; None for other networks.
    """

    table: pd.DataFrame
    tolerance: float
    method: str
    density: DensityCheck | None
    box: BoxReport | None
    has_exact: bool
    what: str = "network"
    early: EarlyMass | None = None

    @property
    def passed(self) -> bool:
        """Whether every mean is fine, and every probability that was compared."""
        return bool((self.table["verdict"] == FINE).all()) and self._density_passed

    @property
    def sentence(self) -> str:
        """The verdict on the means; on probabilities where they alone are wrong."""
        verdict = self.table["verdict"]
        if (verdict == OFF).any():
            return self._off(self.table[verdict == OFF])
        if np.isinf(self.table["mc_error"]).any():
            return (
                f"The {self.what} is NOT good enough: its posterior is too far from the exact one to be reweighted to "
                f"it ({self.method}); method='score' tells by how much the means differ."
            )
        if not self._density_passed:
            return (
                f"The {self.what} is NOT good enough, whatever it does to the means: its probabilities of choices and "
                f"response times are wrong; use {self._advice}."
            )
        if (verdict == UNCLEAR).any():
            return self._unclear(self.table[verdict == UNCLEAR])
        worst = _largest(self.table, "shift")
        most = (self.table["shift"].abs() + POSSIBLY * self.table["mc_error"]).max()
        return (
            f"The {self.what} is good enough: it moves no posterior mean by more than {most:.2f} sd, {POSSIBLY:g} "
            f"standard errors allowed for (largest {worst.name}: {_number(worst)}; {self.method})."
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdict on the means, on probabilities, on impossible times, and on draws outside the training range."""
        further = [part.sentence for part in (self.early, self.box) if part is not None]
        checked = () if self.density is None else (self._on_density(self.density),)
        return (self.sentence, *checked, *further)

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    def __repr__(self) -> str:
        order = np.argsort(-self.table["shift"].abs().to_numpy(), kind="stable")
        largest = self.table.iloc[order[:10]][["shift", "mc_error", "verdict"]]
        rule = (
            f"to pass, every |shift| - {POSSIBLY:g} mc_error must be at most {self.tolerance:g} sd, and every |shift| "
            f"+ {POSSIBLY:g} mc_error at most {LARGEST * self.tolerance:g} sd"
        )
        shown = largest.to_string(float_format="{:.3f}".format)
        headline = f"Certificate: {'passed' if self.passed else 'NOT passed'} ({rule})"
        return f"{headline}\n{self}\nLargest shifts, in posterior sds:\n{shown}"

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the table.

        Raises:
            OutputError: the file cannot be written.
        """
        try:
            self.table.to_csv(Path(path), float_format="%.6g", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"'{path}' cannot be written: {error.strerror or error}.") from error

    @property
    def _density_passed(self) -> bool:
        return self.density is None or self.density.distance - self.density.bound <= DISTANCE

    def _off(self, rows: pd.DataFrame) -> str:
        worst, others = _largest(rows, "shift"), len(rows) - 1
        also = "" if others == 0 else f" and {others} other{'s' if others > 1 else ''} by less"
        return (
            f"The {self.what} is NOT good enough, do not use these means as they are: it moves {worst.name} by "
            f"{_number(worst)} sd{also}, where {self.tolerance:g} is tolerated ({self.method}); use {self._advice}."
        )

    def _unclear(self, rows: pd.DataFrame) -> str:
        worst = _largest(rows, "mc_error")
        return (
            f"It is NOT clear whether the {self.what} is good enough: it moves {worst.name} by {_number(worst)} sd, "
            f"where {self.tolerance:g} is tolerated ({self.method}); allow certify(seconds=...) more, or sample more "
            "draws."
        )

    @property
    def _advice(self) -> str:
        if self.has_exact:
            return "likelihood='exact'"
        if self.what == "network":
            return "a network trained longer, and for parameters like these"
        return "a simulator and a likelihood of the same process"

    def _on_density(self, check: DensityCheck) -> str:
        found = (
            f"Its probabilities of choices and response times differ from simulated ones by up to {check.distance:.4f} "
            f"at {check.n_theta} parameter vector{'s' if check.n_theta > 1 else ''} of the posterior, chance alone by "
            f"up to {check.bound:.4f}"
        )
        return f"{found}." if self._density_passed else f"{found}: the {self.what} is wrong there."


def certificate(
    found: Quantities,
    shifts: Shifts,
    density: DensityCheck | None,
    box: BoxReport | None,
    tolerance: float,
    has_exact: bool,
    what: str = "network",
    early: EarlyMass | None = None,
) -> Certificate:
    """The verdict on shifts of the quantities."""
    moved, error = np.abs(shifts.shift), shifts.mc_error
    columns = {
        "variable": found.variables,
        "kind": found.kinds,
        "shift": shifts.shift,
        "mc_error": error,
        "method": shifts.method,
        "verdict": np.where(
            is_off(moved, error, tolerance), OFF, np.where(is_fine(moved, error, tolerance), FINE, UNCLEAR)
        ),
    }
    table = pd.DataFrame(columns, index=pd.Index(found.labels, name="quantity"))
    return Certificate(table, tolerance, _in_words(shifts), density, box, has_exact, what, early)


def _in_words(shifts: Shifts) -> str:
    if shifts.method == SCORE:
        return f"score test on {shifts.size:,} simulated experiments"
    return f"{shifts.method}, {shifts.size:,} draws, Pareto k {shifts.pareto_k:.2f}"


def _largest(rows: pd.DataFrame, column: str) -> pd.Series:
    return rows.iloc[int(np.argmax(rows[column].abs().to_numpy()))]


def _number(row: pd.Series) -> str:
    return f"{row['shift']:+.2f} +- {row['mc_error']:.2f}"
