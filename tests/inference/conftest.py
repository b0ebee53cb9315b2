"""Small models for the tests of the sampling layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyro.distributions as dist
import pytest
import torch
import torch.distributions as td

from hddm_sbi.spec.correlating import variable_of
from hddm_sbi.spec.model_spec import CommonTerm, Correlation, Groups, GroupTerm, ModelSpec, ParameterSpec
from tests.inference.toys import NormalLikelihood, SmoothLikelihood

# name, link, ends of the support, starting point of a width
PARAMETERS = (
    ("m", "identity", (0.0, 1.0), None),
    ("s", "log", (0.0, 1.0), None),
    ("p", "logit", (0.0, 1.0), None),
    ("q", "logit", (1.0, 3.0), None),
    ("w", "logit", (0.0, 1.0), "p"),
)


def _double(x: float) -> torch.Tensor:
    return torch.tensor(x, dtype=torch.float64)


def _prior(rng: np.random.Generator) -> td.Distribution:
    return [
        lambda: td.Normal(_double(rng.normal()), _double(rng.uniform(0.5, 2))),
        lambda: td.StudentT(_double(3.0), _double(rng.normal()), _double(1.0)),
        lambda: td.LogNormal(_double(0.0), _double(0.7)),
        lambda: td.Gamma(_double(2.0), _double(rng.uniform(1, 3))),
        lambda: dist.Uniform(_double(-1.0), _double(2.0)),
        lambda: td.Beta(_double(2.0), _double(3.0)),
        lambda: td.Gumbel(_double(0.0), _double(1.0)),  # no analytic form here: through autograd
    ][rng.integers(7)]()


def _sd_prior(rng: np.random.Generator) -> td.Distribution:
    return [
        lambda: td.HalfNormal(_double(rng.uniform(0.3, 1))),
        lambda: td.Exponential(_double(2.0)),
        lambda: td.Gamma(_double(2.0), _double(4.0)),
        lambda: td.HalfCauchy(_double(0.5)),
    ][rng.integers(4)]()


class SpecMaker:
    """Random specs over one set of design rows: 2 grouping columns, a factor with 3 levels, a covariate."""

    def __init__(self, rng: np.random.Generator, n: int = 60) -> None:
        self.rng, self.n = rng, n
        subject, item = rng.integers(0, 4, n), rng.integers(0, 3, n)
        level, x = rng.integers(0, 3, n), rng.integers(-2, 3, n).astype(float)
        rows, self.row = np.unique(np.stack([subject, item, level, x], 1), axis=0, return_inverse=True)
        self.row = self.row.ravel()
        self.subject, self.item, self.level = rows[:, :3].T.astype(int)
        self.x = rows[:, 3]
        self.rt = rng.choice(rng.uniform(0.3, 2.0, 12), n)
        self.choice = rng.integers(0, 2, n)
        self.by = {factor: rng.choice([None, None, "kind"]) for factor in ("subject", "item")}

    def terms(self, parameter: str, pooling: str) -> tuple[tuple[CommonTerm, ...], tuple[GroupTerm, ...]]:
        """Intercept, covariate and factor, each at random; groups for some of them."""
        rng, n_rows = self.rng, len(self.x)
        matrices = {"Intercept": np.ones((n_rows, 1)), "x": self.x[:, None], "f": np.eye(3)[self.level]}
        levels = {"Intercept": None, "x": None, "f": ("A", "B", "C")}
        names = ["Intercept", *(name for name in ("x", "f") if rng.random() < 0.5)]
        common = tuple(
            CommonTerm(name, f"{parameter}_{name}", matrices[name], levels[name], _prior(rng))
            for name in names
            if pooling != "none"
        )
        group = []
        for factor, index, size in (("subject", self.subject, 4), ("item", self.item, 3)):
            for name in names if rng.random() < 0.8 else ():
                matched = f"{parameter}_{name}" if pooling == "partial" and rng.random() < 0.8 else None
                none, by = pooling == "none", self.by[factor]
                strata = {"by": by, "strata": ("one", "two"), "stratum": np.arange(size) % 2} if by else {}
                groups = Groups(factor, tuple(range(size)), index, **strata)
                shared = np.zeros(3, dtype=np.int64) if name == "f" and rng.random() < 0.3 else None
                group.append(
                    GroupTerm(
                        name, f"{parameter}_{name}_{factor}", parameter, groups, matrices[name], levels[name], matched,
                        None if none else _sd_prior(rng), _prior(rng) if none else None, shared,
                    )
                )  # fmt: skip
        return common, tuple(group if pooling != "complete" else ())

    def spec(self) -> ModelSpec:
        parameters = []
        for name, link, ends, within in PARAMETERS:
            constant = ParameterSpec(
                name, link, fixed=0.4 if name == "p" else 0.0 if name == "w" else 1.2, within=within
            )
            if self.rng.random() < 0.2:
                parameters.append(constant)
                continue
            common, group = self.terms(name, self.rng.choice(["partial", "none", "complete"]))
            if not common and not group:
                parameters.append(constant)
            else:
                parameters.append(ParameterSpec(name, link, None, common, group, ends=ends, within=within))
        return ModelSpec("toy", self._correlated(parameters), self.row, len(self.x))

    def _correlated(self, parameters: list[ParameterSpec]) -> tuple[ParameterSpec, ...]:
        """Some of the parameters' effects in one set for each factor, with known offsets for some."""
        rng, of_sets = self.rng, {}
        names = {p.name for p in parameters if rng.random() < 0.7} if rng.random() < 0.6 else set()
        for term in (term for p in parameters if p.name in names for term in p.group if term.sd_prior is not None):
            of_sets.setdefault(variable_of(term.groups), []).append(term)
        effects = {name: tuple(e for term in terms for e in term.effects) for name, terms in of_sets.items()}
        sets = {term.site: Correlation(name, effects[name]) for name, terms in of_sets.items() for term in terms}
        found = []
        for p in parameters:
            group = tuple(replace(term, correlation=sets.get(term.site)) for term in p.group)
            offset = 0.1 * self.x if p.fixed is None and rng.random() < 0.2 else None
            found.append(replace(p, group=group, offset=offset))
        return tuple(found)


@pytest.fixture
def make_spec() -> Callable[[int], SpecMaker]:
    """A maker of random specs for a seed."""
    return lambda seed, n=60: SpecMaker(np.random.default_rng(seed), n)


@pytest.fixture
def smooth() -> type[SmoothLikelihood]:
    return SmoothLikelihood


@pytest.fixture
def toy() -> NormalLikelihood:
    return NormalLikelihood()
