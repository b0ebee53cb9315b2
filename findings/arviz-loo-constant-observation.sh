#!/bin/sh
# ArviZ 1.3.0 (arviz-stats 1.3.3): one observation whose log likelihood is the same in every draw stops loo for all.
#
# Such an observation is legitimate: with a fixed share of lapses, a response that is faster than every non-decision time
# drawn has the density of a lapse whatever the other parameters are. Importance weights of a constant are constant, so
# that leaving it out changes nothing and its term is known exactly. ArviZ 0.23.4 returns the right term with k = inf.
# ArviZ 1.3.0 raises ValueError: All tail values are the same, and names neither the observation nor what to do.
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
dims, sizes = ("chain", "draw", "trial"), (4, 250, 30)
coords = {dim: range(size) for dim, size in zip(dims, sizes)}
values = rng.normal(-1.0, 0.1, sizes)


def loo(values):
    groups = {
        "posterior": xr.Dataset({"mu": (dims[:2], rng.normal(size=sizes[:2]))}, {k: coords[k] for k in dims[:2]}),
        "log_likelihood": xr.Dataset({"y": (dims, values)}, coords),
    }
    return arviz_stats.loo(xr.DataTree.from_dict(groups), pointwise=True)


print("all move: elpd", round(float(loo(values).elpd), 2))
values[..., 3] = -5.0
try:
    found = loo(values)
except ValueError as error:
    print("one is constant:", type(error).__name__ + ":", error)
    assert str(error) == "All tail values are the same", error
else:
    raise SystemExit(f"changed: loo returns k = {float(found.pareto_k[3])}")
PYTHON
# Output seen:
#   all move: elpd -30.14
#   one is constant: ValueError: All tail values are the same
