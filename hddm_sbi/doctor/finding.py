"""What a check of the doctor is, and what it finds: the finding of a check of the trials, with reason and advice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.trials.recording import BoolArray

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, eq=False)
class Finding:
    """Something odd about an experiment.

    Args:
        kind: what it is, in a word or three.
        severity: ``"error"``: the model refuses the data; ``"warning"``: it takes them, and what comes out is probably
            not what is meant; ``"note"``: it copes with it, and a person should know.
        sentence: what was found, the numbers, whose and where.
        why: why it matters for these models, a sentence.
        advice: what the model will do, and what to do or to say, a sentence.
        rows: whether it is about each row, shape (n,).
    """

    kind: str
    severity: Severity
    sentence: str
    why: str
    advice: str
    rows: BoolArray


class Check(Protocol):
    """Looks for one kind of oddity; the data's other faults must not trouble it."""

    def __call__(self, experiment: Experiment, /) -> Iterator[Finding]:
        """Yield what it finds, nothing in experiments without that oddity."""
