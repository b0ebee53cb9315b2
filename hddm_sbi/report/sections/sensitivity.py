"""What would change the conclusions."""

from __future__ import annotations

from hddm_sbi.errors import HDDMError
from hddm_sbi.report.charts.chart import Chart
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.sections.writing import Section, bullets, folded, hint, wide

_SHOWN = ["change", "quantity", "mean", "2.5%", "97.5%", "new mean", "new 2.5%", "new 97.5%", "shift", "mc_error"]
_LABELS = {"shift": "shift (sd)", "mc_error": "its error", "pareto_k": "Pareto k"}


def section(fit: Fit) -> Section:
    """The sentences, and the table; why there are none, where the draws do not allow it."""
    parts: list[str | Chart]
    try:
        found = fit.sensitivity
    except HDDMError as error:
        parts = [hint(f"This cannot be told: {error}")]
    else:
        table = found.table[[*_SHOWN, "pareto_k", "mostly"]]
        parts = [
            hint(
                "Other priors, more or less weight of the data, lapses over twice the window, and the exact likelihood "
                "in place of a network: the draws are reweighted, nothing is sampled again. Shifts are in posterior "
                "sds; an error of infinity says that reweighting cannot tell."
            ),
            bullets(found.sentences),
            *folded(
                "Every quantity under every change",
                [wide(table, "quantities", labels=_LABELS)],
                len(table),
                printed=False,
            ),
        ]
    return Section("sensitivity", "What would change the conclusions", parts)
