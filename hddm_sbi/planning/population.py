"""The population that a plan supposes: typical values, effects on the natural scale, and sds between people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.distributions as td

from hddm_sbi.errors import ModelError
from hddm_sbi.inference.new_groups import draw_deviations
from hddm_sbi.inference.prior import prior_coefficients
from hddm_sbi.planning.design import Planned
from hddm_sbi.proof.experiment import Coefficients, integer
from hddm_sbi.results.contrasts.ask import values_of
from hddm_sbi.results.contrasts.expression import parameters_in
from hddm_sbi.results.contrasts.syntax import read_contrast
from hddm_sbi.spec.distributions import in_words
from hddm_sbi.spec.group_block import apart_terms, blocks_of, cut
from hddm_sbi.spec.model_spec import GroupTerm, ModelSpec
from hddm_sbi.trials.columns import listed

FloatArray = npt.NDArray[np.float64]
Value = float | td.Distribution

# Newton's steps, their length for derivatives, and how near the targets have to be met, relative to 1 + their size.
_STEPS, _LENGTH, _NEAR = 60, 1e-6, 1e-7
INTERCEPT = "Intercept"


@dataclass(frozen=True)
class Population:
    """What is supposed of a population.

    Args:
        typical: the typical participant's value of parameters on the natural scale, on average over the cells. Others
            are at the mean of the model's prior.
        effects: contrasts, and their values on the natural scale: numbers, or distributions of them.
        sds: between people, on the scale of the link, by name of ``sd_name``. Others are at the median of the prior.
    """

    typical: Mapping[str, Value]
    effects: Mapping[str, Value]
    sds: Mapping[str, float]

    @property
    def as_json(self) -> dict[str, object]:
        """For the record of a run."""
        return {
            "typical": {name: _in_words(value) for name, value in self.typical.items()},
            "effects": {name: _in_words(value) for name, value in self.effects.items()},
            "sds": dict(self.sds),
        }

    def draw(self, planned: Planned, seeds: np.random.SeedSequence) -> Coefficients:
        """Coefficients by site of one experiment, participants included, each of shape (1, 1, *site shape).

        Raises:
            ModelError: an effect, a typical value or an sd does not fit the model.
            FormulaError: a contrast cannot be read, or names what the model does not have.
        """
        spec, (of_effects, of_people) = planned.experiment.spec, seeds.spawn(2)
        used = self.sds_of(spec)
        found = dict(prior_coefficients(spec, 1, 0)) | dict(self._of_population(planned, of_effects))
        for _, term in spec.group_terms():
            found[term.sd_site] = np.full_like(found[term.sd_site], used[sd_name(term)])
        rng = np.random.default_rng(of_people)
        for block in blocks_of(spec):
            for one in block.sets:
                site = one.correlation.site
                found[site] = np.broadcast_to(np.eye(one.size), found[site].shape).copy()
            cholesky = block.population_cholesky(found)
            drawn = [draw_deviations(cholesky[..., stratum, :, :], rng) for stratum in block.groups.of_group]
            found |= cut(block.terms, np.stack(drawn, axis=2))
        return found

    def sds_of(self, spec: ModelSpec) -> dict[str, float]:
        """All sds between people, by name.

        Raises:
            ModelError: one is given that the model does not have, or there is no population.
        """
        if apart_terms(spec):
            raise ModelError(
                "the design has pooling 'none', in which there is no population to plan for: leave it out."
            )
        terms = {sd_name(term): term for _, term in spec.group_terms()}
        unknown = [name for name in self.sds if name not in terms]
        if unknown:
            raise ModelError(
                f"the design gives the sd of '{unknown[0]}', which does not vary between participants; those that do "
                f"are {listed(terms)}."
            )
        return {name: self.sds.get(name, _typical_sd(term)) for name, term in terms.items()}

    def _of_population(self, planned: Planned, seeds: np.random.SeedSequence) -> Coefficients:
        """Population coefficients that have the effects and typical values, as near to the prior's means as can be."""
        spec = planned.experiment.spec
        start = {term.site: np.full(_shape(term), float(term.prior.mean)) for _, term in spec.common_terms()}
        drawn = [_drawn(value, integer(seed)) for value, seed in zip(
            [*self.typical.values(), *self.effects.values()], seeds.spawn(len(self.typical) + len(self.effects)),
            strict=True,
        )]  # fmt: skip
        typical = dict(zip(self.typical, drawn, strict=False))
        effects = dict(zip(self.effects, drawn[len(typical) :], strict=True))
        try:
            level = _solved(planned, start, typical)
        except ArithmeticError:
            raise ModelError(
                "the design's typical values are those of no model: each is a parameter that is estimated, and its "
                f"value lies within its support; given are {', '.join(f'{n} = {v:.4g}' for n, v in typical.items())}."
            ) from None
        held = {name: _at(planned, level, name) for name in _named(effects)}
        for targets in ({**typical, **held, **effects}, effects):  # levels may follow from the effects themselves
            try:
                return _expanded(_solved(planned, level, targets))
            except ArithmeticError:
                continue
        raise ModelError(
            f"no values of the model's coefficients have the effect{'s' * (len(effects) > 1)} "
            f"{', '.join(f'{name} = {value:.4g}' for name, value in effects.items())}: give others, or another formula."
        )


def sd_name(term: GroupTerm) -> str:
    """``v`` for the sd of levels between people, ``v_cond`` for that of an effect."""
    return term.of if term.name == INTERCEPT else f"{term.of}_{term.name}"


def value_of(planned: Planned, coefficients: Coefficients, contrast: str) -> float:
    """The value of a contrast for a population, on the natural scale."""
    return float(values_of(planned.asked(coefficients), read_contrast(contrast)).ravel()[0])


def _at(planned: Planned, level: Mapping[str, FloatArray], contrast: str) -> float:
    return value_of(planned, _expanded(level), contrast)


def _expanded(values: Mapping[str, FloatArray]) -> Coefficients:
    return {site: value[np.newaxis, np.newaxis] for site, value in values.items()}


def _named(effects: Mapping[str, float]) -> list[str]:
    """The parameters that effects are about, without those whose level is itself an effect."""
    names = dict.fromkeys(name for text in effects for name in parameters_in(read_contrast(text)))
    return [name for name in names if name not in effects]


def _solved(planned: Planned, start: Mapping[str, FloatArray], targets: Mapping[str, float]) -> dict[str, FloatArray]:
    """The coefficients with these values of contrasts that are nearest to the start: Newton's steps of least norm.

    Raises:
        ArithmeticError: there are none.
    """
    trees = [read_contrast(text) for text in targets]
    wanted, x = np.array(list(targets.values())), np.concatenate([value.ravel() for value in start.values()])

    def at(points: FloatArray) -> FloatArray:
        asked = planned.asked(_unpacked(start, points))
        return np.stack([values_of(asked, tree)[0] for tree in trees], axis=1)

    for _ in range(_STEPS):
        if not len(wanted):
            break
        around = at(np.vstack([x, x + _LENGTH * np.eye(x.size)]))
        missing = wanted - around[0]
        if not np.isfinite(around).all():
            raise ArithmeticError
        if (np.abs(missing) < _NEAR * (1.0 + np.abs(wanted))).all():
            break
        step = np.linalg.lstsq((around[1:] - around[0]).T / _LENGTH, missing, rcond=1e-9)[0]
        x = x + step * min(1.0, 1.0 / max(np.abs(step).max(), 1e-300))
    else:
        raise ArithmeticError
    return {site: value[0, 0] for site, value in _unpacked(start, x[np.newaxis]).items()}


def _unpacked(start: Mapping[str, FloatArray], points: FloatArray) -> dict[str, FloatArray]:
    """Points, (points, coefficients), as draws of one chain by site."""
    ends = np.cumsum([value.size for value in start.values()])
    parts = np.split(points, ends[:-1], axis=1)
    return {
        site: part.reshape(1, len(points), *value.shape)
        for (site, value), part in zip(start.items(), parts, strict=True)
    }


def _shape(term: object) -> tuple[int, ...]:
    return () if term.levels is None else (term.matrix.shape[1],)  # type: ignore[attr-defined]


def _typical_sd(term: GroupTerm) -> float:
    prior = term.sd_prior
    assert prior is not None
    try:
        return float(prior.icdf(torch.tensor(0.5, dtype=torch.float64)))
    except NotImplementedError:
        return float(prior.mean)


def _drawn(value: Value, seed: int) -> float:
    if not isinstance(value, td.Distribution):
        return float(value)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return float(value.sample())


def _in_words(value: Value) -> object:
    return in_words(value) if isinstance(value, td.Distribution) else value
