"""Where a report comes from: versions, seed, checksums, command."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator
from html import escape
from importlib.metadata import PackageNotFoundError, version

from hddm_sbi.report.charts.chart import Chart
from hddm_sbi.report.charts.vega import versions
from hddm_sbi.report.fit import Fit
from hddm_sbi.report.sections.writing import Section, folded, hint, verbatim
from hddm_sbi.results.to_arviz import Results, group, group_names

# Whose versions may change a number.
_LIBRARIES = ("numpy", "scipy", "numba", "torch", "nutpie", "pyro-ppl", "sbi", "arviz", "formulae")


def section(fit: Fit) -> Section:
    """A list of names and values, and the options of the model as they are kept with the draws."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(fit))
    parts: list[str | Chart] = [
        f'<dl class="facts">{rows}</dl>',
        hint(f"The charts are drawn by {versions()}, which are part of this file. It asks for nothing from elsewhere."),
    ]
    stated = verbatim(json.dumps(fit.stated, indent=1, ensure_ascii=False))
    parts += folded("The model as it was stated", [stated], printed=False)
    return Section("provenance", "Provenance", parts)


def _facts(fit: Fit) -> Iterator[tuple[str, str]]:
    attrs = fit.attrs
    if fit.origin.command:
        yield "command", fit.origin.command
    for name, checksum in fit.origin.files:
        yield f"sha256 of {name}", checksum
    yield "sha256 of the trials as they were read", trials_checksum(fit.idata)
    if attrs.get("weights_sha256"):
        yield "sha256 of the network's weights", str(attrs["weights_sha256"])
    named = {
        "likelihood": "likelihood", "sampler": "sampler", "seed": "seed", "tune": "warm-up draws of each chain",
        "draws_asked": "draws asked for", "draws_reached": "draws of each chain", "created_at": "sampled at",
    }  # fmt: skip
    for key, label in named.items():
        if attrs.get(key):
            yield label, str(attrs[key])
    yield "hddm_sbi", str(attrs.get("hddm_sbi_version", "unknown"))
    yield "Python", f"{platform.python_version()} on {platform.system()} ({platform.machine()})"
    yield "libraries", ", ".join(_versions())


def _versions() -> Iterator[str]:
    for name in _LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue


def trials_checksum(idata: Results) -> str:
    """A checksum of the trials that were fitted: times, choices, and the columns that the model used.

    It is the same for the same numbers and labels, whatever file or table they came from.
    """
    known = hashlib.sha256()
    for name in ("observed_data", "constant_data"):
        if name not in group_names(idata):
            continue
        dataset = group(idata, name)
        for column in sorted(str(one) for one in dataset.data_vars):
            values = dataset[column].to_numpy()
            numeric = values.dtype.kind in "biuf"
            content = values.astype("<f8").tobytes() if numeric else "\0".join(str(value) for value in values).encode()
            known.update(f"{column}\0{len(values)}\0".encode() + content)
    return known.hexdigest()
