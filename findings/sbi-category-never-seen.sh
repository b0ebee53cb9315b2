#!/bin/sh
# sbi 0.27.0: a category that training never saw is read as the next one above, without a word.
#
# MNLE takes the categories of the discrete variable from its training data. Beyond the largest of them log_prob raises
# "contains values not seen during training", so that one expects the same of any other value it never saw. But a value
# below or between the categories gets the mass of the next category above: a network that was trained on choices -1 and
# 1 takes every choice 0 of the data for a 1, and the masses of the values that it accepts add up to more than one.
#
# Fails if the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "torch==2.13.0" "numpy==2.4.6"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "sbi==0.27.0" "numpy==2.4.6"
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from sbi.inference import MNLE

torch.manual_seed(0)
drift = 2.0 * torch.rand(400, 1) - 1.0
choice = torch.where(torch.rand(400, 1) < torch.sigmoid(3.0 * drift), 1.0, -1.0)
rt = 0.3 + torch.rand(400, 1)
trainer = MNLE(show_progress_bars=False).append_simulations(drift, torch.cat([rt, choice], 1))
estimator = trainer.train(max_num_epochs=10, show_train_summary=False)


def mass(choice):
    return float(estimator.discrete_net.log_prob(torch.tensor([[[choice]]]), torch.tensor([[0.8]])).exp())


def log_prob(choice):
    return float(estimator.log_prob(torch.tensor([[[0.7, choice]]]), torch.tensor([[0.8]])))


torch.set_grad_enabled(False)
for choice in (-1.0, 1.0, 0.0, -7.0):
    print(f"choice {choice:4.1f}: mass {mass(choice):.3f}")
assert mass(0.0) == mass(1.0) and mass(-7.0) == mass(-1.0) != mass(1.0)
assert abs(log_prob(0.0)) < 1e6
try:
    log_prob(2.0)
except ValueError as error:
    print("choice  2.0: ValueError:", str(error).split(":")[0])
else:
    raise SystemExit("changed: a value above all categories is accepted, too")
PYTHON
# Output seen (masses differ a little between machines):
#   choice -1.0: mass 0.172
#   choice  1.0: mass 0.828
#   choice  0.0: mass 0.828
#   choice -7.0: mass 0.172
#   choice  2.0: ValueError: Variable 0 contains values not seen during training
