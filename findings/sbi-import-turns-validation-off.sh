#!/bin/sh
# sbi 0.27.0: importing sbi.inference turns off the argument checks of torch's and Pyro's distributions for the whole
# process.
#
# A Pyro model that would report a rate of NaN, or a count outside its support, says nothing once sbi is imported: in a
# script that trains a likelihood with sbi and then puts it into a Pyro model, checks are off for all other distributions
# of the model, too. pyro.enable_validation(True) after the import turns them on again.
#
# Fails if the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "torch==2.13.0" "numpy==2.4.6"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "sbi==0.27.0" "pyro-ppl==1.9.2" "numpy==2.4.6"
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import torch
import pyro.distributions as dist

try:
    dist.Poisson(torch.tensor(-1.0))
except ValueError as error:
    print("before:", str(error).splitlines()[0])
else:
    raise SystemExit("changed: a rate of -1 is accepted before sbi is imported")

import sbi.inference  # noqa: F401

print("after:", dist.Poisson(torch.tensor(-1.0)))
assert torch.distributions.Distribution._validate_args is False
PYTHON
