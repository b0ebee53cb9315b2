#!/bin/sh
# formulae 0.9.0: binary(g) takes another level for the success on new data than it had in the fit.
#
# Without a level named, the success is the smallest value of whatever data it is given: 1 for g = 1, 2, 3, and 0 for
# g = 1, 0, 2. A fitted coefficient of "g is 1" is thus applied to "g is 0", where other transforms (center, scale) keep
# what they learned.
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

fit = pd.DataFrame({"g": [1, 2, 3], "y": [0.0, 1.0, 2.0]})
common = design_matrices("y ~ 0 + binary(g)", fit).common
seen = np.asarray(common).ravel().tolist()
new = np.asarray(common.evaluate_new_data(pd.DataFrame({"g": [1, 0, 2]})).design_matrix).ravel().tolist()
print("g = 1, 2, 3:", seen, " new g = 1, 0, 2:", new)
assert seen == [1, 0, 0] and new == [0, 1, 0], (seen, new)
PYTHON
