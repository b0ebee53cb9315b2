"""Layers over panels of rows equal the same layers in torch, forward and back."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from hddm_sbi.compiled.compiling import callable_from_python
from hddm_sbi.likelihoods.neural.network_record import layers_of, mlp_of
from hddm_sbi.likelihoods.neural.panels import PANEL, TILE, layers_backward, layers_forward, pack, padded


@callable_from_python
def _both_ways(weights, biases, transposed, nothing, sizes, slopes, work, by_outputs, outputs, by_inputs):
    layers_forward(weights, biases, sizes, work, slopes, outputs)
    work[: len(by_outputs)] = by_outputs
    layers_backward(transposed, nothing, sizes, slopes, work, by_inputs)


def test_packed_weights_stand_tile_by_tile():
    matrix = np.arange(3.0 * (TILE + 1)).reshape(3, TILE + 1)
    packed = pack(matrix).reshape(2, 3, TILE)
    np.testing.assert_array_equal(packed[0], matrix[:, :TILE])
    np.testing.assert_array_equal(packed[1, :, 0], matrix[:, TILE])
    assert not packed[1, :, 1:].any()


@pytest.mark.parametrize("widths", [(4, 5, 3), (8, 64, 64, 22), (13, 7, 1), (12, 6, 18, 6)])
def test_layers_equal_those_of_torch(widths):
    torch.manual_seed(1)
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(widths):
        layers += [nn.Linear(n_in, n_out), nn.SiLU()]
    net = nn.Sequential(*layers[:-1]).double()
    x = torch.randn(PANEL, widths[0], dtype=torch.float64, requires_grad=True)
    expected = net(x)
    by = torch.randn_like(expected)
    (slope,) = torch.autograd.grad(expected, x, by)
    mlp = mlp_of(layers_of(net), PANEL, 1, 1)
    work, outputs, inputs = mlp.work[0], mlp.outputs[0], mlp.inputs[0]
    work[: PANEL * widths[0]] = x.detach().numpy().T.ravel()
    _both_ways(
        mlp.weights, mlp.biases, mlp.transposed, mlp.nothing, mlp.sizes, mlp.slopes[0], work,
        by.numpy().T.ravel(), outputs, inputs,
    )  # fmt: skip
    assert len(outputs) == PANEL * padded(widths[-1])
    np.testing.assert_allclose(outputs.reshape(-1, PANEL)[: widths[-1]].T, expected.detach(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(inputs.reshape(-1, PANEL)[: widths[0]].T, slope, rtol=1e-12, atol=1e-12)
