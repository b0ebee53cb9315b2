"""The LKJ distribution for Pyro, whose draws are those of its density."""

from __future__ import annotations

from collections.abc import Sequence

import pyro.distributions as dist
import torch

from hddm_sbi.spec.lkj import draw_cholesky


class LKJCholesky(dist.LKJCholesky):  # type: ignore[misc]
    """Pyro's distribution of Cholesky factors, with draws by ``hddm_sbi.spec.lkj``."""

    def sample(self, sample_shape: Sequence[int] = ()) -> torch.Tensor:
        """Draws of shape (*sample shape, *batch shape, effects, effects)."""
        shape = torch.Size((*sample_shape, *self.batch_shape))
        with torch.no_grad():
            return draw_cholesky(self.dim, self.concentration, shape).to(self.concentration.dtype)
