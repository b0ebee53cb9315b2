"""How the likelihood was evaluated, how the posterior was sampled, and whether the chains converged."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import pandas as pd

from hddm_sbi.errors import HDDMError
from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood
from hddm_sbi.likelihoods.observation.given import GivenDensity
from hddm_sbi.report.protocol import Model
from hddm_sbi.report.references import Citations
from hddm_sbi.report.words import counted
from hddm_sbi.results.convergence import ESS_NEEDED, R_HAT_BELOW
from hddm_sbi.results.to_arviz import Results, group, has_group
from hddm_sbi.results.verdict import Verdict
from hddm_sbi.ssm.registry import is_registered
from hddm_sbi.weights.card import Card, load_card
from hddm_sbi.weights.store import locate

EXACT, PRETRAINED = "exact", "nle"
# The publications of the formulas of the registry's models.
_FORMULAS = {
    "ddm": ("navarro2009", "gondan2014"),
    "full_ddm": ("tuerlinckx2004", "navarro2009"),
    "rdm": ("tillman2020",),
    "lba": ("brown2008",),
}
# Of the probability of a response between two times.
_MASSES = {"ddm": ("blurton2012",)}
# What each sampler is called, its package and its publication.
_SAMPLERS = {"nutpie": ("nutpie", "nutpie", "seyboldt2026"), "pyro": ("Pyro", "pyro-ppl", "bingham2019")}


def of_likelihood(model: Model, idata: Results, cite: Citations) -> Iterator[str]:
    """The sentences on the likelihood."""
    density, label = model.likelihood.density, str(idata.attrs.get("likelihood", ""))
    if label == EXACT:
        yield _exact(model, cite)
    elif isinstance(density, GivenDensity):
        yield f"The likelihood was a function of our own, {label or type(density.likelihood).__name__} [describe it]."
    elif isinstance(density, FirstPassageLikelihood):
        yield from _network(model, idata, label, cite)
    else:
        yield (
            f"The likelihood was approximated by a neural density estimator ({label}) that was trained with sbi on "
            f"simulations of the process {cite('tejero2020', 'papamakarios2019', 'boelts2022')} [say on how many]."
        )


def _exact(model: Model, cite: Citations) -> str:
    ssm, trials = model.ssm, model.trials
    if not is_registered(ssm):
        return "The likelihood was evaluated by a formula of our own [cite or derive it]."
    keys = _FORMULAS[ssm.name]
    whole = trials.rt_seen.all() and trials.choice_seen.all() and not trials.truncated
    if not whole:
        keys = (*keys, *_MASSES.get(ssm.name, ()))
    return f"The likelihood was evaluated exactly {cite(*keys)}."


def _network(model: Model, idata: Results, label: str, cite: Citations) -> Iterator[str]:
    sha = str(idata.attrs.get("weights_sha256", ""))
    simulations = _card(model.ssm.name, label).get("training", {}).get("simulations")
    trained = f" on {simulations:,} simulated trials" if isinstance(simulations, int) else " on simulations"
    whose = "the pretrained network of hddm_sbi" if label == PRETRAINED else "a network that we trained"
    weights = f" The SHA-256 checksum of its weights is {sha}." if sha else ""
    yield (
        f"The likelihood was approximated by {whose} for this model, trained{trained} of the process to give the joint "
        f"density of choice and response time, which is neural likelihood estimation "
        f"{cite('papamakarios2019', 'fengler2021', 'boelts2022')}.{weights}"
    )


def _card(name: str, label: str) -> Card:
    """What is known of a network's making; empty where its card is not at hand."""
    try:
        return locate(name).facts if label == PRETRAINED else load_card(label)
    except HDDMError:
        return {}


def of_sampling(idata: Results, cite: Citations) -> Iterator[str]:
    """The sentences on the sampler."""
    attrs, sizes = idata.attrs, group(idata, "posterior").sizes
    chains, draws = sizes["chain"], sizes["draw"]
    sampler = str(attrs.get("sampler", ""))
    program = ""
    if sampler in _SAMPLERS:
        name, package, key = _SAMPLERS[sampler]
        program = f", as {name}{_version(package)} implements it {cite(key)}"
    tune = f" after {int(attrs['tune']):,} warm-up draws of each" if "tune" in attrs else ""
    seed = f", with seed {attrs['seed']}" if "seed" in attrs else ""
    yield (
        f"The posterior was sampled by the No-U-Turn sampler {cite('hoffman2014')}{program}: "
        f"{counted(chains, 'chain')} of {draws:,} draws{tune}{seed}."
    )
    if attrs.get("draws_asked") == "auto" and "ended_because" in attrs:
        yield f"Sampling ended there because {attrs['ended_because']}."


def of_convergence(idata: Results, table: pd.DataFrame, judged: Verdict, cite: Citations) -> Iterator[str]:
    """The sentences on convergence, from ``summarise`` and ``verdict``."""
    r_hat, ess = table["r_hat"].max(), table[["ess_bulk", "ess_tail"]].min().min()
    divergences = ""
    if has_group(idata, "sample_stats") and "diverging" in group(idata, "sample_stats"):
        count = int(group(idata, "sample_stats")["diverging"].sum())
        divergences = f"; {counted(count, 'draw')} diverged" if count else "; no draw diverged"
    told = []
    if r_hat == r_hat:
        told.append(f"R-hat was at most {r_hat:.3f}")
    if ess == ess:
        told.append(f"effective sample sizes in bulk and tails were at least {ess:,.0f}")
    if told:
        text = f"{' and '.join(told)} {cite('vehtari2021')}{divergences}"
        yield f"Over all quantities, {text}."
    if judged.degree == "bad":
        yield (
            f"[NOT to be reported as it is: these chains do not meet R-hat < {R_HAT_BELOW:g} and {ESS_NEEDED} "
            "effective draws without divergences; sample again.]"
        )
    elif judged.degree == "partial":
        yield (
            f"[{counted(len(judged.unusable), 'quantity').replace('quantitys', 'quantities')} of participants fell "
            "short of this and should not be reported yet; sample longer.]"
        )


def of_software(model: Model, idata: Results, cite: Citations) -> Iterator[str]:
    """The sentences on what is reported, and by which software."""
    made_by = str(idata.attrs.get("hddm_sbi_version", ""))
    pooled = any(term.sd_prior is not None for _, term in model.spec.group_terms())
    typical = ", for the typical participant (the population's median) unless stated otherwise" if pooled else ""
    yield f"Estimates are posterior means with equal-tailed 95% intervals{typical}."
    yield (
        f"The analysis was done with hddm_sbi{f' {made_by}' if made_by else ''}; results are kept as ArviZ "
        f"data{_version('arviz', ', version ')} {cite('kumar2019')}."
    )


def _version(name: str, before: str = " ") -> str:
    try:
        return f"{before}{version(name)}"
    except PackageNotFoundError:
        return ""
