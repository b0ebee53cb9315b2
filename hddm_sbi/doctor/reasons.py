"""Why each kind of finding that the model itself makes matters, and which findings follow from others."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from hddm_sbi.doctor.finding import SEVERITIES, Finding
from hddm_sbi.trials.plausibility import Finding as Found
from hddm_sbi.trials.recording import BoolArray

# By kind; the sentence says what to do.
_WHY = {
    "omissions": "A trial without a response by the deadline tells that the decision was slow: leaving it out makes "
    "drift look higher and the boundary lower.",
    "missing responses": "Without responses nothing says which boundary was reached.",
    "missing response times": "Without times nothing tells a high drift from a wide boundary.",
    "infinite response times": "The likelihood of an infinite time is zero, whatever the parameters.",
    "zero or negative response times": "No response of the process comes before t0, so that such a time is either a "
    "code or a response to something else.",
    "codes": "A code that is read as a time is the slowest trial of all: it stretches the window of the lapses and "
    "pulls drift and boundary.",
    "units": "Drift, boundary and t0 are in units of seconds: a factor of 1,000 in some of the times makes them "
    "meaningless.",
    "withheld with a time": "A withheld response has the likelihood of no response by the deadline, not of a time.",
    "nothing withheld": "Withheld responses are one of the two options of go/no-go.",
    "limit before all responses": "The likelihood of a response after its deadline is zero.",
    "unit of a limit": "With a limit a thousand times too long an omission would have no probability.",
    "no deadline": "An omission has the likelihood of no response by a deadline.",
    "late responses": "The likelihood of a response after its deadline is zero.",
    "far deadline": "Decisions that take that long do not happen, so that lapses alone explain such omissions.",
    "no omissions": "Under a deadline slow decisions are omissions: where these were taken out, what is left is "
    "truncated, and another likelihood holds.",
    "empty truncation": "No trial can be kept between such limits.",
    "outside truncation": "Every kept trial is divided by the probability of lying between the limits.",
    "time-outs": "A time-out that is read as a slow response moves drift, boundary and lapses.",
    "unanswered trials": "A time without a choice counts as a response that was made at that time.",
    "untimed responses": "A choice without a time counts as a response that was made at some time.",
    "accuracy": "Correct responses are those that the drift leads to: with 1 for an error its sign turns round.",
    "single trials": "One trial hardly tells three parameters or more.",
    "unseen participants": "What was never seen comes from the population and the priors.",
    "missing cells": "The effect of a condition is told from its trials; elsewhere population or prior stand in.",
    "few groups": "How much people differ is told from people, not from trials.",
    "responses": "The process ends at one of the model's boundaries: each response must be one of them.",
    "times that are no numbers": "The likelihood is that of a time in seconds.",
    "participants": "Each trial is given to its participant's drift, boundary and t0.",
    "participants in several groups": "Two people who are read as one have one drift, boundary and t0: their average.",
    "limits": "A limit decides what an omission, or a missing slow trial, says about the parameters.",
    "formula": "Effects of conditions are what the formulas say.",
    "stimulus": "The drift changes sign with the stimulus: it says which response is right.",
}
_DOES = {
    "error": "The model refuses the data until this is mended.",
    "warning": "The model fits the data as they are, and gives this as a warning.",
}

# What follows from a finding about the same rows is not said again.
_FOLLOWS = {
    "repeated rows": {"two in one participant", "drift of speed"},
    "one participant twice": {"two in one participant", "repeated rows"},
    "two in one participant": {"drift of speed"},
    "time-outs": {"a cut at the longest times", "drift of speed"},
    "one response only": {"at chance", "below chance"},
    "few trials": {"empty cells", "unbalanced cells"},
    "single trials": {"few trials", "empty cells", "unbalanced cells", "missing cells"},
    "too fast for a response": {"fastest trials"},
    "two factors in one": {"empty cells", "formula"},
    "confounded with participants": {"empty cells", "unbalanced cells"},
    "participants": {"few trials"},
    "units": {"limits"},
}
# Rows with such findings are left out of what other checks look at.
_SET_ASIDE = {"units", "codes", "time-outs", "untimed responses", "unanswered trials"}


def explained(found: Found) -> Finding:
    """A finding of the model's own, with its reason and what the model does."""
    why = _WHY.get(found.kind, "The model would be one of something else than these trials.")
    return Finding(found.kind, found.severity, found.sentence, why, _DOES[found.severity], found.rows)


def without_consequences(findings: list[Finding]) -> list[Finding]:
    """The findings without those that follow from another one about some of the same rows."""
    return [
        finding
        for finding in findings
        if not any(
            finding.kind in _FOLLOWS.get(other.kind, ()) and (finding.rows & other.rows).any() for other in findings
        )
    ]


def in_order(findings: list[Finding]) -> list[Finding]:
    """What stops the model first, then warnings, then notes."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def rows_aside(found: Collection[Found]) -> BoolArray | None:
    """Rows whose times have a fault, shape (n,); None where there are none."""
    rows = [one.rows for one in found if one.kind in _SET_ASIDE]
    return np.logical_or.reduce(rows) if rows else None
