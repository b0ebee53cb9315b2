"""How far each group coefficient is centred: as far as the group's own trials determine it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hddm_sbi.inference.curvature import row_information
from hddm_sbi.inference.initial import Estimate, moderate_sd, with_centring
from hddm_sbi.inference.potential import Potential
from hddm_sbi.likelihoods.observation.bound import BoundTrials
from hddm_sbi.spec.model_spec import GroupTerm, ModelSpec

FloatArray = npt.NDArray[np.float64]

EM_STEPS = 20
# The sd is taken this many standard errors low: raw ~ N(w beta, sd^w) is a funnel where sd may be near zero.
STANDARD_ERRORS = 1.0
# Least information on log sd, so that the caution ends somewhere: a factor of exp(-STANDARD_ERRORS / sqrt(.5)).
LEAST_INFORMATION = 0.5


# A coefficient is not centred at all where the sd may be next to zero: even sd^.1 is a funnel there, in which chains
# diverge and stick, and only w = 0 is none. How unlikely zero must be, as a difference of log likelihoods.
LEAST_EVIDENCE = 12.0


def choose_centring(spec: ModelSpec, likelihood: BoundTrials, at: Estimate) -> tuple[ModelSpec, Estimate]:
    """The model with the centring that suits the data, and the estimate with better group sds.

    The likelihood of a group's coefficients is taken as Gaussian around the estimate, with the observed information G,
    minus the second derivatives of the log likelihood of the group's trials. The group's posterior variance given the
    population is V = (G + diag(1 / sd^2))^-1, and w = 1 - V / sd^2 is the share of the variation between
    groups that the data resolve. For one coefficient that is I sd^2 / (1 + I sd^2), which makes the group's raw
    coefficient independent of the population value (Papaspiliopoulos, Roberts & Skold 2007). sd comes from a few steps
    of the EM algorithm under the same approximation, and is taken cautiously low; where w is small, it is zero.

    Args:
        spec: the model's structure.
        likelihood: the likelihood of the trials, whose parameters are those of ``spec``.
        at: rough values of the coefficients, at which the information of the trials is taken.
    """
    potential = Potential(spec, likelihood)
    information = row_information(potential, at.pack(spec))
    sds: dict[str, FloatArray] = {}
    centring: dict[str, FloatArray] = {}
    for factor in dict.fromkeys(term.factor for _, term in spec.group_terms() if term.sd_prior is not None):
        terms = [(p.name, t) for p, t in spec.group_terms() if t.factor == factor and t.sd_prior is not None]
        groups = _Groups(terms, _of_groups(spec, terms, information), at)
        sd = groups.fit_sd()
        w = groups.resolved(groups.cautious(sd))
        w = np.where(evidence(groups.resolved(sd)) < LEAST_EVIDENCE, 0.0, w)
        for (_, term), columns in zip(terms, groups.columns, strict=True):
            sds[f"{term.site}_sd"] = moderate_sd(term, sd[columns]).reshape(np.shape(at.values[f"{term.site}_sd"]))
            centring[term.site] = w[:, columns]
    spec = with_centring(spec, lambda term: centring.get(term.site, term.centring))
    return spec, Estimate({**at.values, **sds}, at.b)


def not_centred(spec: ModelSpec) -> ModelSpec:
    """The same model with no group coefficient centred."""
    return with_centring(spec, lambda term: np.zeros_like(term.centring))


class _Groups:
    """Coefficients of one grouping column under the Gaussian approximation: b and w (groups, k), sd (k,)."""

    def __init__(self, terms: list[tuple[str, GroupTerm]], information: FloatArray, at: Estimate) -> None:
        widths = [term.matrix.shape[1] for _, term in terms]
        self.columns = [slice(end - width, end) for end, width in zip(np.cumsum(widths), widths, strict=True)]
        self._information = information
        self._b = np.concatenate([at.b[t.site].reshape(len(t.groups), -1) for _, t in terms], axis=1)
        self._sd = np.concatenate([np.atleast_1d(at.values[f"{t.site}_sd"]) for _, t in terms])
        beta = [at.values[t.common] if t.common else np.zeros(t.matrix.shape[1]) for _, t in terms]
        self._beta = np.concatenate([np.atleast_1d(x) for x in beta])
        self._has_beta = np.repeat([t.common is not None for _, t in terms], widths)
        # where the data say nothing of a direction, EM would follow the estimate's error to any length
        self._floor, self._ceiling = (
            np.concatenate([moderate_sd(t, np.full(t.matrix.shape[1], end)) for _, t in terms]) for end in (0.0, np.inf)
        )

    def fit_sd(self) -> FloatArray:
        """The sds by EM: at a mode b, G (b_hat - b) = (b - beta) / sd^2 gives b_hat, the groups' likeliest values."""
        b, beta, sd = self._b, self._beta, self._sd
        pull = np.einsum("gjk,gk->gj", self._information, b) + (b - beta) / sd**2  # G b_hat
        for _ in range(EM_STEPS):
            variance = posterior_variance(self._information, sd)
            b = np.einsum("gjk,gk->gj", variance, pull + beta / sd**2)
            beta = np.where(self._has_beta, b.mean(axis=0), 0.0)
            spread = (b - beta) ** 2 + np.einsum("gkk->gk", variance)
            sd = np.clip(np.sqrt(spread.mean(axis=0)), self._floor, self._ceiling)
        return sd

    def resolved(self, sd: FloatArray) -> FloatArray:
        """w = 1 - V / sd^2, the share of the variation between groups that the data resolve."""
        variance = posterior_variance(self._information, sd)
        return np.clip(1.0 - np.einsum("gkk->gk", variance) / sd**2, 0.0, 1.0)

    def cautious(self, sd: FloatArray) -> FloatArray:
        """The lower end of what the sd may be.

        A group's estimate varies around the population with variance sd^2 / w: it carries information 2 w^2 on log sd.
        """
        information = np.sum(2.0 * self.resolved(sd) ** 2, axis=0)
        return sd * np.exp(-STANDARD_ERRORS / np.sqrt(np.maximum(information, LEAST_INFORMATION)))


def evidence(w: FloatArray) -> FloatArray:
    """Log likelihood of the sd over that of none, (k,), where groups, (groups, k), resolve the shares w.

    A group's estimate varies with variance e = sd^2 (1 - w) / w around its value, and sd^2 / w = e / (1 - w) around the
    population's: a normal of variance e expects log(1 - w) / 2 + w / (1 - w) / 2 less of it.
    """
    share = np.minimum(w, 1.0 - 1e-9)
    return np.asarray(0.5 * np.sum(share / (1.0 - share) + np.log1p(-share), axis=0))


def posterior_variance(information: FloatArray, sd: FloatArray) -> FloatArray:
    """(G + diag(1 / sd^2))^-1 of each group, however large its information G is, by eigenvalues in units of the sds."""
    values, vectors = np.linalg.eigh(information * np.outer(sd, sd))
    scaled = vectors * sd[:, None]
    return np.asarray(np.einsum("gik,gk,gjk->gij", scaled, 1.0 / (1.0 + np.maximum(values, 0.0)), scaled))


def _of_groups(spec: ModelSpec, terms: list[tuple[str, GroupTerm]], information: FloatArray) -> FloatArray:
    """G of each group, shape (groups, k, k): what the rows of the group tell of its coefficients."""
    names = [parameter.name for parameter in spec.parameters]
    columns = [(names.index(p), column) for p, term in terms for column in term.matrix.T]
    index, n_groups = terms[0][1].index, len(terms[0][1].groups)
    result = np.zeros((n_groups, len(columns), len(columns)))
    for i, (k, left) in enumerate(columns):
        for j, (m, right) in enumerate(columns[: i + 1]):
            result[:, i, j] = result[:, j, i] = np.bincount(index, left * right * information[:, k, m], n_groups)
    # away from the mode some directions may curve upwards: they tell nothing
    values, vectors = np.linalg.eigh(result)
    return np.einsum("gik,gk,gjk->gij", vectors, np.maximum(values, 0.0), vectors)
