"""The items of the Bayesian analysis reporting guidelines, each answered from a fit or left to its author.

Kruschke, J. K. (2021). Bayesian analysis reporting guidelines. Nature Human Behaviour, 5, 1282-1291.
https://doi.org/10.1038/s41562-021-01177-7
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import NamedTuple

import pandas as pd

from hddm_sbi.likelihoods.observation.lapses import LAPSE_PARAMETERS
from hddm_sbi.report.protocol import Model
from hddm_sbi.report.sensitivity import Sensitivity
from hddm_sbi.report.words import counted
from hddm_sbi.results.summary import summarise
from hddm_sbi.results.to_arviz import Results, group, has_group, recorded_model
from hddm_sbi.results.verdict import Verdict, verdict
from hddm_sbi.spec.table import CELL, DIFFERENCE
from hddm_sbi.trials.columns import enumerated, listed

COLUMNS = ("item", "answer", "where")
AUTHOR = "the author"


class Item(NamedTuple):
    """An item of the guidelines.

    Args:
        item: its step, letter and name.
        answer: from the fit, or what the author has to add.
        where: in a report, or that it is the author's.
    """

    item: str
    answer: str
    where: str


def guidelines(
    model: Model,
    idata: Results,
    *,
    summary: pd.DataFrame | None = None,
    judged: Verdict | None = None,
    found: Sensitivity | None = None,
) -> pd.DataFrame:
    """Kruschke's (2021) reporting guidelines, item by item, answered from the fit or left to the author.

    Args:
        model: the model that was sampled.
        idata: what ``model.sample`` returned.
        summary: ``summarise(idata)``, where there is one already.
        judged: ``verdict(idata)``, where there is one already.
        found: ``sensitivity(model, idata)``, where there is one: its first sentence is then the answer on priors.

    Returns:
        Columns ``item``, ``answer`` and ``where``, the part of a report that has it, or ``"the author"``.

    Example:
        >>> import hddm_sbi as hs
        >>> model = hs.HierarchicalDDM(hs.load_data(), groupby="participant_id", likelihood="exact")
        >>> guidelines(model, model.sample(seed=0)).head()  # doctest: +SKIP
    """
    table = summarise(idata) if summary is None else summary
    judged = verdict(idata, summary=table) if judged is None else judged
    items = [
        *_preamble(),
        *_model(model, idata),
        *_computation(idata, table, judged),
        *_posterior(idata),
        *_decisions(),
        *_sensitivity(model, found),
        *_reproducibility(idata),
    ]
    return pd.DataFrame(items, columns=list(COLUMNS))


def _preamble() -> Iterator[Item]:
    yield Item("A. Why Bayesian", "Say why, if your readers ask.", AUTHOR)
    yield Item("B. Goals of analysis", "Say what the analysis is for: estimation, prediction or a comparison.", AUTHOR)


def _model(model: Model, idata: Results) -> Iterator[Item]:
    options, trials = recorded_model(idata), model.trials
    predictors = [name for name in _predictors(idata) if name != trials.groupby]
    outcome = enumerated([f"'{options.get(name, name)}'" for name in (["rt"] if trials.rt_seen.any() else []) + [
        "response"]])  # fmt: skip
    by = f" from {listed(predictors)}" if predictors else ", without predictors"
    yield Item(
        "1A. Data variables",
        f"Predicted are {outcome} of {counted(trials.n, 'trial')}{by}. {trials.reading}",
        "How the data were read",
    )
    free = [one.name for one in model.spec.reported.parameters if one.fixed is None]
    ancillary = [name for name in free if name in LAPSE_PARAMETERS]
    also = f"; ancillary are {enumerated(ancillary)}" if ancillary else ""
    yield Item(
        "1B. Likelihood function and parameters",
        f"Model '{model.ssm.name}', likelihood '{idata.attrs.get('likelihood', '')}'; estimated are "
        f"{enumerated([name for name in free if name not in ancillary])}{also}. Say which of them your question is "
        "about.",
        "Equations",
    )
    own = model.priors[~model.priors["source"].isin([CELL, DIFFERENCE, "constant"])]
    given = int((own["source"] == "given").sum())
    yield Item(
        "1C. Prior distribution",
        f"{counted(len(own), 'prior')}, {given} chosen by you, the others weakly informative defaults, each with its "
        f"source{'; justify yours' if given else ''}.",
        "Prior against posterior",
    )
    yield Item("1D. Formal specification", "As equations in words and symbols.", "Equations")
    has_prior = has_group(idata, "prior_predictive")
    yield Item(
        "1E. Prior predictive check",
        "Trials simulated from the prior are among the results."
        if has_prior
        else "Not part of this fit: model.prior_predictive() simulates experiments from the prior.",
        "Prior predictive trials in the results" if has_prior else AUTHOR,
    )


def _predictors(idata: Results) -> list[str]:
    if not has_group(idata, "constant_data"):
        return []
    limits = ("design_row", "deadline_s", "truncated_below_s", "truncated_above_s")
    return [str(name) for name in group(idata, "constant_data").data_vars if name not in limits]


def _computation(idata: Results, table: pd.DataFrame, judged: Verdict) -> Iterator[Item]:
    made_by, sampler = idata.attrs.get("hddm_sbi_version", ""), idata.attrs.get("sampler", "nuts")
    yield Item("2A. Software", f"hddm_sbi {made_by}, sampler {sampler}, ArviZ {version('arviz')}.", "Provenance")
    r_hat = table["r_hat"].max()
    known = "R-hat cannot be judged" if r_hat != r_hat else f"R-hat is at most {r_hat:.3f} ({table['r_hat'].idxmax()})"
    yield Item("2B. MCMC chain convergence", f"{known}. {judged.sentences[0]}", "Verdict")
    ess = table[["ess_bulk", "ess_tail"]].min(axis=1)
    some = ess.dropna()
    yield Item(
        "2C. MCMC chain resolution",
        "Effective sample sizes cannot be judged."
        if some.empty
        else f"Effective sample sizes are at least {some.min():,.0f} ({some.idxmin()}), "
        f"{some.median():,.0f} for half of the quantities.",
        "Verdict",
    )
    yield Item("2D. If not MCMC", "Does not apply: the posterior was sampled by MCMC.", "Methods paragraph")


def _posterior(idata: Results) -> Iterator[Item]:
    yield Item(
        "3A. Posterior predictive check",
        "Quantiles of response times and shares of responses by condition, for the same people and for new ones.",
        "Posterior predictive checks",
    )
    yield Item(
        "3B. Summarize posterior of variables",
        "Means, sds and equal-tailed 95% intervals of every quantity, on the natural scale where it has one.",
        "Population",
    )
    yield Item(
        "3C. BF and posterior model probabilities",
        "None is part of this report; model.contrast(..., bayes_factor=True) weighs a null under priors of yours.",
        AUTHOR,
    )


def _decisions() -> Iterator[Item]:
    yield Item("4A. Why decisions?", "Say whether a decision is needed; estimates need none.", AUTHOR)
    yield Item("4B. Loss function", "Give it, if you decide by one.", AUTHOR)
    yield Item(
        "4C. ROPE limits",
        "Justify them, if you use any: model.contrast(..., rope=(low, high)) reports the probability inside.",
        AUTHOR,
    )
    yield Item("4D. BF and decision threshold", "Give both, if you decide by Bayes factors.", AUTHOR)
    yield Item("4E. Estimated values too", "Every quantity is estimated, whatever was decided.", "Population")


def _sensitivity(model: Model, found: Sensitivity | None) -> Iterator[Item]:
    where = "What would change the conclusions"
    told = found.sentences[0] if found is not None else "All priors to the powers 0.8 and 1.25, by reweighting."
    given = bool((model.priors["source"] == "given").any())
    yield Item("5A. For broad priors", told, where)
    yield Item(
        "5B. For informed priors",
        f"{told} Also fit with the defaults, and compare." if given else "Does not apply: no prior is of your own.",
        where if given else "Prior against posterior",
    )
    yield Item("5C. For default priors", told, where)
    yield Item("5D. BFs and model probabilities", "Repeat Bayes factors under other priors, if you report any.", AUTHOR)
    yield Item("5E. Decisions", "Repeat decisions under other priors, if you report any.", AUTHOR)


def _reproducibility(idata: Results) -> Iterator[Item]:
    seed = idata.attrs.get("seed")
    yield Item("6A. Software and installation", "Versions of everything that was used.", "Provenance")
    yield Item(
        "6B. Script (code) details",
        f"The command and the model's options; seed {seed}." if seed is not None else "The model's options.",
        "Provenance",
    )
    yield Item("6C. Script readability", "Share the script, or the command, with comments.", AUTHOR)
    yield Item("6D. Auxiliary files", "Share the data and the file of draws beside this report.", AUTHOR)
    yield Item("6E. Runs as posted", "Run what you share in an empty folder before you post it.", AUTHOR)
