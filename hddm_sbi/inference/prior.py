"""Draws of the coefficients from the prior."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from hddm_sbi.spec.model_spec import CommonTerm, GroupTerm, ModelSpec

FloatArray = npt.NDArray[np.float64]


def prior_coefficients(spec: ModelSpec, draws: int, seed: int) -> dict[str, FloatArray]:
    """Population coefficients, group sds and group deviations by site, each of shape (1, draws, *site shape)."""
    result: dict[str, FloatArray] = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for _, term in spec.common_terms():
            result[term.site] = _draw(term.prior, (1, draws, *_columns(term)))
        for _, group in spec.group_terms():
            shape = (1, draws, len(group.groups), *_columns(group))
            if group.sd_prior is None:
                assert group.prior is not None
                whole = _draw(group.prior, shape)
                result[group.site] = whole - (0.0 if group.common is None else np.expand_dims(result[group.common], 2))
            else:
                sd = _draw(group.sd_prior, (1, draws, *_columns(group)))
                result[f"{group.site}_sd"] = sd
                result[group.site] = np.expand_dims(sd, 2) * torch.randn(shape, dtype=torch.float64).numpy()
    return result


def _draw(prior: torch.distributions.Distribution, shape: tuple[int, ...]) -> FloatArray:
    return prior.sample(torch.Size(shape)).double().numpy()


def _columns(term: CommonTerm | GroupTerm) -> tuple[int, ...]:
    return () if term.levels is None else (len(term.levels),)
