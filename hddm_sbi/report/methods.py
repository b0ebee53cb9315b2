"""A methods paragraph, written from the model and from what the results record, with the publications it cites."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from hddm_sbi.report.paragraph.computation import of_convergence, of_likelihood, of_sampling, of_software
from hddm_sbi.report.paragraph.experiment import of_experiment
from hddm_sbi.report.paragraph.process import of_process
from hddm_sbi.report.paragraph.structure import of_lapses, of_priors, of_structure
from hddm_sbi.report.protocol import Model
from hddm_sbi.report.references import Citations
from hddm_sbi.results.summary import summarise
from hddm_sbi.results.to_arviz import Results
from hddm_sbi.results.verdict import Verdict, verdict


@dataclass(frozen=True)
class Methods:
    """How an analysis was done, ready to paste.

    Args:
        paragraph: with citations in brackets; what only the author knows is asked for in square brackets.
        references: the publications that it cites, in the order of a list.
        bibtex: the same as BibTeX entries.
    """

    paragraph: str
    references: tuple[str, ...]
    bibtex: str

    def __str__(self) -> str:
        return "\n\n".join([self.paragraph, *self.references])


def methods(
    model: Model, idata: Results, *, summary: pd.DataFrame | None = None, judged: Verdict | None = None
) -> Methods:
    """The methods paragraph of a fit: data, model, priors, likelihood, sampler, convergence, with their numbers.

    Args:
        model: the model that was sampled.
        idata: what ``model.sample`` returned.
        summary: ``summarise(idata)``, where there is one already.
        judged: ``verdict(idata)``, where there is one already.

    Returns:
        The paragraph, its references and their BibTeX.

    Example:
        >>> import hddm_sbi as hs
        >>> model = hs.HierarchicalDDM(hs.load_data(), groupby="participant_id", likelihood="exact")
        >>> found = methods(model, model.sample(seed=0))  # doctest: +SKIP
        >>> print(found.paragraph)  # doctest: +SKIP
    """
    table = summarise(idata) if summary is None else summary
    judged = verdict(idata, summary=table) if judged is None else judged
    cite = Citations()
    sentences = [
        *of_experiment(model, cite),
        *of_process(model, idata, cite),
        *of_structure(model, idata, cite),
        *of_lapses(model, cite),
        *of_priors(model, cite),
        *of_likelihood(model, idata, cite),
        *of_sampling(idata, cite),
        *of_convergence(idata, table, judged, cite),
        *of_software(model, idata, cite),
    ]
    cited = cite.cited
    return Methods(" ".join(sentences), tuple(map(str, cited)), "\n\n".join(one.bibtex for one in cited) + "\n")
