"""The model's structure as data: the one source of the Pyro plate model and of the compiled potential."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch.distributions as td

from hddm_sbi.spec.links import UNIT, Link, get_link
from hddm_sbi.ssm.widths import Width

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CommonTerm:
    """A population coefficient block of one parameter.

    Args:
        name: the term as formulae writes it: ``Intercept``, ``conf``, ``conf:stim``.
        site: name of the sampled site and of the posterior variable: ``v_Intercept``; ``p_outlier`` for itself.
        matrix: its columns on the unique design rows, shape (rows, columns).
        levels: labels of the columns where the term has a factor, else None (then there is one column, and the
            coefficient is a scalar).
        prior: distribution of each coefficient on the link scale, scalar (the same for all columns). Its support may
            be constrained.
    """

    name: str
    site: str
    matrix: FloatArray
    levels: tuple[str, ...] | None
    prior: td.Distribution


@dataclass(frozen=True)
class GroupTerm:
    r"""Coefficients of one term that vary by group.

    With a matching common term the group's whole coefficient is b ~ N(beta, sd), else b ~ N(0, sd); b - beta is the
    posterior variable ``site``. The sampled variable is

        raw ~ N(w beta, sd^w),   b = beta + sd^(1 - w) (raw - w beta)

    with the centring w in [0, 1]: 1 is centred, 0 is not (Papaspiliopoulos, Roberts & Skold 2007; in Pyro
    ``LocScaleReparam``). With ``sd_prior`` None (no pooling) there is no sd: b ~ ``prior``, independently, and raw = b.

    Args:
        name: the term: ``Intercept``, ``conf``.
        site: name of the posterior variable of the deviations: ``v_Intercept_subject``.
        factor: the grouping column.
        groups: its labels, as in the data.
        index: group of each design row, shape (rows,).
        matrix: columns on the design rows, shape (rows, columns).
        levels: labels of the columns where the term has a factor, else None (then there is one column).
        common: the site of the matching common term, with the same columns, or None.
        sd_prior: distribution of the group standard deviation of each column, positive support.
        prior: used when ``sd_prior`` is None.
        centring: w, shape (groups, columns).
    """

    name: str
    site: str
    factor: str
    groups: tuple[object, ...]
    index: IntArray
    matrix: FloatArray
    levels: tuple[str, ...] | None
    common: str | None
    sd_prior: td.Distribution | None
    prior: td.Distribution | None
    centring: FloatArray


@dataclass(frozen=True)
class ParameterSpec:
    """One parameter: a regression on its link scale, or a constant.

    Args:
        name: ``v``, ``a``, ..., or ``p_outlier``.
        link: ``"identity"``, ``"log"`` or ``"logit"``.
        fixed: the constant on the natural scale, or None; with a constant there are no terms.
        common: population terms.
        group: group terms.
        formula: the right-hand side in words, for ``print``.
        ends: of the support that the logit refers to.
        within: of a width, the relative starting point z that it lies around; the regression is then on its proportion
            of the room there. See ``ssm.widths``.
        source: where the prior of its level comes from.
        signed: of a drift that changes sign with the stimulus, what it is made of; ``common`` and ``group`` are then
            the terms of both, those of the drift multiplied by the sign.
    """

    name: str
    link: str
    fixed: float | None = None
    common: tuple[CommonTerm, ...] = ()
    group: tuple[GroupTerm, ...] = ()
    formula: str = "1"
    ends: tuple[float, float] = UNIT
    within: str | None = None
    source: str = ""
    signed: Signed | None = None

    @property
    def link_function(self) -> Link:
        """The link itself."""
        return get_link(self.link, self.ends)


@dataclass(frozen=True)
class Signed:
    """What a drift under stimulus coding is made of: sign * drift + bias. See ``stimulus``.

    Args:
        sign: 1 where the stimulus calls for the upper choice, -1 where for the lower, shape (rows,).
        drift: towards the response that the stimulus calls for.
        bias: the drift criterion, towards the upper boundary whatever the stimulus.
    """

    sign: FloatArray
    drift: ParameterSpec
    bias: ParameterSpec


@dataclass(frozen=True)
class ModelSpec:
    """The hierarchical model: for each parameter a linear predictor on the unique design rows.

    Args:
        model: name of the sequential sampling model.
        parameters: in the order of the likelihood's theta (``p_outlier`` last where there is a lapse mixture).
        row: design row of each trial, shape (trials,).
        n_rows: number of unique design rows.
    """

    model: str
    parameters: tuple[ParameterSpec, ...]
    row: IntArray
    n_rows: int

    @property
    def free(self) -> tuple[ParameterSpec, ...]:
        """Parameters that are not fixed."""
        return tuple(parameter for parameter in self.parameters if parameter.fixed is None)

    @property
    def widths(self) -> tuple[Width, ...]:
        """The parameters that are widths of ranges of starting points."""
        names = [parameter.name for parameter in self.parameters]
        return tuple(Width(k, names.index(p.within)) for k, p in enumerate(self.parameters) if p.within is not None)

    @property
    def proportions(self) -> tuple[Width, ...]:
        """Those that are estimated, as proportions of their room; a constant is the natural width itself."""
        return tuple(width for width in self.widths if self.parameters[width.at].fixed is None)

    @property
    def reported(self) -> ModelSpec:
        """The model by the quantities that results are about: a drift that changes sign with the stimulus in its parts.

        They share all sites, so that the same draws serve both; but theta has the parameters of this model alone.
        """
        parts: list[ParameterSpec] = []
        for parameter in self.parameters:
            signed = parameter.signed
            parts += [parameter] if signed is None else [signed.drift, signed.bias]
        return replace(self, parameters=tuple(parts))

    def parameter(self, name: str) -> ParameterSpec:
        """The parameter called ``name``; StopIteration if there is none."""
        return next(parameter for parameter in self.parameters if parameter.name == name)

    def common_terms(self) -> Iterator[tuple[ParameterSpec, CommonTerm]]:
        """Every population term with its parameter, in the order in which they are sampled."""
        for parameter in self.parameters:
            for term in parameter.common:
                yield parameter, term

    def group_terms(self) -> Iterator[tuple[ParameterSpec, GroupTerm]]:
        """Every group term with its parameter, in the order in which they are sampled."""
        for parameter in self.parameters:
            for term in parameter.group:
                yield parameter, term
