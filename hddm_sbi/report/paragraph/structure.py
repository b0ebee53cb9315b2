"""The regressions, how participants vary, lapses and priors."""

from __future__ import annotations

from collections.abc import Iterator

from hddm_sbi.likelihoods.observation.lapses import LAPSE_OMISSION, LAPSE_PARAMETERS, P_OUTLIER
from hddm_sbi.report.protocol import Model
from hddm_sbi.report.references import Citations
from hddm_sbi.report.words import number
from hddm_sbi.results.to_arviz import Results, recorded_model
from hddm_sbi.spec.group_block import blocks_of
from hddm_sbi.spec.in_words import equation
from hddm_sbi.spec.model_spec import CommonTerm, GroupTerm, ModelSpec
from hddm_sbi.spec.table import CELL, DIFFERENCE
from hddm_sbi.trials.columns import enumerated

# What the sources of default priors name, and the publication.
_SOURCES = {
    "Wiecki": "wiecki2013",
    "Matzke": "matzke2009",
    "Tran": "tran2021",
    "Voss": "voss2019",
}
_CODINGS = {
    "treatment": "differences from the first level",
    "sum": "deviations from the mean of the levels",
    "helmert": "each level from the mean of those before",
    "orthonormal": "orthonormal contrasts",
}


def of_structure(model: Model, idata: Results, cite: Citations) -> Iterator[str]:
    """The sentences on the regressions and on participants."""
    spec = model.spec
    free = [one for one in spec.reported.parameters if one.fixed is None and one.name not in LAPSE_PARAMETERS]
    if free:
        written = "; ".join(" ".join(equation(parameter)) for parameter in free)
        yield f"On the scales of their links the parameters had the regressions {written}."
    yield from _contrasts(spec, idata)
    yield from _participants(model, cite)


def _contrasts(spec: ModelSpec, idata: Results) -> Iterator[str]:
    """In which coding effects of factors are reported, where there are any."""
    if all(term.reported.levels is None for _, term in spec.common_terms()):
        return
    coding = recorded_model(idata).get("contrasts", "treatment")
    if isinstance(coding, str) and coding in _CODINGS:
        told = f"in {coding} coding ({_CODINGS[coding]})"
    else:
        told = f"in the codings {coding}"
    yield f"Effects of factors are reported {told}."


def _participants(model: Model, cite: Citations) -> Iterator[str]:
    spec, trials = model.spec, model.trials
    if not any(True for _ in spec.group_terms()):
        if trials.subjects:
            yield "The trials of all participants were pooled, as if they were one participant's."
        return
    apart = [term for _, term in spec.group_terms() if term.sd_prior is None]
    if apart:
        yield (
            "Participants were estimated apart, without a population: each one's coefficients had a prior of their "
            "own, and nothing was shrunk."
        )
    blocks = blocks_of(spec.reported)
    if not blocks:
        return
    factors = enumerated(list(dict.fromkeys(block.groups.factor for block in blocks)))
    sets = [(one, block) for block in blocks for one in block.sets]
    independent = "" if sets else ", independently of each other"
    yield (
        f"The coefficients that vary by {factors} deviate from the population's by normal distributions whose "
        f"standard deviations are estimated (partial pooling){independent}."
    )
    for one, block in sets:
        effects = enumerated([block.reported_effects[place] for place in one.shown])
        yield (
            f"The deviations of {effects} are jointly normal; their correlation matrix has an "
            f"LKJ({one.correlation.eta:g}) prior {cite('lewandowski2009')}."
        )
    shared = [one.name for one in spec.free if not one.group and one.name not in LAPSE_PARAMETERS]
    if shared:
        yield f"{enumerated(shared)} did not vary by participant."


def of_lapses(model: Model, cite: Citations) -> Iterator[str]:
    """The sentences on lapses."""
    lapses, names = model.likelihood.lapses, {one.name: one for one in model.spec.parameters}
    if lapses is None or P_OUTLIER not in names:
        yield "No lapses were assumed."
        return
    ends = lapses.ends(model.trials.seen(model.spec.row, model.spec.n_rows))
    low, high = float(ends.min()), float(ends.max())
    until = f"{number(high)} s" if low == high else f"the trial's limit, {number(low)} to {number(high)} s,"
    fixed = names[P_OUTLIER].fixed
    prior = "" if fixed is None else f", fixed at {number(fixed)},"
    over = "with the go response" if model.trials.go else f"and over the {len(model.trials.options)} choices"
    yield (
        f"With the probability {P_OUTLIER}{prior} a trial was a lapse, uniform over times from {number(lapses.low)} "
        f"to {until} {over} {cite('ratcliff2002')}."
    )
    if lapses.omissions:
        fixed = names[LAPSE_OMISSION].fixed
        how = "estimated" if fixed is None else f"fixed at {number(fixed)}"
        yield f"A share of the lapses, {LAPSE_OMISSION} ({how}), never responds."


def of_priors(model: Model, cite: Citations) -> Iterator[str]:
    """The sentences on priors: those that were stated in full, defaults in words."""
    own = model.priors[~model.priors["source"].isin([CELL, DIFFERENCE, "constant"])]
    given, default = own[own["source"] == "given"], own[own["source"] != "given"]
    if len(given):
        stated = "; ".join(f"{row.variable} ~ {row.prior}" for row in given.itertuples())
        yield f"On the scale of the link we chose the priors {stated}."
    if not len(default):
        return
    sources = " ".join(default["source"])
    keys = [key for name, key in _SOURCES.items() if name in sources]
    rest = "All other priors" if len(given) else "Priors"
    after = f", which summarise published estimates {cite(*keys)} where there are any" if keys else ""
    sds = default["variable"].str.endswith("_sd").any()
    between = "; standard deviations between groups have half-normal priors" if sds else ""
    yield f"{rest} were the weakly informative defaults of hddm_sbi{after}{between}."
    names = default["variable"]
    stated = default[names.isin(_levels(model.spec)) | names.isin(LAPSE_PARAMETERS)]
    if len(stated):
        listed = "; ".join(f"{row.variable} ~ {row.prior}" for row in stated.itertuples())
        yield f"Those of intercepts{' and lapses' if names.isin(LAPSE_PARAMETERS).any() else ''} are {listed}."


def _levels(spec: ModelSpec) -> set[str]:
    """Variables that are levels of a parameter: intercepts, or cells in their place, also of participants apart."""
    spec = spec.reported
    terms: list[CommonTerm | GroupTerm] = [term for _, term in spec.common_terms()]
    terms += [term for _, term in spec.group_terms() if term.sd_prior is None]
    return {term.reported.variable for term in terms if term.reported.is_level}
