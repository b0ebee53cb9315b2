#!/bin/sh
# formulae 0.9.0: a three-way interaction without main effects has 9 of the 12 columns of its cells, and says nothing.
#
# y ~ a:b:c over factors of 2, 3 and 2 levels spans one mean for each of the 12 cells, as it does in R and patsy, and as
# a*b*c does here. The matrix has rank 9: a model that is meant to be saturated is not. With a main effect beside it
# (a:b + a) the same step ends in IndexError: list index out of range.
#
# Fails if the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "formulae==0.9.0" "pandas==2.3.3" "numpy==2.2.6"
"$folder/venv/bin/python" - <<'PYTHON'
import itertools

import numpy as np
import pandas as pd
from formulae import design_matrices

data = pd.DataFrame(itertools.product("lr", "xyz", "pq", range(3)), columns=["a", "b", "c", "n"])
data["y"] = data["n"].astype(float)


def rank(formula):
    return int(np.linalg.matrix_rank(np.asarray(design_matrices(formula, data).common)))


found = {formula: rank(formula) for formula in ("y ~ a*b*c", "y ~ a:b", "y ~ a:b:c")}
print(found)
assert found == {"y ~ a*b*c": 12, "y ~ a:b": 6, "y ~ a:b:c": 9}, found
try:
    rank("y ~ a:b + a")
except IndexError as error:
    print("y ~ a:b + a: IndexError:", error)
else:
    raise SystemExit("changed: y ~ a:b + a is evaluated")
PYTHON
