"""The sections of a report, one file each, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable

from hddm_sbi.report.fit import Fit
from hddm_sbi.report.sections import (
    asked,
    checks,
    contrasts,
    correlations,
    data,
    guidelines,
    methods,
    participants,
    population,
    priors,
    provenance,
    sensitivity,
    verdict,
)
from hddm_sbi.report.sections.writing import Section

# From a fit to a section; None where the fit has nothing of the kind.
Writer = Callable[[Fit], Section | None]

SECTIONS: tuple[Writer, ...] = (
    asked.section,
    data.section,
    verdict.section,
    population.section,
    contrasts.section,
    checks.section,
    participants.section,
    correlations.section,
    priors.section,
    sensitivity.section,
    methods.section,
    guidelines.section,
    provenance.section,
)
