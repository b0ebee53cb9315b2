#!/bin/sh
# ArviZ 0.23.4: where Numba is installed, `import arviz` compiles a function, in every process anew.
#
# `arviz.stats.ecdf_utils` decorates a function with `numba.vectorize` and a signature, which compiles at once and is not
# cached. It is needed for simultaneous bands of an ECDF only, but takes a part of a second of every start of a program
# that imports ArviZ, or nutpie, which imports ArviZ. Whoever counts seconds imports either when it is needed.
#
# Seen: "loops of _binom_pmf that are compiled: ['lldl->d']", and 0.4 to 1.7 s to compile it once more. Fails if the
# behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    "arviz==0.23.4" "numba==0.68.1" "numpy==2.4.6" "scipy==1.17.1" "xarray==2026.9.0"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import time

import numba.np.ufunc.dufunc  # so that only ArviZ's own share is measured below
import scipy.stats
import xarray

import arviz
from arviz.stats import ecdf_utils

found = ecdf_utils._binom_pmf
begin = time.perf_counter()
numba.vectorize(["float64(int64, int64, float64, int64)"])(found._dispatcher.py_func)
took = time.perf_counter() - begin
print("arviz", arviz.__version__, "and nothing called; loops of", found.__name__, "that are compiled:", found.types)
print(f"compiling it once more takes {took:.2f} s")
assert found.types, "it is compiled when it is called now"
PYTHON
