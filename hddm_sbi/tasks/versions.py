"""The versions that results depend on: those of a worker must be those of whoever asks."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

# Draws follow from these to the last digit, beside this package; what is sent to workers is pickled by Python's own
# rules, which change with its minor version.
PACKAGES = ("hddm_sbi", "cloudpickle", "numba", "numpy", "nutpie", "scipy", "torch")

Versions = Mapping[str, str | None]


def installed() -> dict[str, str | None]:
    """Versions of Python and of the packages here; None where one is not installed."""
    return {"python": ".".join(map(str, sys.version_info[:2])), **{name: _version(name) for name in PACKAGES}}


def difference(theirs: Versions, ours: Versions) -> str | None:
    """What differs, in words: ``has hddm_sbi 0.1.0, where this process has 0.2.0``; None where nothing does."""
    for name in ("python", *PACKAGES):
        if theirs.get(name) != ours.get(name):
            has = f"has {name} {theirs[name]}" if theirs.get(name) else f"has no {name}"
            return f"{has}, where this process has {ours.get(name) or 'none'}"
    return None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
