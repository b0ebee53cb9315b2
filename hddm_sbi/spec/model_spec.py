"""The model's structure as data: the one source of the Pyro plate model and of the compiled potential."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch.distributions as td

from hddm_sbi.spec.links import UNIT, Link, get_link
from hddm_sbi.spec.reported import Reported
from hddm_sbi.ssm.widths import Width

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CommonTerm:
    """A population coefficient block of one parameter, as it is sampled.

    Args:
        name: the term as formulae writes it: ``Intercept``, ``conf``, ``conf:stim``.
        site: name of the sampled site: ``v_Intercept_sampled``, or that of the posterior variable where the two are the
            same: ``v_Intercept``; ``p_outlier`` for itself.
        matrix: its columns on the unique design rows, shape (rows, columns).
        levels: labels of the columns where the term has a factor, else None (then there is one column, and the
            coefficient is a scalar).
        prior: distribution of each coefficient on the link scale, scalar (the same for all columns). Its support may
            be constrained.
        as_reported: how results report it; None: as it is.
    """

    name: str
    site: str
    matrix: FloatArray
    levels: tuple[str, ...] | None
    prior: td.Distribution
    as_reported: Reported | None = None

    @property
    def reported(self) -> Reported:
        """The term as results have it."""
        return _reported(self.site, self)


@dataclass(frozen=True)
class Groups:
    """The groups of one grouping factor, and where the design rows belong.

    Args:
        factor: its name: the grouping column, or columns joined by ``:``.
        labels: of the groups, as in the data.
        index: group of each design row, shape (rows,); negative where a row belongs to none.
        by: the column that divides the groups into strata, each with standard deviations and correlations of its own
            (``(1 | gr(subject, by=patient))``); None where there is one stratum.
        strata: labels of the strata; empty without them.
        stratum: stratum of each group, shape (groups,); zeros without them.
        at: stratum of each design row, shape (rows,); negative where it is unknown. None: that of the row's group.
    """

    factor: str
    labels: tuple[object, ...]
    index: IntArray
    by: str | None = None
    strata: tuple[object, ...] = ()
    stratum: IntArray | None = None
    at: IntArray | None = None

    @property
    def n(self) -> int:
        """Number of groups."""
        return len(self.labels)

    @property
    def of_group(self) -> IntArray:
        """Stratum of each group, shape (groups,)."""
        return np.zeros(self.n, dtype=np.int64) if self.stratum is None else self.stratum

    @property
    def of_row(self) -> IntArray:
        """Stratum of each design row, shape (rows,); negative where neither row nor group says."""
        if self.at is not None:
            return self.at
        if not self.strata:
            return np.zeros(len(self.index), dtype=np.int64)
        return np.where(self.index >= 0, self.of_group[self.index], -1)

    @property
    def key(self) -> tuple[str, str | None]:
        """What tells this division of the trials from others."""
        return self.factor, self.by


@dataclass(frozen=True)
class Correlation:
    """A joint covariance of group effects: those of one grouping factor that bear the same ``variable``.

    Their correlation matrix has the LKJ distribution (Lewandowski, Kurowicka & Joe 2009, Journal of Multivariate
    Analysis 100), of density proportional to det(R)^(eta - 1). Of k effects each correlation then is 2 b - 1 with
    b ~ Beta(eta - 1 + k / 2, eta - 1 + k / 2).

    Args:
        variable: name of the correlation matrix of the sampled effects: ``subject_corr``, or ``subject_corr_sampled``
            where the effects that are reported are others.
        effects: names of the effects, in the order of the matrix: ``v_Intercept``, ``v_conf[LC]``.
        eta: positive; 1 is uniform over matrices, more draws correlations to zero.
        reported: name of the posterior variable; None: that of the sampled effects.
    """

    variable: str
    effects: tuple[str, ...]
    eta: float = 1.0
    reported: str | None = None

    @property
    def posterior_variable(self) -> str:
        """Name of the posterior variable, the correlation matrix of the reported effects: ``subject_corr``."""
        return self.variable if self.reported is None else self.reported

    @property
    def site(self) -> str:
        """Name of the sampled site, the Cholesky factor of the matrix."""
        return f"{self.variable}_cholesky"


@dataclass(frozen=True)
class GroupTerm:
    r"""Coefficients of one term that vary by group.

    A group's deviations from the population are normal, with a standard deviation for each column. Terms of a grouping
    factor with the same ``correlation`` are jointly normal; see ``group_block``, which owns their mathematics. With a
    matching common term the group's whole coefficient is that plus the deviation. With ``sd_prior`` None (no pooling)
    there is no sd: the whole coefficient has the distribution ``prior``, independently of others.

    Args:
        name: the term: ``Intercept``, ``conf``.
        site: name of the deviations as they are sampled: ``v_Intercept_subject_sampled``, or that of the posterior
            variable where the two are the same: ``v_Intercept_subject``.
        of: name of the parameter.
        groups: the groups.
        matrix: columns on the design rows, shape (rows, columns).
        levels: labels of the columns where the term has a factor, else None (then there is one column).
        common: the site of the matching common term, with the same columns, or None.
        sd_prior: distribution of each group standard deviation, positive support.
        prior: used when ``sd_prior`` is None.
        sd_of: which of the term's standard deviations each column has, shape (columns,); None: each its own.
        correlation: the joint covariance that its deviations belong to, or None.
        as_reported: how results report it; None: as it is.
    """

    name: str
    site: str
    of: str
    groups: Groups
    matrix: FloatArray
    levels: tuple[str, ...] | None
    common: str | None
    sd_prior: td.Distribution | None
    prior: td.Distribution | None
    sd_of: IntArray | None = None
    correlation: Correlation | None = None
    as_reported: Reported | None = None

    @property
    def reported(self) -> Reported:
        """The term as results have it."""
        return _reported(self.site, self)

    @property
    def factor(self) -> str:
        """Name of the grouping factor."""
        return self.groups.factor

    @property
    def effects(self) -> tuple[str, ...]:
        """A name for each column: ``v_Intercept``, ``v_conf[LC]``."""
        return self._named(self.levels)

    @property
    def reported_effects(self) -> tuple[str, ...]:
        """A name for each column as it is reported."""
        return self._named(self.reported.levels)

    def _named(self, levels: tuple[str, ...] | None) -> tuple[str, ...]:
        stem = f"{self.of}_{self.name}"
        return (stem,) if levels is None else tuple(f"{stem}[{level}]" for level in levels)

    @property
    def n_columns(self) -> int:
        """Number of coefficients of each group."""
        return self.matrix.shape[1]

    @property
    def sd_site(self) -> str:
        """Name of the sampled site of the standard deviations."""
        return f"{self.site}_sd"

    @property
    def sd_variable(self) -> str:
        """Name of the posterior variable of the standard deviations of the reported coefficients."""
        return f"{self.reported.variable}_sd"

    @property
    def apart_site(self) -> str:
        """Name of the sampled site of whole coefficients that are not pooled."""
        return f"{self.site}_raw"

    @property
    def sd_columns(self) -> IntArray:
        """Which standard deviation each column has, shape (columns,)."""
        return np.arange(self.n_columns) if self.sd_of is None else self.sd_of

    @property
    def sd_shape(self) -> tuple[int, ...]:
        """Shape of the standard deviations: strata, where there are any, then one number or one for each level."""
        own = () if self.levels is None else (int(self.sd_columns.max()) + 1,)
        return (len(self.groups.strata), *own) if self.groups.strata else own

    def sds(self, sd: FloatArray) -> FloatArray:
        """The standard deviation of each stratum and column, (..., strata, columns), from those of ``sd_shape``."""
        sd = sd if self.groups.strata else np.expand_dims(sd, -1 if self.levels is None else -2)
        sd = sd[..., np.newaxis] if self.levels is None else sd
        return np.asarray(sd[..., self.sd_columns])


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
        offset: a known part of the linear predictor, shape (rows,), or None.
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
    offset: FloatArray | None = None
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

    def behind(self, parameter: ParameterSpec) -> tuple[ParameterSpec, ...]:
        """The parameters that a natural value comes from: itself, and for an estimated width its starting point."""
        if parameter.within is None or parameter.fixed is not None:
            return (parameter,)
        return parameter, self.parameter(parameter.within)

    def common_terms(self) -> Iterator[tuple[ParameterSpec, CommonTerm]]:
        """Every population term with its parameter, in the order in which they are sampled."""
        for parameter in self.parameters:
            for term in parameter.common:
                yield parameter, term

    def group_terms(self) -> Iterator[tuple[ParameterSpec, GroupTerm]]:
        """Every group term with its parameter, in the order of the formulas."""
        for parameter in self.parameters:
            for term in parameter.group:
                yield parameter, term


def _reported(site: str, term: CommonTerm | GroupTerm) -> Reported:
    if term.as_reported is not None:
        return term.as_reported
    return Reported(site, term.levels, {site: np.eye(term.matrix.shape[1])})
