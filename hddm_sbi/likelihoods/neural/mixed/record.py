"""The networks of sbi's mixed estimator (MNLE) as arrays, as compiled code reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from nflows.distributions import StandardNormal
from nflows.nn.nde.made import MaskedResidualBlock
from nflows.transforms import CompositeTransform, PiecewiseRationalQuadraticCouplingTransform, PointwiseAffineTransform
from sbi.neural_nets.estimators import MixedDensityEstimator
from torch import Tensor, nn
from torch.nn import functional as F

from hddm_sbi.compiled.structs import FLOAT, FLOATS, FLOATS2, INT, record_type
from hddm_sbi.likelihoods.base import FloatArray, IntArray
from hddm_sbi.likelihoods.neural.evaluation.domain import categories


class Mass(NamedTuple):
    """The network of the choice's mass: residual blocks on theta, whose layers stand below each other.

    Args:
        mean, sd: theta is standardised by, (parameters,).
        context: weights on theta, of the first layer and of each block, ((1 + blocks) hidden, parameters).
        context_bias: their biases, with those of the layers that they are added to.
        weights, biases: of both layers of each block, (2 blocks hidden, hidden); those of the first layers are zero,
            being in ``context_bias``.
        last, last_bias: layer that ends in the logits, (categories, hidden).
        n_blocks: number of blocks.
    """

    mean: FloatArray
    sd: FloatArray
    context: FloatArray
    context_bias: FloatArray
    weights: FloatArray
    biases: FloatArray
    last: FloatArray
    last_bias: FloatArray
    n_blocks: int


class Time(NamedTuple):
    """The networks of the response time: an embedding of choice and theta, then one network for each spline.

    Args:
        mean, sd: theta is standardised by, (parameters,).
        first, first_bias: the embedding's first layer, (hidden, 1 + parameters).
        embedding, embedding_bias: the embedding's further layers, (layers hidden, hidden).
        heads, heads_bias: hidden layers of each spline's network, (splines layers hidden, hidden).
        outputs, outputs_bias: last layer of each spline's network, (splines (3 bins - 1), hidden).
        least: width and height of a bin and slope of a spline, at least, (3,).
        n_embedding, n_heads, n_splines: numbers of layers and splines.
        scale: factor of the raw widths and heights.
        bound: the splines reach from minus to plus this.
        slope, offset: of the line that standardises the time, or its logarithm, before the first spline.
        is_log: whether it is the logarithm of the time that is standardised.
    """

    mean: FloatArray
    sd: FloatArray
    first: FloatArray
    first_bias: FloatArray
    embedding: FloatArray
    embedding_bias: FloatArray
    heads: FloatArray
    heads_bias: FloatArray
    outputs: FloatArray
    outputs_bias: FloatArray
    least: FloatArray
    n_embedding: int
    n_heads: int
    n_splines: int
    scale: float
    bound: float
    slope: float
    offset: float
    is_log: int


MASS = record_type(
    Mass, mean=FLOATS, sd=FLOATS, context=FLOATS2, context_bias=FLOATS, weights=FLOATS2, biases=FLOATS, last=FLOATS2,
    last_bias=FLOATS, n_blocks=INT,
)  # fmt: skip
TIME = record_type(
    Time, mean=FLOATS, sd=FLOATS, first=FLOATS2, first_bias=FLOATS, embedding=FLOATS2, embedding_bias=FLOATS,
    heads=FLOATS2, heads_bias=FLOATS, outputs=FLOATS2, outputs_bias=FLOATS, least=FLOATS, n_embedding=INT, n_heads=INT,
    n_splines=INT, scale=FLOAT, bound=FLOAT, slope=FLOAT, offset=FLOAT, is_log=INT,
)  # fmt: skip


class Networks(NamedTuple):
    """The networks of a mixed estimator; ``category`` is the output for each choice, or -1."""

    category: IntArray
    mass: Mass
    time: Time


class _Another(Exception):
    """The estimator is built in another way."""


def networks_of(estimator: object, n_choices: int) -> Networks | None:
    """The networks of sbi's mixed estimator as its builders make it by default; None for any other.

    One continuous variable by splines without a base of their own, one discrete one by residual blocks, theta
    standardised or as it is; numbers and widths of layers may be any.
    """
    if not isinstance(estimator, MixedDensityEstimator) or type(estimator) is not MixedDensityEstimator:
        return None
    try:
        _demand(len(estimator.condition_shape) == 1)
        (known,) = categories(estimator) or [torch.empty(0)]
        places = [np.flatnonzero(known.numpy() == choice) for choice in range(n_choices)]
        category = np.array([place[0] if len(place) else -1 for place in places], dtype=np.int64)
        return Networks(category, _mass(estimator), _time(estimator))
    except (_Another, AttributeError, TypeError, ValueError):
        return None


def _demand(*conditions: bool) -> None:
    if not all(conditions):
        raise _Another


def _array(tensor: Tensor) -> FloatArray:
    return np.ascontiguousarray(tensor.detach().double().cpu().numpy())


def _stack(tensors: list[Tensor], like: Tensor) -> FloatArray:
    """Tensors below each other; none has the columns of ``like``."""
    return _array(torch.cat(tensors)) if tensors else np.zeros((0, *like.shape[1:]))


def _standardised(embedding: nn.Module, n: int) -> tuple[FloatArray, FloatArray]:
    """Mean and sd by which an embedding standardises theta, if that is all it does."""
    mean, sd = torch.zeros(n), torch.ones(n)
    for layer in _flat(embedding):
        if type(layer).__name__ == "Standardize":
            mean, sd = mean + sd * layer.get_buffer("_mean"), sd * layer.get_buffer("_std")
        else:
            _demand(isinstance(layer, nn.Identity))
    return _array(mean.expand(n)), _array(sd.expand(n))


def _flat(module: nn.Module) -> Iterator[nn.Module]:
    """The layers of nested sequences, in order."""
    if isinstance(module, nn.Sequential):
        for layer in module:
            yield from _flat(layer)
    else:
        yield module


def _transforms(transform: nn.Module) -> Iterator[nn.Module]:
    """The transforms in nested composites, in order."""
    if isinstance(transform, CompositeTransform):
        for part in transform._transforms:
            yield from _transforms(part)
    else:
        yield transform


def _rectified(module: nn.Module) -> list[nn.Linear]:
    """The linear layers of a sequence that alternates between these and rectifiers."""
    layers = [layer for layer in _flat(module) if not isinstance(layer, nn.Identity)]
    _demand(all(isinstance(layer, nn.ReLU if k % 2 else nn.Linear) for k, layer in enumerate(layers)))
    return [layer for layer in layers if isinstance(layer, nn.Linear)]


def _mass(estimator: MixedDensityEstimator) -> Mass:
    net = estimator.discrete_net.net
    _demand(net.num_variables == 1, not net.training)
    contexts, weights = [net.context_layer.weight], []
    context_biases, biases = [net.initial_layer.bias + net.context_layer.bias], []
    for block in net.blocks:
        _demand(
            isinstance(block, MaskedResidualBlock), not block.use_batch_norm, block.activation in (F.relu, torch.relu)
        )
        first, second = block.linear_layers
        contexts.append(block.context_layer.weight)
        context_biases.append(first.bias + block.context_layer.bias)
        weights += [first.weight * first.mask, second.weight * second.mask]
        biases += [torch.zeros_like(first.bias), second.bias]
    last, n = net.final_layer, net.max_num_categories
    mean, sd = _standardised(net.embedding_net, estimator.condition_shape[0])
    hidden = net.context_layer.weight.new_zeros(0, net.hidden_features)
    return Mass(
        mean, sd, _array(torch.cat(contexts)), _array(torch.cat(context_biases)), _stack(weights, hidden),
        _array(torch.cat(biases)) if biases else np.zeros(0),
        _array((last.weight * last.mask)[-n:]), _array(last.bias[-n:]), len(net.blocks),
    )  # fmt: skip


def _time(estimator: MixedDensityEstimator) -> Time:
    flow = estimator.continuous_net
    layers = list(_transforms(flow.net._transform))
    affine = [layer for layer in layers if isinstance(layer, PointwiseAffineTransform)]
    splines = [layer for layer in layers if isinstance(layer, PiecewiseRationalQuadraticCouplingTransform)]
    _demand(layers == [*affine, *splines], isinstance(flow.net._distribution, StandardNormal), not estimator.training)
    _demand(len(splines) > 0, flow.input_shape == (1,), all(s.num_identity_features == 0 for s in splines))
    slope, offset = 1.0, 0.0
    for layer in affine:
        slope, offset = slope * float(layer._scale), offset * float(layer._scale) + float(layer._shift)
    kinds = {(s.num_bins, s.tails, s.tail_bound, s.min_bin_width, s.min_bin_height, s.min_derivative) for s in splines}
    widths = {s.transform_net.hidden_features for s in splines}
    _demand(len(kinds) == 1, len(widths) == 1)
    ((_, tails, bound, *least),) = kinds
    _demand(tails == "linear", not any(s.unconditional_transform for s in splines))
    first, *embedding = _rectified(flow.net._embedding_net)
    heads = [_rectified(s.transform_net.spline_predictor) for s in splines]
    hidden = [layer for head in heads for layer in head[:-1]]
    _demand(len({len(head) for head in heads}) == 1, isinstance(list(_flat(flow.net._embedding_net))[-1], nn.ReLU))
    _demand(all(layer.weight.shape == (first.out_features,) * 2 for layer in (*embedding, *hidden)))
    mean, sd = _standardised(estimator.condition_embedding, estimator.condition_shape[0])
    return Time(
        mean, sd, _array(first.weight), _array(first.bias),
        _stack([layer.weight for layer in embedding], first.weight.new_zeros(0, first.out_features)),
        _array(torch.cat([layer.bias for layer in embedding])) if embedding else np.zeros(0),
        _stack([layer.weight for layer in hidden], first.weight.new_zeros(0, first.out_features)),
        _array(torch.cat([layer.bias for layer in hidden])) if hidden else np.zeros(0),
        _array(torch.cat([head[-1].weight for head in heads])), _array(torch.cat([head[-1].bias for head in heads])),
        np.array(least), len(embedding), len(heads[0]) - 1, len(splines), 1.0 / float(np.sqrt(widths.pop())),
        float(bound), slope, offset, int(estimator.log_transform_input),
    )  # fmt: skip
