"""SOAP: Adam in the eigenbasis of Shampoo's preconditioner (Vyas et al. 2024, arXiv 2409.11321).

For small networks and large batches, where the curvature is what holds Adam up, it takes several times fewer steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class Soap(torch.optim.Optimizer):
    """Adam on the rotated gradient of every weight matrix; plain Adam for biases.

    Args:
        params: the weights to optimise.
        lr: learning rate.
        betas: memory of the mean and the square of the gradient.
        memory: memory of the matrices whose eigenvectors rotate it.
        every: number of steps between updates of these matrices.
        eps: number that is added to the root of the mean square, against division by zero.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 3e-3,
        betas: tuple[float, float] = (0.95, 0.95),
        memory: float = 0.95,
        every: int = 10,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "memory": memory, "every": every, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step along the gradients."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, weight.grad, group)

    def _move(self, weight: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        first, second = group["betas"]
        if not state:
            state["step"] = torch.zeros(())
            state["mean"], state["square"] = torch.zeros_like(weight), torch.zeros_like(weight)
            if weight.dim() == 2:
                for side, size in zip(("left", "right"), weight.shape, strict=True):
                    state[side] = torch.zeros(size, size, device=weight.device)
                    state[f"{side}_basis"] = torch.eye(size, device=weight.device)
        state["step"] += 1
        step = int(state["step"])
        if weight.dim() == 2:
            # the first gradient only tells the basis
            state["left"].lerp_(gradient @ gradient.T, 1.0 - group["memory"])
            state["right"].lerp_(gradient.T @ gradient, 1.0 - group["memory"])
            if step == 1 or step % group["every"] == 0:
                self._turn(state, first_time=step == 1)
            gradient = state["left_basis"].T @ gradient @ state["right_basis"]
        state["mean"].lerp_(gradient, 1.0 - first)
        state["square"].mul_(second).addcmul_(gradient, gradient, value=1.0 - second)
        mean = state["mean"] / (1.0 - first**step)
        root = (state["square"] / (1.0 - second**step)).sqrt_().add_(group["eps"])
        move = mean / root
        if weight.dim() == 2:
            move = state["left_basis"] @ move @ state["right_basis"].T
        weight.add_(move, alpha=-group["lr"])

    @staticmethod
    def _turn(state: dict[str, Any], *, first_time: bool) -> None:
        """Update the bases by one power iteration, and turn the mean of the gradients along."""
        for side in ("left", "right"):
            before = state[f"{side}_basis"]
            if first_time:
                after = torch.linalg.eigh(state[side]).eigenvectors.flip(-1)
            else:
                # columns in the order of their curvature, so that the squares keep their places
                order = (before * (state[side] @ before)).sum(0).argsort(descending=True)
                before = before[:, order]
                state["square"] = state["square"][order] if side == "left" else state["square"][:, order]
                state["mean"] = state["mean"][order] if side == "left" else state["mean"][:, order]
                after, _ = torch.linalg.qr(state[side] @ before)
            turn = after.T @ before
            state["mean"] = turn @ state["mean"] if side == "left" else state["mean"] @ turn.T
            state[f"{side}_basis"] = after
