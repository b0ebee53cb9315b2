"""Simulations that are never trained on: how good the network is on trials it has not seen."""

from __future__ import annotations

from dataclasses import replace

import torch

from hddm_sbi.likelihoods.neural.network import FirstPassageNetwork
from hddm_sbi.training.stream import SimulationStream

# Added to the seed: no training run of another seed that a person would choose draws these simulations.
_OTHER_SEED = 2**31
# Trials of a parameter vector. The mean over few vectors depends on which they are more than on the trials.
_TRIALS = 4


class HeldOut:
    """A fixed set of fresh simulations, drawn as those of training are, with a seed of their own.

    Args:
        stream: the simulations of training, by whose settings these are drawn.
        simulations: number of simulated trials to hold.
    """

    def __init__(self, stream: SimulationStream, simulations: int) -> None:
        rows = max(1, simulations // _TRIALS)
        self._batch = replace(stream, rows=rows, trials=_TRIALS, seed=stream.seed + _OTHER_SEED).batch(0)
        self.simulations = rows * _TRIALS

    def loss(self, network: FirstPassageNetwork) -> float:
        """Mean negative log density, in the units in which the training loss is measured."""
        device = next(network.parameters()).device
        x, theta, row = (tensor.to(device) for tensor in (self._batch.x, self._batch.theta, self._batch.row))
        with torch.no_grad():
            return -float(network.log_prob_rows(x, theta, row).mean())
