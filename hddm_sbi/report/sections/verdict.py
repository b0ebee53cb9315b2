"""Whether the draws can be used, and the network that they were drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from hddm_sbi.report.charts.chart import Chart
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.sections.writing import Section, bullets, hint
from hddm_sbi.results.verdict import Verdict

_SEVERITY = {"good": "good", "partial": "warning", "bad": "error"}
_BADGE = {"good": "converged", "partial": "partly converged", "bad": "not converged"}


def section(fit: Fit) -> Section:
    """The sentences on convergence, and those on the network."""
    judged, sizes = fit.verdict, fit.posterior.sizes
    sample = f"{sizes['chain']} chains of {sizes['draw']:,} draws each"
    ended = fit.attrs.get("ended_because")
    parts: list[str | Chart] = [
        boxed(judged),
        hint(f"{sample}{f'; the run ended there because {ended}' if ended else ''}."),
    ]
    return Section("verdict", "Verdict", [*parts, *_network(fit)])


def boxed(judged: Verdict, reasons: bool = True) -> str:
    """The headline, and its reasons if wanted, with the colour and word that stand for them."""
    headline, *rest = judged.sentences
    return _box(_SEVERITY[judged.degree], _BADGE[judged.degree], headline, rest if reasons else ())


def _box(kind: str, word: str, headline: str, reasons: Sequence[str]) -> str:
    return (
        f'<div class="finding {kind}"><p><span class="badge">{word}</span> <strong>{escape(headline)}</strong></p>'
        f"{bullets(reasons) if reasons else ''}</div>"
    )


def _network(fit: Fit) -> list[str]:
    found = fit.origin.certificate
    if found is not None:
        kind, word = ("good", "network certified") if found.passed else ("error", "network not certified")
        headline, *reasons = found.sentences
        return [_box(kind, word, headline, reasons)]
    if fit.attrs.get("likelihood", "exact") == "exact":
        return [hint("The likelihood is exact: nothing was approximated by a network.")]
    return [
        hint(
            "The likelihood is not an exact formula, and this report was written without its certificate: "
            "model.certify(idata) tells by how much it may have moved each mean, and model.report(idata, path, "
            "certificate=...) shows it here."
        )
    ]
