#!/bin/sh
# nutpie 0.16.11: the energy in sample_stats contains the log determinant of the adapted transformation.
#
# Energy is kinetic energy less the log density: for a normal distribution of three dimensions it is 3 on average, and so
# it was in 0.16.8. Since 0.16.9 it is that of the transformed coordinates, lower by the sum of the logs of the adapted
# scales, which differ from chain to chain: energies of different chains, and differences from lp, cannot be compared.
# The scales are what mass_matrix_inv now holds (in 0.16.8 it held variances).
#
# Needs Python 3.12 or later, which is looked for (or given: PYTHON=...). Fails if the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python=
for candidate in "${PYTHON:-python3}" python3.12 python3.13 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[23].*/bin/python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || { echo "there is no Python 3.12 or later; give one, PYTHON=..." >&2; exit 1; }
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "nutpie==0.16.11" "numba==0.68.1" "pyarrow==26.0.1"
"$folder/venv/bin/python" - <<'PYTHON'
import warnings

warnings.simplefilter("ignore")
import numpy as np
import nutpie
import pyarrow
from nutpie.compiled_pyfunc import from_pyfunc

SD = np.array([1.0, 0.1, 0.01])


def density(u):
    return -0.5 * float((u / SD) @ (u / SD)), -u / SD**2


model = from_pyfunc(
    3, lambda: density, lambda *seeds: lambda u: {"u": u}, [np.dtype("float64")], [(3,)], ["u"],
    make_initial_point_fn=lambda seed: SD,
)
sampler = nutpie.sample(
    model, draws=4000, tune=400, chains=1, seed=1, progress_bar=False, blocking=False, return_raw_trace=True,
    store_mass_matrix=True,
)
(stats,) = sampler.wait().get_arrow_trace()[1]
energy = np.asarray(pyarrow.array(stats.column("energy")), float)[400:].mean()
scales = np.array(pyarrow.array(stats.column("mass_matrix_inv")).drop_null()[-1].as_py())
print(f"energy {energy:.1f} on average, 3 expected; log determinant {np.log(scales).sum():.1f}, scales {scales.round(3)}")
assert energy < -2.0, energy
assert abs(energy - np.log(scales).sum() - 3.0) < 0.5
PYTHON
