#!/bin/sh
# ssm-simulators 0.15.0: its linear ballistic accumulators (lba2, lba3, lba4) ignore simulator(..., random_state=).
#
# They draw from NumPy's global generator, which random_state does not reach, so that the same seed gives other trials in
# every call, and a simulation study with them cannot be repeated; ddm, levy, race_2, racing_diffusion_3, lca_3 and
# full_ddm_rv repeat themselves. What helps: numpy.random.seed before each call.
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
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "ssm-simulators==0.15.0"
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from ssms.basic_simulators.simulator import simulator

THETA = {"lba2": {"A": 0.2, "b": 0.5, "v0": 0.6, "v1": 0.55}, "ddm": {"v": 1.0, "a": 1.0, "z": 0.5, "t": 0.3}}


def draw(model):
    return simulator(THETA[model], model=model, n_samples=4, random_state=7)["rts"].ravel().round(3)


def repeats(model):
    return bool(np.array_equal(draw(model), draw(model)))


def repeats_when_numpy_is_seeded(model):
    draws = []
    for _ in range(2):
        np.random.seed(7)
        draws.append(draw(model))
    return bool(np.array_equal(*draws))


print("ddm, the same random_state twice, the same trials:", repeats("ddm"))
print("lba2:", repeats("lba2"))
print("lba2, numpy.random.seed before each call:", repeats_when_numpy_is_seeded("lba2"))
assert repeats("ddm") and not repeats("lba2") and repeats_when_numpy_is_seeded("lba2"), "changed"
PYTHON
# Output seen:
#   ddm, the same random_state twice, the same trials: True
#   lba2: False
#   lba2, numpy.random.seed before each call: True
