"""What a look at the data gives: numbers by participant, findings, and how to show them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hddm_sbi._files import reason_of, write_file
from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import SEVERITIES, Finding
from hddm_sbi.doctor.histograms import Histograms, histograms
from hddm_sbi.doctor.page import fragment, page
from hddm_sbi.doctor.summary import summarise
from hddm_sbi.doctor.text import as_text, counted, three_lines
from hddm_sbi.errors import OutputError


@dataclass(frozen=True, eq=False)
class Checkup:
    """What is in a table of trials, and what is odd about it; ``print`` shows it, ``to_html`` writes a page.

    Args:
        participants: one row for each participant, or each of their conditions: ``trials``, ``accuracy`` or the
            share of each response, ``fastest`` and the quantiles ``rt_10`` to ``rt_90`` in seconds, ``omissions``.
        findings: one row for each, what stops the model first: ``severity`` (error, warning or note), ``finding`` (its
            name), ``sentence``, ``why`` it matters, ``advice`` (what the model will do, and what to do), and ``rows``,
            places in the table, ``df.iloc[rows]``.
        overview: how the table was read and what is in it, a sentence each.
        times: histograms of the response times by participant.
    """

    participants: pd.DataFrame
    findings: pd.DataFrame
    overview: tuple[str, ...]
    times: Histograms

    def __str__(self) -> str:
        """The whole as text, 80 columns wide."""
        return as_text(self.overview, self.findings, self.participants)

    def __repr__(self) -> str:
        """The same, since this is what a console shows."""
        return str(self)

    def _repr_html_(self) -> str:
        return fragment(self.overview, self.findings, self.participants)

    def to_html(self, path: str | Path) -> Path:
        """Write one page that needs no other file: findings, tables that sort, and histograms by participant.

        Args:
            path: of the file; what is there is replaced.

        Returns:
            The path.

        Raises:
            OutputError: it cannot be written.
        """
        path = Path(path)
        content = page(self.overview, self.findings, self.participants, self.times)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, content.encode())
        except OSError as error:
            raise OutputError(f"'{path}' cannot be written: {reason_of(error)}.") from error
        return path

    @property
    def in_three_lines(self) -> list[str]:
        """What matters most, a line each and three at most; none where nothing was found."""
        return three_lines(self.findings)


def checkup(experiment: Experiment, findings: list[Finding], reading: str) -> Checkup:
    """Put together what was found.

    Args:
        experiment: what was looked at.
        findings: in order.
        reading: how the table was read, a sentence, or empty.
    """
    return Checkup(
        summarise(experiment), as_table(findings), _overview(experiment, findings, reading), histograms(experiment)
    )


def as_table(findings: list[Finding]) -> pd.DataFrame:
    """One row for each finding."""
    table = pd.DataFrame(
        [
            (one.severity, one.kind, one.sentence, one.why, one.advice, np.flatnonzero(one.rows))
            for one in findings
        ],
        columns=["severity", "finding", "sentence", "why", "advice", "rows"],
    )  # fmt: skip
    table["severity"] = pd.Categorical(table["severity"], categories=list(SEVERITIES))
    return table


def _overview(experiment: Experiment, findings: list[Finding], reading: str) -> tuple[str, ...]:
    recording = experiment.recording
    people = counted(experiment.people, "participant") if recording.subjects else "one population"
    told = [f"{counted(experiment.n, 'trial')} of {people}{': ' + reading if reading else '.'}"]
    times = recording.seconds[experiment.timed]
    if len(times):
        low, middle, high = np.quantile(times, [0.1, 0.5, 0.9])
        told.append(
            f"Response times: median {middle:.3f} s, the middle 80% from {low:.3f} to {high:.3f} s, all from "
            f"{times.min():.3f} to {times.max():.3f} s."
        )
    if experiment.correct is not None and (experiment.correct >= 0).any():
        told.append(
            f"{100.0 * (experiment.correct[experiment.correct >= 0] > 0).mean():.1f}% of the responses are correct."
        )
    counts = {severity: sum(one.severity == severity for one in findings) for severity in SEVERITIES}
    found = ", ".join(counted(count, severity) for severity, count in counts.items() if count)
    told.append(f"Findings: {found}." if found else "Nothing odd was found.")
    return tuple(told)
