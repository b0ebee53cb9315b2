"""The items of the reporting guidelines, answered from the fit or left to its author."""

from __future__ import annotations

from hddm_sbi.errors import HDDMError
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.guidelines import guidelines
from hddm_sbi.report.sections.writing import Section, hint, wide


def section(fit: Fit) -> Section:
    """A row for each item, and the section of the page that has it."""
    try:
        found = fit.sensitivity
    except HDDMError:
        found = None
    table = guidelines(fit.model, fit.idata, summary=fit.summary, judged=fit.verdict, found=found)
    told = (
        "The items of Kruschke (2021), Bayesian analysis reporting guidelines, Nature Human Behaviour 5, 1282-1291, "
        "doi 10.1038/s41562-021-01177-7: what this page answers, and what is the author's to say."
    )
    return Section("guidelines", "Reporting guidelines", [hint(told), wide(table, "items", prose=True)])
