"""NUTS by Pyro, on the potential rather than on a traced model."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from pyro.infer.mcmc import NUTS
from torch.autograd.function import once_differentiable

from hddm_sbi.errors import SamplingError
from hddm_sbi.inference.chain_progress import SamplingProgress
from hddm_sbi.inference.checkpoint import Checkpoint
from hddm_sbi.inference.sampler import (
    STATISTICS,
    FloatArray,
    LogDensity,
    NutsSettings,
    RawDraws,
    StartingPoints,
    tree_depth,
)
from hddm_sbi.inference.stopping import Stopping


def sample_pyro(
    potential: LogDensity,
    initial: StartingPoints,
    settings: NutsSettings,
    progress: SamplingProgress,
    stopping: Stopping,
    checkpoint: Checkpoint | None = None,
) -> RawDraws:
    """Draws by Pyro's NUTS, chain after chain; raises and interrupts as ``sample_nuts`` says.

    Pyro keeps its effect handlers and torch its random state in global variables, so chains cannot be threads, and
    processes would need a ``__main__`` guard in the user's script. Chains that run one after the other have no draws in
    common to be looked at on the way, or to be kept: ``stopping`` has no say, and ``checkpoint`` is None.
    """
    u = np.empty((settings.chains, settings.draws, potential.ndim))
    stats = {name: np.empty((settings.chains, settings.draws)) for name in STATISTICS if name != "tree_depth"}
    for chain, seeds in enumerate(np.random.SeedSequence(settings.seed).spawn(settings.chains)):
        start_seed, sampler_seed = (int(x) for x in seeds.generate_state(2, np.uint64) >> np.uint64(1))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(sampler_seed)
            kernel = _Kernel(potential, initial(start_seed), settings)
            for i in range(settings.tune + settings.draws):
                draw, of_draw = kernel.draw()
                progress.update(chain * (settings.tune + settings.draws) + i + 1)
                if i >= settings.tune:
                    u[chain, i - settings.tune] = draw
                    for name, value in of_draw.items():
                        stats[name][chain, i - settings.tune] = value
    statistics: dict[str, npt.NDArray[np.generic]] = {
        **stats,
        "diverging": stats["diverging"].astype(np.bool_),
        "n_steps": stats["n_steps"].astype(np.int64),
    }
    return RawDraws(u, statistics | {"tree_depth": tree_depth(stats["n_steps"])})


class _Kernel(NUTS):
    """Pyro's kernel on one flat vector, with the statistics of each draw."""

    def __init__(self, potential: LogDensity, start: FloatArray, settings: NutsSettings) -> None:
        self._steps = 0
        self._kinetic: list[torch.Tensor] = []
        self._tune = settings.tune
        super().__init__(
            potential_fn=self._energy_at,
            target_accept_prob=settings.target_accept,
            max_tree_depth=settings.max_tree_depth,
        )
        self._log_density = potential
        if not np.isfinite(potential.log_density(start)):
            raise SamplingError("the log density is not finite at the starting point: please check the priors.")
        self.initial_params = {"u": torch.tensor(start, dtype=torch.float64)}
        self.setup(settings.tune)
        self._params = self.initial_params

    def _energy_at(self, params: dict[str, torch.Tensor]) -> torch.Tensor:
        self._steps += 1
        energy: torch.Tensor = _Energy.apply(params["u"], self._log_density)
        return energy

    def _kinetic_energy(self, r_unscaled: dict[str, torch.Tensor]) -> Any:
        energy = super()._kinetic_energy(r_unscaled)
        self._kinetic.append(energy)
        return energy

    def draw(self) -> tuple[FloatArray, dict[str, float]]:
        """One draw of u and its statistics."""
        self._steps, self._kinetic = 0, []
        _, start, _ = self._fetch_from_cache()
        accepted, divergences, step_size = self._mean_accept_prob, len(self._divergences), self.step_size
        self._params = self.sample(self._params)
        _, end, _ = self._fetch_from_cache()
        # Pyro keeps the running mean of the acceptance rate, over n draws since the phase began
        n = self._t if self._t <= self._tune else self._t - self._tune
        return self._params["u"].numpy().copy(), {
            "diverging": len(self._divergences) > divergences,
            "n_steps": self._steps,
            "energy": float(start + self._kinetic[0]),  # at the trajectory's start, before any step
            "step_size": step_size,
            "acceptance_rate": min(max(accepted + n * (self._mean_accept_prob - accepted), 0.0), 1.0),
            "lp": -float(end),
        }


class _Energy(torch.autograd.Function):
    """Minus the log density, with its gradient."""

    @staticmethod
    def forward(ctx: Any, u: torch.Tensor, potential: LogDensity) -> torch.Tensor:
        value, gradient = potential.log_density_grad(u.detach().numpy())
        ctx.save_for_backward(torch.from_numpy(gradient))
        return torch.tensor(-value, dtype=torch.float64)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: torch.Tensor) -> tuple[torch.Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return -grad_output * gradient, None
