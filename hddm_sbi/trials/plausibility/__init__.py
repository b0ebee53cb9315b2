"""Can the data be what they are taken for? One file a check; what a check finds is data, which others may list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hddm_sbi.errors import DataError, warn
from hddm_sbi.trials.plausibility.accuracy import accuracy
from hddm_sbi.trials.plausibility.codes import codes
from hddm_sbi.trials.plausibility.deadline import deadline
from hddm_sbi.trials.plausibility.finding import Check, Finding
from hddm_sbi.trials.plausibility.go import go
from hddm_sbi.trials.plausibility.limit_units import limit_units
from hddm_sbi.trials.plausibility.missing import missing
from hddm_sbi.trials.plausibility.not_times import not_times
from hddm_sbi.trials.plausibility.single_trials import single_trials
from hddm_sbi.trials.plausibility.time_outs import time_outs
from hddm_sbi.trials.plausibility.truncation import truncation
from hddm_sbi.trials.plausibility.unanswered import unanswered
from hddm_sbi.trials.plausibility.units import units
from hddm_sbi.trials.plausibility.unseen import unseen
from hddm_sbi.trials.plausibility.untimed import untimed
from hddm_sbi.trials.recording import Recording

__all__ = ["CHECKS", "Check", "Finding", "check", "find", "missing", "report"]

# In the order in which a person mends the data; a further check is a file and a place here.
CHECKS: tuple[Check, ...] = (
    missing, not_times, codes, units, go, limit_units, deadline, truncation, time_outs, unanswered, untimed, accuracy,
    single_trials, unseen,
)  # fmt: skip


def find(recording: Recording, checks: Iterable[Check] = CHECKS) -> Iterator[Finding]:
    """All findings, check by check."""
    for one in checks:
        yield from one(recording)


def check(recording: Recording, checks: Iterable[Check] = CHECKS) -> None:
    """Raise the first error, or give every warning.

    Raises:
        DataError: with the finding's sentence.
    """
    report(find(recording, checks))


def report(findings: Iterable[Finding]) -> None:
    """Raise the first error among the findings, or give every warning.

    Raises:
        DataError: with the finding's sentence.
    """
    sentences = []
    for finding in findings:
        if finding.severity == "error":
            raise DataError(finding.sentence)
        sentences.append(finding.sentence)
    for sentence in sentences:
        warn(sentence)
