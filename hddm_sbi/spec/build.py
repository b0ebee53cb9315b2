"""From the user's options to the model's structure: formulas, links, priors, constants -> ``ModelSpec``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import torch.distributions as td

from hddm_sbi.design.contrasts import TREATMENT, read_contrasts
from hddm_sbi.design.design import Design, build_design
from hddm_sbi.design.formulas import Formula, read_formulas
from hddm_sbi.design.parameter import Pooling
from hddm_sbi.errors import FormulaError
from hddm_sbi.likelihoods.observation.lapses import LAPSE_OMISSION, LAPSE_PARAMETERS, P_OUTLIER
from hddm_sbi.spec import priors as defaults
from hddm_sbi.spec.correlating import correlate, read_correlated
from hddm_sbi.spec.distributions import check_within
from hddm_sbi.spec.estimated import as_estimated
from hddm_sbi.spec.group_block import blocks_of
from hddm_sbi.spec.model_spec import CommonTerm, ModelSpec, ParameterSpec
from hddm_sbi.spec.options import check_coding, read_fixed, read_links, read_probability, read_shared
from hddm_sbi.spec.stimulus import (
    bias_of,
    check_apart,
    check_link,
    find_drift,
    fixed_bias,
    signed_drift,
    suggest_stimulus,
)
from hddm_sbi.spec.without_times import check_formulas, check_scale, leaving
from hddm_sbi.spec.writing import UsersPriors, Writer
from hddm_sbi.ssm.base import SSM
from hddm_sbi.trials.stimulus import read_stimulus
from hddm_sbi.trials.trials import Trials


def build_spec(
    ssm: SSM,
    trials: Trials,
    *,
    formula: Formula = None,
    random_slopes: bool = True,
    pooling: Pooling = "partial",
    shared: str | Collection[str] = (),
    coding: str = "response",
    stimulus: object = None,
    priors: Mapping[str, td.Distribution] | None = None,
    links: Mapping[str, str] | None = None,
    fixed: Mapping[str, float] | None = None,
    p_outlier: Any = "estimate",
    lapse_omission: Any = "estimate",
    correlated: bool | str | Collection[str] = False,
    contrasts: object = TREATMENT,
) -> tuple[ModelSpec, Design]:
    """The model's structure for an experiment, and the design that applies its formulas to new data.

    Args:
        ssm: the sequential sampling model.
        trials: the experiment.
        formula: regressions of parameters, ``"v ~ conf"``, a list of such, or ``{"v": "conf"}``.
        random_slopes: whether terms that vary within participants also vary by participant.
        pooling: ``"partial"`` (hierarchical), ``"none"`` (participants apart) or ``"complete"`` (one population).
        shared: parameters that do not vary by participant.
        coding: ``"response"``; ``"accuracy"``, which fixes ``z`` at 0.5 and expects drift to the upper boundary; or
            ``"stimulus"``: the drift is s v + v_bias, with s = 1 or -1 as the stimulus has it, see ``spec.stimulus``.
        stimulus: for stimulus coding, a column whose levels are the responses, or a mapping, see ``read_stimulus``.
        priors: distributions by variable that replace the default priors, on the link scale.
        links: links by parameter that replace the defaults.
        fixed: constants by parameter.
        p_outlier: ``"estimate"``, a probability, or a distribution; with 0 it is not a parameter at all.
        correlated: True, or names of parameters: their group effects have a joint covariance.
        contrasts: the coding of factors in which effects are reported, see ``design.contrasts``.
        lapse_omission: likewise, of lapses that never respond; without omissions in the data it is no parameter either.

    Returns:
        The spec, and the design.

    Raises:
        FormulaError: about a formula. ModelError: about any other option. DataError: about the stimulus.
    """
    check_coding(coding, stimulus)
    described = as_estimated(ssm, coding, trials.go)
    drift = find_drift(ssm) if coding == "stimulus" else None
    left = {} if trials.timed else leaving(ssm)
    link_of, chosen = read_links(described, links), UsersPriors(priors)
    constants = read_fixed(described, fixed, coding, left)
    lapses = _read_lapses(p_outlier, lapse_omission, trials)
    sides = read_formulas(formula, described.parameter_names, model=ssm.name, fixed=constants.keys() - left.keys())
    check_formulas(sides, left)
    if drift is not None:
        check_link(drift, link_of)
        constants |= fixed_bias(drift, constants, sides, chosen)
    design = build_design(
        trials,
        sides,
        [name for name in described.parameter_names if name not in constants],
        pooling=pooling,
        random_slopes=random_slopes,
        shared=read_shared(described, shared),
        population=[parameter.name for parameter in described.parameters if parameter.population],
        stimulus=None if drift is None else read_stimulus(trials, stimulus),
        contrasts=read_contrasts(contrasts),
    )
    parameters = {}
    for parameter in described.parameters:
        name, link = parameter.name, link_of[parameter.name]
        if name in constants:
            value = constants[name]
            parameters[name] = ParameterSpec(name, link, value, formula=f"{value:g}", within=parameter.within)
        else:
            prior = defaults.default_prior(described, name, link)
            writer = Writer(parameter, link, prior, design, chosen, apart=pooling == "none")
            parameters[name] = writer.parameter(design.parameters[name])
    together = read_correlated(correlated, design.parameters, pooling)
    parameters = correlate(parameters, design, together, not isinstance(correlated, bool), chosen)
    if drift is not None:
        assert design.sign is not None
        check_apart(drift, design)
        parameters[drift] = signed_drift(parameters[drift], parameters.pop(bias_of(drift)), design.sign)
    parameters |= {name: _of_lapses(name, value, len(design.first), chosen) for name, value in lapses.items()}
    spec = ModelSpec(ssm.name, tuple(parameters.values()), design.row, len(design.first))
    chosen.check_used()
    _check_names(spec, trials.groupby)
    if not trials.timed:
        check_scale(ssm, spec, chosen.given)
    if coding == "response":
        suggest_stimulus(ssm, design, trials)
    return spec, design


Lapse = float | td.Distribution | None


def _read_lapses(p_outlier: Any, lapse_omission: Any, trials: Trials) -> dict[str, Lapse]:
    """The probabilities of lapses that are parameters: none where there are no lapses, or none that could be omissions.

    Without times lapses are there only if the user says so: they and the choices tell the same.
    """
    p, q = read_probability(P_OUTLIER, p_outlier), read_probability(LAPSE_OMISSION, lapse_omission)
    if p == 0.0 or (p is None and not trials.timed):
        return {}
    return {P_OUTLIER: p} if q == 0.0 or not trials.omits else {P_OUTLIER: p, LAPSE_OMISSION: q}


def _of_lapses(name: str, value: Lapse, n_rows: int, chosen: UsersPriors) -> ParameterSpec:
    """A probability of lapses: a constant, or one coefficient for all on its natural scale."""
    if isinstance(value, float):
        return ParameterSpec(name, "identity", fixed=value, formula=f"{value:g}")
    prior = chosen.take(name, defaults.of_lapses(name) if value is None else value)
    check_within(name, prior, 0.0, 1.0, "a probability")
    return ParameterSpec(name, "identity", common=(CommonTerm("Intercept", name, np.ones((n_rows, 1)), None, prior),))


def _check_names(spec: ModelSpec, groupby: str | None) -> None:
    """Refuse columns after which two posterior variables would be called the same."""
    names = [parameter.name for parameter in spec.reported.parameters if parameter.name not in LAPSE_PARAMETERS]
    taken = {*names, *(f"{name}_mean" for name in names)}
    for name in names if groupby is not None else ():
        of_groups = f"{name}_{groupby}"
        if of_groups in taken:
            raise FormulaError(
                f"the value of '{name}' for each of '{groupby}' would be called '{of_groups}', which is the name of "
                "another result; rename that column."
            )
        taken.add(of_groups)
    sites = [
        (term.name, name) for _, term in spec.common_terms() for name in sorted({term.reported.variable, term.site})
    ]
    for _, group in spec.group_terms():
        own = {group.reported.variable, group.site, group.sd_variable, group.sd_site}
        sites += [(group.name, name) for name in sorted(own)]
    for block in blocks_of(spec):
        for one in block.sets:
            sites += [("correlated", name) for name in {one.correlation.posterior_variable, one.correlation.variable}]
    for term, site in sites:
        if site in taken:
            raise FormulaError(
                f"the coefficient of '{term}' would be called '{site}', which is the name of another result; "
                "rename that column."
            )
        taken.add(site)
