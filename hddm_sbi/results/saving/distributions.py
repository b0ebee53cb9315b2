"""Priors of the user's as a name and numbers, from a closed list of families, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.distributions as td

from hddm_sbi.errors import DataError
from hddm_sbi.spec.distributions import ScaledBeta, number

# The families that can be written, each with the arguments of its constructor. Pyro's have the names of torch's, whose
# subclasses they are, and come back as torch's.
_FAMILIES: dict[str, tuple[Callable[..., td.Distribution], tuple[str, ...]]] = {
    family.__name__: (family, names)
    for family, names in (
        (td.Normal, ("loc", "scale")),
        (td.HalfNormal, ("scale",)),
        (td.LogNormal, ("loc", "scale")),
        (td.StudentT, ("df", "loc", "scale")),
        (td.Cauchy, ("loc", "scale")),
        (td.HalfCauchy, ("scale",)),
        (td.Laplace, ("loc", "scale")),
        (td.Gumbel, ("loc", "scale")),
        (td.Uniform, ("low", "high")),
        (td.Beta, ("concentration1", "concentration0")),
        (ScaledBeta, ("concentration1", "concentration0", "low", "high")),
        (td.Kumaraswamy, ("concentration1", "concentration0")),
        (td.Gamma, ("concentration", "rate")),
        (td.InverseGamma, ("concentration", "rate")),
        (td.Exponential, ("rate",)),
        (td.Chi2, ("df",)),
        (td.Weibull, ("scale", "concentration")),
        (td.Pareto, ("scale", "alpha")),
    )
}
# Matrices, of which the size belongs to the family.
_MATRICES = ("LKJCholesky", "LKJ")
WRITABLE = (*_FAMILIES, _MATRICES[0])
# What torch or Pyro has, and what this package has of its own: a family of another module may mean anything by a name.
_MODULES = ("torch.distributions", "pyro.distributions", "hddm_sbi.spec")


def written_distribution(distribution: Any) -> dict[str, Any] | None:
    """The distribution as a name and numbers; None where its family is not in the list."""
    name = type(distribution).__name__
    if not type(distribution).__module__.startswith(_MODULES):
        return None
    if name in _MATRICES:
        return {
            "family": _MATRICES[0],
            "dim": int(distribution.dim),
            "concentration": float(distribution.concentration),
        }
    if name not in _FAMILIES:
        return None
    values = {argument: getattr(distribution, argument) for argument in _FAMILIES[name][1]}
    if any(torch.as_tensor(value).numel() != 1 for value in values.values()):
        return None
    return {"family": name, **{argument: float(value) for argument, value in values.items()}}


def read_distribution(written: Mapping[str, Any]) -> td.Distribution:
    """The distribution of a name and numbers, in float64.

    Raises:
        DataError: the family is not in the list.
    """
    name = written.get("family")
    numbers = {argument: value for argument, value in written.items() if argument != "family"}
    if name == _MATRICES[0]:
        return td.LKJCholesky(int(numbers["dim"]), number(numbers["concentration"]))
    if name not in _FAMILIES:
        raise DataError(f"the file has a prior of the family {name!r}, which is none of {', '.join(WRITABLE)}.")
    family = _FAMILIES[name][0]
    kind = float if family is ScaledBeta else number  # which makes tensors of them itself
    return family(**{argument: kind(value) for argument, value in numbers.items()})
