#!/bin/sh
# torch 2.13.0: LKJCholesky.sample() does not draw from the distribution whose log_prob() it has, from dimension 3 on.
#
# Under LKJ with shape eta every correlation of k variables has the sd 1 / sqrt(2 eta + k - 1): 0.5 for three and
# eta = 1. Drawn ones have 0.50, 0.55 and 0.55. The onion method (Lewandowski, Kurowicka & Joe 2009, section 3.2) takes
# the squared length of row i from Beta(i / 2, ...), and the code from Beta(i - 1 / 2, ...). Prior predictive checks,
# simulation-based calibration and Pyro's Predictive use these draws; posteriors, which use log_prob, are right.
#
# Fails if the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "torch==2.13.0" "numpy==2.4.6"
"$folder/venv/bin/python" - <<'PYTHON'
import torch

torch.manual_seed(0)
double = torch.tensor(1.0, dtype=torch.float64)
prior = torch.distributions.LKJCholesky(3, double)
factor = prior.sample((200_000,))
correlations = factor @ factor.mT
found = [correlations[:, i, j].std().item() for i, j in ((0, 1), (0, 2), (1, 2))]

# the density itself, by weighting uniform points of the cube: eta = 1 is uniform over matrices
r = torch.rand(400_000, 3, dtype=torch.float64) * 2 - 1
inside = 1 + 2 * r.prod(-1) - (r**2).sum(-1) > 0
expected = r[inside].std(0).tolist()
print("drawn:", [round(x, 3) for x in found], " uniform over correlation matrices:", [round(x, 3) for x in expected])
assert max(abs(x - 0.5) for x in expected) < 0.005, expected
assert abs(found[0] - 0.5) < 0.005 and min(found[1:]) > 0.54, found
PYTHON
# Output seen:
#   drawn: [0.5, 0.548, 0.547]  uniform over correlation matrices: [0.5, 0.5, 0.5]
