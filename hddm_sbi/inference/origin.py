"""Of what model and data draws are, as JSON; and what differs between two of them, in words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from hddm_sbi.inference.sampler import NutsSettings

Origin = Mapping[str, Any]


def origin(
    version: str,
    options: Mapping[str, object],
    likelihood: str,
    weights: str | None,
    trials: Mapping[str, xr.Dataset],
    settings: NutsSettings,
) -> dict[str, Any]:
    """What draws depend on.

    Args:
        version: of this package.
        options: the model as the user stated it.
        likelihood: its label.
        weights: sha256 of a network's weights.
        trials: the columns that the model uses, in groups.
        settings: of the sampler, of which chains and seed count.
    """
    columns = {str(name): of[name].to_numpy() for of in trials.values() for name in of.data_vars}
    found = {
        "version": version,
        "model": {name: value for name, value in options.items() if name != "arguments"},
        "likelihood": likelihood,
        "weights": weights,
        "trials": len(next(iter(columns.values()))),
        "columns": {name: _checksum(values) for name, values in columns.items()},
        "sampling": {"chains": settings.chains, "seed": settings.seed},
    }
    return json.loads(json.dumps(found, default=str))


def difference(kept: Origin, now: Origin) -> str | None:
    """The first thing in which two origins differ, in words; None where they are the same."""
    if kept["version"] != now["version"]:
        return f"they are of version {kept['version']} of hddm_sbi, and this is {now['version']}"
    if kept["trials"] != now["trials"]:
        return f"the data had {kept['trials']:,} trials, and now have {now['trials']:,}"
    for part in ("model", "sampling"):
        for name in (*kept[part], *(name for name in now[part] if name not in kept[part])):
            before, after = kept[part].get(name), now[part].get(name)
            if before != after:
                return f"{name} was {_shown(before)}, and now is {_shown(after)}"
    for name, what in (("likelihood", "the likelihood"), ("weights", "the sha256 of the weights")):
        if kept[name] != now[name]:
            return f"{what} was {_shown(kept[name])}, and now is {_shown(now[name])}"
    for name in (*kept["columns"], *(name for name in now["columns"] if name not in kept["columns"])):
        if kept["columns"].get(name) != now["columns"].get(name):
            return f"the column '{name}' of the data has changed"
    return None


def _checksum(values: np.ndarray[Any, Any]) -> str:
    if values.dtype.kind in "biuf":
        content = np.ascontiguousarray(values, np.float64).tobytes()
    else:
        content = "\0".join(map(str, values.tolist())).encode()
    return hashlib.sha256(content).hexdigest()


def _shown(value: object) -> str:
    """A value for a sentence, cut short where it is long."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]} ..."
