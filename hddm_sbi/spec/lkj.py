r"""Draws from the LKJ distribution of correlation matrices, by their Cholesky factors.

torch's ``LKJCholesky`` has the right density, and its ``sample`` draws from another distribution from three
effects on (torch 2.13): its correlations are too wide, and differ by the order of the effects. Pyro's is the same code.

By the onion method (Lewandowski, Kurowicka & Joe 2009, Journal of Multivariate Analysis 100, 1989-2001, section 3.2),
row i = 1, ..., k - 1 of the factor, without its diagonal, has the squared length

    y ~ Beta(i / 2, eta + (k - 1 - i) / 2)

and a direction that is uniform; the diagonal is what makes the row's length 1.
"""

from __future__ import annotations

import torch
import torch.distributions as td


def draw_cholesky(size: int, eta: float | torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """Cholesky factors of independent draws.

    Args:
        size: number of effects, k, at least two.
        eta: shape of the distribution, positive; a number, or one for each draw.
        shape: of the draws.

    Returns:
        Lower triangular matrices, double precision, shape (*shape, k, k).
    """
    row = torch.arange(1, size, dtype=torch.float64)
    etas = torch.as_tensor(eta, dtype=torch.float64).expand(shape)[..., None]
    squared = td.Beta((0.5 * row).expand(*shape, -1), etas + 0.5 * (size - 1 - row)).sample()
    direction = torch.randn((*shape, size - 1, size), dtype=torch.float64).tril()
    below = squared.sqrt()[..., None] * direction / direction.norm(dim=-1, keepdim=True)
    factor = torch.zeros((*shape, size, size), dtype=torch.float64)
    factor[..., 1:, :] = below
    tiny = torch.finfo(torch.float64).tiny
    diagonal = torch.cat([torch.ones((*shape, 1), dtype=torch.float64), (1.0 - squared).clamp(min=tiny).sqrt()], dim=-1)
    return factor + torch.diag_embed(diagonal)
