#!/bin/sh
# ArviZ 1.3.0 (arviz-stats 1.3.3): loo_pit gives an observation that is missing the probability 0, and says nothing.
#
# NaN in observed_data is how a trial without a response stands there. "At most NaN" is false for every prediction, so that
# its probability is 0, the most surprising there is, and plot_loo_pit shows a well calibrated model as a bad one: with
# three in ten missing, as here, the curve rises by .3 at 0. ArviZ 0.23.4 does the same. Leave such trials out before.
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
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    "arviz-stats[xarray]==1.3.3" "arviz-base==1.3.1" "numpy==2.4.6" "xarray==2026.9.0"
"$folder/venv/bin/python" - <<'PYTHON'
import arviz_stats
import numpy as np
import xarray as xr

rng = np.random.default_rng(0)
dims, sizes = ("chain", "draw", "trial"), (4, 250, 200)
coords = {dim: range(size) for dim, size in zip(dims, sizes)}
y, predicted = rng.normal(size=sizes[2]), rng.normal(size=sizes)
y[:60] = np.nan
groups = {
    "posterior": xr.Dataset({"mu": (dims[:2], rng.normal(size=sizes[:2]))}, {k: coords[k] for k in dims[:2]}),
    "log_likelihood": xr.Dataset({"y": (dims, rng.normal(-1.0, 0.1, sizes))}, coords),
    "posterior_predictive": xr.Dataset({"y": (dims, predicted)}, coords),
    "observed_data": xr.Dataset({"y": (dims[2:], y)}, {"trial": coords["trial"]}),
}
found = arviz_stats.loo_pit(xr.DataTree.from_dict(groups))["y"].to_numpy()
missing = np.isnan(y)
print("seen: mean", round(float(found[~missing].mean()), 2), "- not seen:", np.unique(found[missing]))
assert (found[missing] == 0.0).all(), "changed: what was not seen no longer has a probability of 0"
PYTHON
# Output seen:
#   seen: mean 0.5 - not seen: [0.]
