"""The networks of a mixed estimator over many inputs: passes forward and back."""

from __future__ import annotations

import numpy as np

from hddm_sbi.compiled.arrays import clear
from hddm_sbi.compiled.compiling import internal
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.neural.mixed.layers import add_linear, add_linear_back, linear, rectify, rectify_back
from hddm_sbi.likelihoods.neural.mixed.record import Mass, Time


@internal
def mass_forward(net: Mass, x: FloatArray, residual: FloatArray, inner: FloatArray, logits: FloatArray) -> None:
    """Logits of each input; keeps what enters each block and what stands within it, rectified.

    Args:
        net: the network of the choice's mass.
        x: standardised theta, shape (inputs, parameters).
        residual: filled with what enters each block, shape (1 + blocks, inputs, hidden).
        inner: filled with activations before and after a block's first layer, shape (2, blocks, inputs, hidden).
        logits: filled with the network's outputs, shape (inputs, categories).
    """
    h = net.last.shape[1]
    linear(x, net.context[:h], net.context_bias[:h], residual[0])
    for b in range(net.n_blocks):
        at, within = slice(2 * b * h, (2 * b + 1) * h), slice((2 * b + 1) * h, (2 * b + 2) * h)
        own = slice((b + 1) * h, (b + 2) * h)
        rectify(residual[b], inner[0, b])
        linear(x, net.context[own], net.context_bias[own], inner[1, b])
        add_linear(inner[0, b], net.weights[at], inner[1, b])
        rectify(inner[1, b], inner[1, b])
        linear(inner[1, b], net.weights[within], net.biases[within], residual[b + 1])
        for s in range(len(x)):
            for k in range(h):
                residual[b + 1, s, k] += residual[b, s, k]
    linear(residual[net.n_blocks], net.last, net.last_bias, logits)


@internal
def mass_back(net: Mass, by_logits: FloatArray, inner: FloatArray, by_x: FloatArray) -> None:
    """Add to the derivatives by the standardised theta."""
    h, n = net.last.shape[1], len(by_logits)
    by_residual, by_inner = np.zeros((n, h)), np.empty((n, h))
    add_linear_back(by_logits, net.last, by_residual)
    for b in range(net.n_blocks - 1, -1, -1):
        at, within = slice(2 * b * h, (2 * b + 1) * h), slice((2 * b + 1) * h, (2 * b + 2) * h)
        clear(by_inner)
        add_linear_back(by_residual, net.weights[within], by_inner)
        rectify_back(inner[1, b], by_inner)
        add_linear_back(by_inner, net.context[(b + 1) * h : (b + 2) * h], by_x)
        by_first = np.zeros((n, h))
        add_linear_back(by_inner, net.weights[at], by_first)
        rectify_back(inner[0, b], by_first)
        for s in range(n):
            for k in range(h):
                by_residual[s, k] += by_first[s, k]
    add_linear_back(by_residual, net.context[:h], by_x)


@internal
def time_forward(net: Time, x: FloatArray, embedded: FloatArray, hidden: FloatArray, raw: FloatArray) -> None:
    """Outputs of each spline's network.

    Args:
        net: the networks of the response time.
        x: choice, then theta, standardised, (inputs, 1 + parameters).
        embedded: (1 + embedding layers, inputs, hidden).
        hidden: (splines, hidden layers, inputs, hidden).
        raw: filled with the networks' outputs, shape (splines, inputs, outputs).
    """
    h, outputs = net.first.shape[0], raw.shape[2]
    linear(x, net.first, net.first_bias, embedded[0])
    rectify(embedded[0], embedded[0])
    for k in range(net.n_embedding):
        at = slice(k * h, (k + 1) * h)
        linear(embedded[k], net.embedding[at], net.embedding_bias[at], embedded[k + 1])
        rectify(embedded[k + 1], embedded[k + 1])
    for j in range(net.n_splines):
        below = embedded[net.n_embedding]
        for k in range(net.n_heads):
            at = slice((j * net.n_heads + k) * h, (j * net.n_heads + k + 1) * h)
            linear(below, net.heads[at], net.heads_bias[at], hidden[j, k])
            rectify(hidden[j, k], hidden[j, k])
            below = hidden[j, k]
        at = slice(j * outputs, (j + 1) * outputs)
        linear(below, net.outputs[at], net.outputs_bias[at], raw[j])


@internal
def time_back(net: Time, by_raw: FloatArray, embedded: FloatArray, hidden: FloatArray, by_x: FloatArray) -> None:
    """Fill in the derivatives by choice and standardised theta."""
    h, n, outputs = net.first.shape[0], by_raw.shape[1], by_raw.shape[2]
    by_embedded, above, below = np.zeros((n, h)), np.empty((n, h)), np.empty((n, h))
    for j in range(net.n_splines):
        clear(above)
        add_linear_back(by_raw[j], net.outputs[j * outputs : (j + 1) * outputs], above)
        for k in range(net.n_heads - 1, -1, -1):
            rectify_back(hidden[j, k], above)
            clear(below)
            add_linear_back(above, net.heads[(j * net.n_heads + k) * h : (j * net.n_heads + k + 1) * h], below)
            above, below = below, above
        for s in range(n):
            for k in range(h):
                by_embedded[s, k] += above[s, k]
    for k in range(net.n_embedding, 0, -1):
        rectify_back(embedded[k], by_embedded)
        clear(below)
        add_linear_back(by_embedded, net.embedding[(k - 1) * h : k * h], below)
        by_embedded, below = below, by_embedded
    rectify_back(embedded[0], by_embedded)
    clear(by_x)
    add_linear_back(by_embedded, net.first, by_x)
