"""The tables of docs/peers.md, from the package and tests/reference: ``python -m benchmarks.peers_document``."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pandas as pd

from benchmarks.process import ROOT
from hddm_sbi.peers.base import Equivalent, Formulas, Peer
from hddm_sbi.peers.formula import names_in
from hddm_sbi.peers.packages import PEERS

DOCUMENT = ROOT / "docs" / "peers.md"
REFERENCE = ROOT / "tests" / "reference"
BEGIN, END = "<!-- tables: python -m benchmarks.peers_document -->", "<!-- end of tables -->"
# What a peer's numbers were computed by, where that is not the peer.
PACKAGE = {"hddm": "hddm-wfpt {}, HDDM's compiled likelihood", "ez": "EZ2 {} (`data2ez`)", "stan": "httpstan {}"}
NOT_MEASURED = {
    "brms": "it generates Stan's `wiener`",
    "fast-dm": "its manual and source (uniform on t0 - st0/2 to t0 + st0/2)",
    "emc2": "its documentation and source (`DDM()`, `RDM()`, `LBA()`)",
}
# Models that are another one, which is held, and how they say so where they stand alone.
SAME = {"ddm_legacy": "", "angle_extended": "", "lba4": "", "fit": "as `simulate`"}


def tables() -> str:
    """The tables of all peers, in Markdown."""
    held = measurements()
    return "\n\n".join(_table(peer, held) for peer in PEERS)


def measurements() -> dict[tuple[str, str], str]:
    """By what each model of a peer is held."""
    found: dict[tuple[str, str], str] = {}
    densities = pd.read_csv(REFERENCE / "peers_densities.csv")
    for (peer, model), rows in densities.groupby(["peer", "model"], sort=False):
        counts = rows["tolerance"].value_counts().sort_index()
        within = ", ".join(f"{count} within {tolerance:.0e}" for tolerance, count in counts.items())
        found[peer, model] = f"log densities of {_version(peer, rows)}: {within}"
    simulations = pd.read_csv(REFERENCE / "peers_simulations.csv")
    for (peer, model), rows in simulations.groupby(["peer", "model"], sort=False):
        found[peer, model] = f"{rows['n'].sum():,} trials simulated by {_version(peer, rows)}"
    moments = pd.read_csv(REFERENCE / "peers_moments.csv")
    for (peer, model), rows in moments.groupby(["peer", "model"], sort=False):
        found[peer, model] = f"{3 * len(rows)} moments of {_version(peer, rows)}, within 2e-06"
    return found


def _version(peer: str, rows: pd.DataFrame) -> str:
    name = next(one.name for one in PEERS if one.key == peer)
    return PACKAGE.get(peer, f"{name} {{}}").format(rows["version"].iloc[0])


def _table(peer: Peer, held: dict[tuple[str, str], str]) -> str:
    """The section of a peer: models that have the same formulas share a row."""
    lines = [f"### {peer.name}", "", f"`hs.from_peer({peer.key!r}, ...)`. {peer.responses}", ""]
    lines += ["| its model | here | parameters here, in its names | held by |", "|---|---|---|---|"]
    rows: dict[tuple[str, str], list[str]] = {}
    notes: dict[str, list[str]] = {}
    for model in peer.models:
        _add(rows, (model.here, _parameters(model)), model.there)
        if model.note:
            _add(notes, model.note, model.there)
    for (here, parameters), names in rows.items():
        lines.append(f"| {_listed(names)} | `{here}` | {parameters} | {_all_held(peer, names, held)} |")
    lines.append("")
    lapses = {(model.p_outlier, model.lapse): _defaults(model, lapses=True) for model in peer.models if model.p_outlier}
    lines += [f"- lapses: `p_outlier = {p}`, `lapse = (0, {end})`{unless}" for (p, end), unless in lapses.items()]
    lines += [f"- {_listed(names)}: {note}" for note, names in notes.items()]
    reasons: dict[str, list[str]] = {}
    for name, reason in peer.without.items():
        _add(reasons, reason, name)
    if reasons:
        each = "; ".join(f"{_listed(names)} ({reason})" for reason, names in reasons.items())
        lines.append(f"- without an equivalent: {each}.")
    return "\n".join(lines).rstrip()


def _add(groups: dict[Any, list[str]], key: object, name: str) -> None:
    names = groups.setdefault(key, [])
    if name not in names:
        names.append(name)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _all_held(peer: Peer, models: list[str], held: dict[tuple[str, str], str]) -> str:
    by = Counter(filter(None, (_held(peer, model, held) for model in models)))
    measured = {held[peer.key, model] for model in models if (peer.key, model) in held}
    return "; ".join(f"{text}, each" if count > 1 and text in measured else text for text, count in by.items())


def _held(peer: Peer, model: str, held: dict[tuple[str, str], str]) -> str:
    found = held.get((peer.key, model))
    if found is None and peer.key == "hssm" and model in ("angle", "angle_extended", "weibull", "ornstein", "levy"):
        return "as ssm-simulators, on whose simulations its networks are trained"
    return found or NOT_MEASURED.get(peer.key, "") or (SAME[model] if model in SAME else _unheld(peer, model))


def _unheld(peer: Peer, model: str) -> str:
    raise SystemExit(f"nothing in tests/reference holds {peer.name}'s {model}")


def _parameters(model: Equivalent) -> str:
    """Formulas; one that is the name itself goes without, and drifts of accumulators are alike, v_k."""
    shown = dict.fromkeys(_formula(model, name, formulas) for name, formulas in model.theta.items())
    return ", ".join(shown) + _defaults(model, lapses=False)


def _formula(model: Equivalent, name: str, formulas: Formulas) -> str:
    each = (formulas,) if isinstance(formulas, str) else formulas
    if model.accumulators and re.fullmatch(r"v\d", name):
        name, each = "v_k", tuple(re.sub(r"v\d", "v_k", one) for one in each)
    first, *others = each
    text = f"`{name}`" if first == name else f"`{name} = {first}`"
    return " or ".join([text, *(f"`{one}`" for one in others)])


def _defaults(model: Equivalent, lapses: bool) -> str:
    """The defaults of what the lapses take, or of the other parameters."""
    of_lapses = names_in(model.lapse) | names_in(model.p_outlier) if model.p_outlier else frozenset()
    found = {name: value for name, value in model.defaults.items() if (name in of_lapses) == lapses}
    return f"; unless given {', '.join(f'`{name} = {value:g}`' for name, value in found.items())}" if found else ""


def document() -> str:
    """The document with its tables as they should be."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
