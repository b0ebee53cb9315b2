"""Draws of the coefficients from the prior."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from hddm_sbi.inference.layout import Layout, Site
from hddm_sbi.spec.lkj import draw_cholesky
from hddm_sbi.spec.model_spec import ModelSpec

FloatArray = npt.NDArray[np.float64]


def prior_coefficients(spec: ModelSpec, draws: int, seed: int) -> dict[str, FloatArray]:
    """What ``Layout.coefficients`` has, drawn from the prior, each of shape (1, draws, *shape)."""
    layout = Layout.of(spec)
    etas = {one.correlation.site: one.correlation.eta for block in layout.blocks for one in block.sets}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        values = {site.name: _draw(site, draws, etas) for site in layout.sites}
    return layout.coefficients(values)


def _draw(site: Site, draws: int, etas: dict[str, float]) -> FloatArray:
    shape = torch.Size((1, draws, *site.shape))
    if site.kind == "correlation":
        return draw_cholesky(site.shape[-1], etas[site.name], shape[:-2]).numpy()
    if site.prior is None:
        return torch.randn(shape, dtype=torch.float64).numpy()
    return site.prior.sample(shape).double().numpy()
