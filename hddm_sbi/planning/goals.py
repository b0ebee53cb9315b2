"""What an experiment is to reach, read from a few words: ``"interval < 0.3"``; each kind is a line of ``KINDS``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from hddm_sbi.errors import ModelError
from hddm_sbi.results.contrasts.ask import ask
from hddm_sbi.results.contrasts.asked import Asked

FloatArray = npt.NDArray[np.float64]

INTERVAL = 0.95
# Effective draws of the contrast: the end of an interval is then known to a seventh of a posterior sd.
_NEEDED = 400.0


@dataclass(frozen=True)
class Outcome:
    """What one simulated experiment says of the contrast.

    Args:
        asked: the model with the posterior's draws.
        contrast: as text.
        draws: of the contrast, (chains, draws).
        truth: its true value.
        null: what its direction refers to.
    """

    asked: Asked
    contrast: str
    draws: FloatArray
    truth: float
    null: float


@dataclass(frozen=True)
class Kind:
    """A kind of goal.

    Args:
        words: that name it.
        signs: the ways a threshold may be passed.
        within: the ends between which thresholds lie.
        measure: the number that is compared with the threshold.
        sentence: what reaching it means, with ``{threshold:g}`` and ``{sign}``.
        steepness: of the curve of power, as it is expected: see ``planning.curve``.
        directed: whether an effect that equals the null cannot reach it.
    """

    words: str
    signs: str
    within: tuple[float, float]
    measure: Callable[[Outcome], float]
    sentence: str
    steepness: Callable[[float], float]
    directed: bool = False


def _width(outcome: Outcome) -> float:
    low, high = np.quantile(outcome.draws, (0.5 * (1.0 - INTERVAL), 0.5 * (1.0 + INTERVAL)))
    return float(high - low)


def _direction(outcome: Outcome) -> float:
    side = np.sign(outcome.truth - outcome.null)
    return float((side * (outcome.draws - outcome.null) > 0.0).mean())


def _bayes_factor(outcome: Outcome) -> float:
    found = ask(outcome.asked, outcome.contrast, scale="link", evidence=True).bayes_factor
    assert found is not None
    return float(found.table.loc["stated", "bf10"])


# Steepness: a direction is known where a normal mean is so many standard errors from the null, half of the time at
# m; a Bayes factor of 10 takes about 2.5 of them. Widths vary by 1 / sqrt(2 N) of themselves, which is 1 / 6 of 20.
KINDS = (
    Kind("interval", "<", (0.0, np.inf), _width, "a 95% interval narrower than {threshold:g}", lambda _: 6.0),
    Kind(
        "direction", ">", (0.5, 1.0), _direction, "a probability of the true direction above {threshold:g}",
        lambda threshold: float(ndtri(threshold)), directed=True,
    ),
    Kind(
        "bayes factor", "<>", (0.0, np.inf), _bayes_factor, "a Bayes factor (BF10) {sign} {threshold:g}",
        lambda _: 2.5,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Goal:
    """A goal: its kind, and the threshold that is to be passed."""

    kind: Kind
    sign: str
    threshold: float

    @classmethod
    def of(cls, text: object) -> Goal:
        """What the text says.

        Raises:
            ModelError: it cannot be read, or the threshold cannot be passed.
        """
        examples = "'interval < 0.3', 'direction > 0.95' or 'bayes factor > 10'"
        found = re.fullmatch(r"\s*([A-Za-z ]+?)\s*([<>])\s*([0-9.eE+-]+)\s*", str(text))
        kinds = {kind.words: kind for kind in KINDS}
        if found is None or " ".join(found[1].lower().split()) not in kinds:
            raise ModelError(f"the goal is {text!r}; write {examples}.")
        kind = kinds[" ".join(found[1].lower().split())]
        try:
            threshold = float(found[3])
        except ValueError:
            raise ModelError(f"the goal is {text!r}, whose threshold is no number; write {examples}.") from None
        if found[2] not in kind.signs or not kind.within[0] < threshold < kind.within[1]:
            raise ModelError(
                f"the goal is {text!r}, but of '{kind.words}' it is to be {' or '.join(kind.signs)} a number between "
                f"{kind.within[0]:g} and {kind.within[1]:g}; write {examples}."
            )
        return cls(kind, found[2], threshold)

    @property
    def words(self) -> str:
        """As the user wrote it."""
        return f"{self.kind.words} {self.sign} {self.threshold:g}"

    @property
    def sentence(self) -> str:
        """What reaching it means."""
        return self.kind.sentence.format(threshold=self.threshold, sign=self.sign)

    @property
    def steepness(self) -> float:
        """Of the curve, as it is expected."""
        return max(self.kind.steepness(self.threshold), 0.5)

    @property
    def needed(self) -> float:
        """Effective draws that tell whether it is reached."""
        return max(_NEEDED, 10.0 / (1.0 - self.threshold)) if self.kind.directed else _NEEDED

    def reached(self, value: float) -> bool:
        """Whether a measure passes the threshold."""
        return value > self.threshold if self.sign == ">" else value < self.threshold
