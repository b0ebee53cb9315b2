#!/bin/sh
# formulae 0.9.0: names of calls lose their brackets, so that one of two different terms vanishes; unary minus binds
# tighter than the power.
#
# I((x + y) / 2) and I(x + y / 2) are both named I(x + y / 2), and of terms of one name only the first stays: three
# columns are expected, two come. I(-x**2) is (-x)**2, and not -(x**2) as in Python and R.
#
# Fails if the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "formulae==0.9.0" "pandas==2.3.3" "numpy==2.2.6"
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import pandas as pd
from formulae import design_matrices

data = pd.DataFrame({"x": [-2.0, -1.0, 0.5, 3.0], "y": [1.0, 5.0, 2.0, -4.0], "z": [0.0, 1.0, 2.0, 3.0]})
common = design_matrices("z ~ I((x + y) / 2) + I(x + y / 2)", data).common
print(list(common.terms), np.asarray(common).shape)
assert list(common.terms) == ["Intercept", "I(x + y / 2)"] and np.asarray(common).shape == (4, 2)
square = np.asarray(design_matrices("z ~ 0 + I(-x**2)", data).common).ravel()
print("I(-x**2) =", square.tolist())
assert (square == (-data["x"]) ** 2).all(), square
PYTHON
