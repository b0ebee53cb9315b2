"""The model as equations, in words and as MathML: process, regressions, group effects, lapses, what was seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.likelihoods.observation.lapses import LAPSE_PARAMETERS, Lapses
from hddm_sbi.report import mathml as m
from hddm_sbi.report.processes import Equation, equation, equations_of_process
from hddm_sbi.report.protocol import Model
from hddm_sbi.report.words import number
from hddm_sbi.spec.distributions import in_words
from hddm_sbi.spec.group_block import GroupBlock, apart_terms, blocks_of
from hddm_sbi.spec.in_words import equation as regression
from hddm_sbi.spec.model_spec import CommonTerm, GroupTerm, ParameterSpec
from hddm_sbi.trials.columns import enumerated

_INDEX = m.name("i")
# Terms that fit a line, also of a phone.
_ON_A_LINE = 3


def equations(model: Model) -> tuple[Equation, ...]:
    """The equations of a model.

    Args:
        model: the model.

    Returns:
        Pairs ``in_words``, a sentence, and ``mathml``, a ``math`` element: the process; under stimulus coding its
        drift; the regression of each parameter; how groups deviate from the population; lapses; and what omissions and
        truncation do.

    Example:
        >>> import hddm_sbi as hs
        >>> model = hs.HierarchicalDDM(hs.load_data(), groupby="participant_id", likelihood="exact")
        >>> equations(model)[0].in_words
        'Evidence x drifts at the rate v, with Brownian noise of standard deviation 1.'
    """
    spec = model.spec
    described = {one.name: one.description for one in model.ssm.parameters}
    found = equations_of_process(model.ssm, [one.name for one in spec.parameters if one.fixed == 0.0])
    found += [_signed(one) for one in spec.parameters if one.signed is not None]
    found += [_regression(one, described.get(one.name, "")) for one in spec.reported.parameters]
    for block in blocks_of(spec.reported):
        found += _deviations(block)
    found += [_apart(term) for term in apart_terms(spec.reported)]
    return (*found, *_observation(model))


def _signed(parameter: ParameterSpec) -> Equation:
    """The drift under stimulus coding."""
    assert parameter.signed is not None
    drift, bias = parameter.signed.drift.name, parameter.signed.bias
    added = [] if bias.fixed == 0.0 else [m.sign("+"), m.sub(m.name(bias.name), _INDEX)]
    also = "" if bias.fixed == 0.0 else f" plus the drift criterion {bias.name}"
    return equation(
        f"The drift to the upper boundary is {drift} where the stimulus of trial i calls for the upper response "
        f"(s = 1), and -{drift} where for the lower one (s = -1){also}.",
        m.equals(m.sub(m.words("drift"), _INDEX), m.sub(m.name("s"), _INDEX), m.sub(m.name(drift), _INDEX), *added),
    )


def _regression(parameter: ParameterSpec, description: str) -> Equation:
    called = f"{parameter.name} ({description})" if description else parameter.name
    if parameter.fixed is not None:
        return equation(
            f"{called} is fixed at {number(parameter.fixed)}.",
            m.equals(m.name(parameter.name), m.number(parameter.fixed)),
        )
    left, right = regression(parameter)
    if parameter.name in LAPSE_PARAMETERS:
        prior = in_words(parameter.common[0].prior)
        return equation(f"{called} has the prior {prior}.", m.drawn(m.name(parameter.name), m.words(prior)))
    terms = [_common(parameter, term) for term in parameter.common]
    terms += [m.sub(m.words("offset"), _INDEX)] if parameter.offset is not None else []
    terms += [_group(term) for term in parameter.group]
    step = len(terms) if len(terms) <= _ON_A_LINE else 2
    parts = [m.joined(terms[at : at + step], "+") for at in range(0, len(terms), step)] if terms else [m.number(0)]
    scale = "" if parameter.link == "identity" else f", on the scale of the {parameter.link},"
    return equation(
        f"{called} of trial i{scale} is {_sum(parameter)}: {left} {right}.",
        m.lines(m.equals(_linked(parameter), parts[0]), *(m.row(m.sign("+"), part) for part in parts[1:])),
    )


def _sum(parameter: ParameterSpec) -> str:
    """What a linear predictor adds up, in words."""
    parts = [f"the population's {enumerated([_called(term) for term in parameter.common])}"] if parameter.common else []
    for factor in dict.fromkeys(term.factor for term in parameter.group):
        own = enumerated([_called(term) for term in parameter.group if term.factor == factor])
        many = len([term for term in parameter.group if term.factor == factor]) > 1
        deviations = f"{'deviations' if many else 'deviation'} in" if parameter.common else "own"
        parts.append(f"its {factor}'s {deviations} {own}")
    if parameter.offset is not None:
        parts.append("a known offset")
    return " plus ".join(parts) if parts else "0"


def _called(term: CommonTerm | GroupTerm) -> str:
    return "intercept" if term.name == "Intercept" else f"effect of {term.name}"


def _linked(parameter: ParameterSpec) -> str:
    """The link of a parameter's value on a trial."""
    value, (low, high) = m.sub(m.name(parameter.name), _INDEX), parameter.ends
    if parameter.link == "identity":
        return value
    if parameter.within is not None:
        z = m.sub(m.name(parameter.within), _INDEX)
        room = m.row(m.number(2), m.applied("min", z, m.row(m.number(1), m.sign(m.MINUS), z)))
        return m.applied(parameter.link, m.fraction(value, room))
    if parameter.link == "logit" and (low, high) != (0.0, 1.0):
        above = value if low == 0.0 else m.row(value, m.sign(m.MINUS), m.number(low))
        return m.applied("logit", above if high - low == 1.0 else m.fraction(above, m.number(high - low)))
    return m.applied(parameter.link, value)


def _common(parameter: ParameterSpec, term: CommonTerm) -> str:
    """A population coefficient times its column; of several columns the product of two vectors."""
    return _product(m.name("β"), f"{parameter.name}_{term.name}", term.name, term.reported.levels)


def _group(term: GroupTerm) -> str:
    """A group's deviation times its column."""
    return _product(m.name("b"), f"{term.of}_{term.name}, {term.factor}[i]", term.name, term.reported.levels)


def _product(symbol: str, of: str, name: str, levels: tuple[str, ...] | None) -> str:
    coefficient = m.sub(symbol, m.words(of))
    if name == "Intercept":
        return coefficient
    column = m.sub(m.words(name), _INDEX)
    return m.row(coefficient, m.sign("·"), column) if levels is None else m.row(
        m.power(column, m.sign("⊤")), coefficient
    )  # fmt: skip


def _deviations(block: GroupBlock) -> Iterator[Equation]:
    """How the groups of a factor deviate from the population."""
    effects, strata = block.reported_effects, ""
    if block.groups.by is not None:
        strata = f", with standard deviations (and correlations) of each level of {block.groups.by}"
    together = {place for one in block.sets for place in one.shown}
    alone = [effect for place, effect in enumerate(effects) if place not in together]
    if alone:
        b = m.sub(m.name("b"), m.words("effect"))
        sigma = m.power(m.sub(m.name("σ"), m.words("effect")), m.number(2))
        yield equation(
            f"Of each {block.groups.factor} the deviations in {enumerated(alone)} are normal and independent{strata}.",
            m.drawn(b, m.applied("Normal", m.number(0), sigma)),
        )
    for one in block.sets:
        named = [effects[place] for place in one.shown]
        diagonal = m.applied("diag", m.name("σ"))
        normal = m.drawn(m.name("b"), m.applied("Normal", m.number(0), m.row(diagonal, m.name("R"), diagonal)))
        lkj = m.drawn(m.name("R"), m.applied("LKJ", m.number(one.correlation.eta)))
        yield equation(
            f"Of each {block.groups.factor} the deviations in {enumerated(named)} are jointly normal with standard "
            f"deviations sigma and correlations R, whose prior is LKJ({one.correlation.eta:g}){strata}.",
            m.row(normal, m.sign(","), lkj),
        )


def _apart(term: GroupTerm) -> Equation:
    """A coefficient without pooling."""
    assert term.prior is not None
    prior, of = in_words(term.prior), f"{term.of}_{term.name}"
    return equation(
        f"Of each {term.factor} the coefficient {of} has the prior {prior}, whatever the others are.",
        m.drawn(m.sub(m.name("b"), m.words(of)), m.words(prior)),
    )


def _observation(model: Model) -> Iterator[Equation]:
    """Lapses, what is seen of a trial, and truncation."""
    lapses, trials = model.likelihood.lapses, model.trials
    if lapses is not None:
        yield _lapsing(lapses, model)
    if trials.go or trials.omitted.any():
        what = "a withheld response" if trials.go else "an omission"
        until = "D" if np.isfinite(trials.deadline).any() else "∞"
        mass = m.row(m.number(1), m.sign(m.MINUS), m.applied("F", m.name(until)))
        by = " by the deadline D" if until == "D" else " at any time"
        yield equation(
            f"The likelihood of {what} is the probability of no {'go response' if trials.go else 'response'}{by}, "
            "lapses included; F is the distribution function of response times.",
            m.equals(m.applied("P", m.words("no response")), mass),
        )
    if trials.truncated:
        kept = m.applied("P", m.row(m.name("l"), m.sign("<"), m.name("rt"), m.sign("<"), m.name("h")))
        yield equation(
            "Every trial in the data is divided by the probability of being kept, with a response time between the "
            "limits l and h of truncation.",
            m.equals(m.applied("p", m.words("trial | kept")), m.fraction(m.applied("p", m.words("trial")), kept)),
        )


def _lapsing(lapses: Lapses, model: Model) -> Equation:
    """The mixture of process and lapses."""
    p, f = m.name("p"), m.applied("f", m.name("rt"), m.name("c"))
    window = m.row(m.name("h"), m.sign(m.MINUS), m.name("l"))
    choices = 1 if model.trials.go else len(model.trials.options)
    below = m.row(m.number(choices), m.brackets(window)) if choices > 1 else window
    silent = m.brackets(m.number(1), m.sign(m.MINUS), m.name("q")) if lapses.omissions else ""
    which = "all of them go responses" if model.trials.go else f"over {choices} choices"
    never = "; the share q = lapse_omission of lapses never responds" if lapses.omissions else ""
    return equation(
        f"With the probability p = p_outlier a trial is a lapse, uniform between the ends l and h of the window, "
        f"{which}{never}; f is the density of the process.",
        m.equals(
            m.applied("p", m.name("rt"), m.name("c")),
            m.brackets(m.number(1), m.sign(m.MINUS), p), f, m.sign("+"), m.fraction(m.row(p, silent), below),
        ),
    )  # fmt: skip
