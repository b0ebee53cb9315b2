"""What peers say of their own parameters, kept in tests/reference: ``python -m benchmarks.peers``.

Densities, moments and simulations of other packages at parameters in their names, to which ``hs.from_peer`` is held by
tests/peers. Each package runs in its own environment: ``make bench-env`` for HSSM and Stan, ``--python`` for one with
pyddm, EZ2 and sinistra, ``--r`` for R with rtdists. ``benchmarks.peers_document`` writes the tables of docs/peers.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.process import ROOT

REFERENCE = ROOT / "tests" / "reference"
ENGINES = ROOT / "benchmarks" / "engines"
RT, CHOICE = [0.45, 0.6, 0.9, 1.4] * 2, [1] * 4 + [0] * 4
LEVELS = [0.1, 0.3, 0.5, 0.7, 0.9]
N, STEP = 20_000, 2e-4

# peer, its model, parameters, and the distance of logarithms that is allowed for: what its method is accurate to
DENSITIES: list[tuple[str, str, dict[str, float], float]] = [
    ("hssm", "ddm", {"v": 1.0, "a": 0.9, "z": 0.5, "t": 0.3}, 1e-8),
    ("hssm", "ddm", {"v": -0.7, "a": 1.4, "z": 0.35, "t": 0.2}, 1e-8),
    ("hssm", "ddm", {"v": 1.0, "a": 0.9, "z": 0.4, "t": 0.3, "p_outlier": 0.05}, 1e-8),
    ("hssm", "ddm_sdv", {"v": 1.0, "a": 0.9, "z": 0.45, "t": 0.3, "sv": 0.8}, 1e-8),
    ("hssm", "full_ddm", {"v": 1.0, "a": 0.9, "z": 0.45, "t": 0.35, "sz": 0.3, "sv": 0.8, "st": 0.15}, 1e-7),
    ("hssm", "full_ddm", {"v": -0.5, "a": 0.7, "z": 0.6, "t": 0.3, "sz": 0.1, "sv": 0.3, "st": 0.25}, 1e-7),
    ("hssm", "racing_diffusion_3", {"A": 0.4, "b": 1.3, "v0": 2.0, "v1": 1.2, "v2": 0.6, "t": 0.25}, 1e-8),
    ("hssm", "lba2", {"A": 0.2, "b": 0.5, "v0": 0.8, "v1": 0.55}, 5e-5),
    ("hssm", "lba3", {"A": 0.3, "b": 0.6, "v0": 0.9, "v1": 0.7, "v2": 0.6}, 5e-5),
    ("hssm", "lba4", {"A": 0.3, "b": 0.6, "v0": 0.9, "v1": 0.7, "v2": 0.6, "v3": 0.5}, 5e-5),
    ("hddm", "HDDM", {"v": 1.0, "a": 1.8, "z": 0.5, "t": 0.3}, 1e-8),
    ("hddm", "HDDM", {"v": 0.6, "a": 1.5, "t": 0.3, "p_outlier": 0.05}, 1e-8),
    ("hddm", "HDDM", {"v": 1.0, "a": 1.8, "z": 0.45, "t": 0.35, "sv": 0.8, "sz": 0.3, "st": 0.15}, 1e-8),
    ("hddm", "HDDM", {"v": -0.4, "a": 1.4, "z": 0.6, "t": 0.3, "st": 0.2, "p_outlier": 0.1}, 1e-8),
    ("pyddm", "BoundConstant", {"drift": 1.2, "noise": 1.5, "B": 1.2, "nondectime": 0.3}, 1e-8),
    ("pyddm", "BoundConstant", {"drift": 0.5, "noise": 0.8, "B": 0.7, "ICPointRatio.x0": 0.3, "nondectime": 0.3}, 2e-2),
    ("pyddm", "BoundConstant", {"drift": 0.5, "B": 0.9, "ICPoint.x0": -0.27, "nondectime": 0.3}, 2e-2),
    ("pyddm", "BoundConstant", {"drift": 0.8, "B": 0.8, "nondectime": 0.3, "umixturecoef": 0.05, "T_dur": 3.0}, 2e-2),
    ("pyddm", "ICRange", {"drift": 0.8, "noise": 1.2, "B": 1.0, "ICRange.sz": 0.3, "nondectime": 0.3}, 2e-2),
    (
        "pyddm",
        "OverlayNonDecisionUniform",
        {"drift": 0.8, "noise": 1.2, "B": 1.0, "nondectime": 0.35, "halfwidth": 0.1},
        2e-2,
    ),
    (
        "pyddm",
        "BoundCollapsingLinear",
        {"drift": 1.0, "noise": 1.2, "B": 1.1, "BoundCollapsingLinear.t": 0.4, "nondectime": 0.3},
        2e-2,
    ),
    (
        "pyddm",
        "BoundCollapsingExponential",
        {"drift": 1.0, "noise": 1.2, "B": 1.1, "BoundCollapsingExponential.tau": 0.6, "nondectime": 0.3},
        2e-2,
    ),
    (
        "pyddm",
        "DriftLinear",
        {"drift": 1.0, "noise": 1.2, "B": 1.1, "DriftLinear.x": -0.6, "DriftLinear.t": 0.0, "nondectime": 0.3},
        2e-2,
    ),
    ("pyddm", "gddm", {"drift": 0.8, "noise": 1.1, "bound": 1.0, "starting_position": 0.2, "nondecision": 0.3}, 2e-2),
    ("stan", "wiener", {"alpha": 1.8, "tau": 0.3, "beta": 0.5, "delta": 1.0}, 1e-7),
    ("stan", "wiener", {"alpha": 1.4, "tau": 0.2, "beta": 0.35, "delta": -0.7}, 1e-7),
    (
        "stan",
        "wiener",
        {"alpha": 1.8, "tau": 0.28, "beta": 0.45, "delta": 1.0, "sv": 0.8, "sw": 0.3, "st0": 0.15},
        1e-5,
    ),
    ("rtdists", "diffusion", {"a": 1.8, "v": 1.0, "t0": 0.3, "z": 0.7}, 1e-7),
    ("rtdists", "diffusion", {"a": 0.18, "v": 0.1, "t0": 0.28, "z": 0.08, "s": 0.1}, 1e-7),
    (
        "rtdists",
        "diffusion",
        {"a": 0.18, "v": 0.1, "t0": 0.28, "z": 0.08, "sz": 0.05, "sv": 0.08, "st0": 0.15, "s": 0.1},
        2e-5,
    ),
    ("rtdists", "LBA", {"A": 0.5, "b": 1.0, "t0": 0.2, "mean_v0": 1.2, "mean_v1": 2.2, "sd_v": 0.8}, 1e-8),
    ("rtdists", "LBA", {"A": 0.3, "b": 0.8, "t0": 0.2, "mean_v0": 0.4, "mean_v1": -0.3, "sd_v": 1.0}, 1e-8),
]  # fmt: skip

# peer, its model, parameters
SIMULATIONS: list[tuple[str, str, dict[str, float]]] = [
    ("ssm-simulators", "ddm", {"v": 1.0, "a": 1.0, "z": 0.5, "t": 0.3}),
    ("ssm-simulators", "ddm", {"v": -0.6, "a": 0.7, "z": 0.35, "t": 0.2}),
    ("ssm-simulators", "ddm_sdv", {"v": 1.0, "a": 0.9, "z": 0.45, "t": 0.3, "sv": 1.2}),
    ("ssm-simulators", "ddm_st", {"v": 1.0, "a": 0.8, "z": 0.5, "t": 0.45, "st": 0.2}),
    ("ssm-simulators", "full_ddm", {"v": 1.0, "a": 0.8, "z": 0.45, "t": 0.4, "sz": 0.4, "sv": 0.8, "st": 0.2}),
    ("ssm-simulators", "full_ddm2", {"v": 0.5, "a": 0.7, "z": 0.55, "t": 0.5, "sz": 0.45, "sv": 1.2, "st": 0.3}),
    ("ssm-simulators", "full_ddm_rv", {"v": 1.0, "a": 0.6, "z": 0.45, "t": 0.5, "sz": 0.35, "sv": 0.8, "st": 0.3}),
    ("ssm-simulators", "angle", {"v": 0.8, "a": 1.2, "z": 0.45, "t": 0.3, "theta": 0.5}),
    ("ssm-simulators", "weibull", {"v": 0.8, "a": 1.2, "z": 0.45, "t": 0.3, "alpha": 2.0, "beta": 1.2}),
    ("ssm-simulators", "ornstein", {"v": 0.8, "a": 1.0, "z": 0.45, "g": 0.8, "t": 0.3}),
    ("ssm-simulators", "ornstein", {"v": 0.4, "a": 1.2, "z": 0.5, "g": -0.9, "t": 0.3}),
    ("ssm-simulators", "levy", {"v": 0.8, "a": 1.2, "z": 0.45, "alpha": 1.4, "t": 0.3}),
    ("ssm-simulators", "levy", {"v": 0.5, "a": 1.5, "z": 0.5, "alpha": 1.8, "t": 0.3}),
    ("ssm-simulators", "racing_diffusion_3", {"v0": 2.0, "v1": 1.2, "v2": 0.6, "A": 0.4, "b": 1.3, "t": 0.25}),
    ("ssm-simulators", "lba2", {"A": 0.2, "b": 0.5, "v0": 0.6, "v1": 0.55}),
    ("ssm-simulators", "lba3", {"A": 0.3, "b": 0.6, "v0": 0.7, "v1": 0.75, "v2": 0.6}),
    ("sinistra", "simulate", {"drift": 0.9, "boundary": 1.8, "start": 0.4, "t0": 0.3, "noise_sd": 1.5}),
]
# peer, its model, parameters; or of EZ the moments that they are estimated from, and the scale
MOMENTS: list[tuple[str, str, dict[str, float]]] = [
    ("ez2", "EZ2", {"nu": 0.15, "z": 0.05, "a": 0.12, "Ter": 0.3, "s": 0.1}),
    ("ez2", "EZ2", {"nu": 0.6, "z": 1.1, "a": 1.9, "Ter": 0.25, "s": 1.0}),
    ("ez", "EZ", {"s": 0.1}),
    ("ez", "EZ", {"s": 1.0}),
]
_EZ_MOMENTS = {0.1: [0.802, 0.723, 0.112], 1.0: [0.881, 0.691, 0.083]}


def tasks() -> list[dict[str, Any]]:
    """All that the peers are asked."""
    found: list[dict[str, Any]] = []
    for peer, model, parameters, tolerance in DENSITIES:
        exact = model == "BoundConstant" and set(parameters) == {"drift", "noise", "B", "nondectime"}
        numerical = {"dx": 0.001, "dt": 0.001, "solver": "analytical" if exact else "implicit"}
        found.append(
            {"kind": "density", "peer": peer, "model": model, "parameters": parameters, "rt": RT, "choice": CHOICE}
            | {"tolerance": tolerance}
            | (numerical if peer == "pyddm" else {})
        )
    for k, (peer, model, parameters) in enumerate(SIMULATIONS):
        step = 1e-3 if peer == "sinistra" else 0.0 if model.startswith("lba") else STEP  # sinistra's is its own
        found.append(
            {"kind": "simulation", "peer": peer, "model": model, "parameters": parameters, "n": N, "seed": 100 + k}
            | {"step": step or 1e-3, "bias_of": step, "levels": LEVELS}
        )
    for peer, model, parameters in MOMENTS:
        moments = {"moments": _EZ_MOMENTS[parameters["s"]]} if peer == "ez" else {}
        found.append({"kind": "moments", "peer": peer, "model": model, "parameters": parameters} | moments)
    return found


def by_rtdists(asked: list[dict[str, Any]], command: str) -> list[dict[str, Any]]:
    """Answers of rtdists, by one script."""
    lines = ["library(rtdists)", "options(digits = 17)", 'cat(as.character(packageVersion("rtdists")), "\\n")']
    for task in asked:
        given = dict(task["parameters"])
        rt = f"c({', '.join(map(str, task['rt']))})"
        if task["model"] == "LBA":
            means = [given.pop(name) for name in ("mean_v0", "mean_v1")]
            which = f"c({', '.join(str(1 + choice) for choice in task['choice'])})"
            more = f", mean_v = c({', '.join(map(str, means))}), silent = TRUE"
            call = "dLBA"
        else:
            which = f"c({', '.join(repr(('lower', 'upper')[choice]) for choice in task['choice'])})"
            more, call = ", precision = 6", "ddiffusion"
        arguments = ", ".join(f"{name} = {value}" for name, value in given.items())
        lines.append(f'cat(sprintf("%.17g", log({call}({rt}, {which}, {arguments}{more}))), "\\n")')
    script = Path(ROOT / ".bench" / "rtdists.R")
    script.parent.mkdir(exist_ok=True)
    script.write_text("\n".join(lines), encoding="utf-8")
    out = subprocess.run([command, str(script)], capture_output=True, text=True, check=True).stdout.split("\n")
    version, *answers = [line for line in out if line.strip()]
    return [{"answer": [float(x) for x in line.split()], "version": version.strip()} for line in answers]


def by_engine(asked: list[dict[str, Any]], python: str, engine: str) -> list[dict[str, Any]]:
    """Answers of a script of ``benchmarks/engines``."""
    # -P: the folder of the scripts has an hssm.py and a stan.py of its own
    command = [python, "-P", str(ENGINES / f"{engine}.py")]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{engine}: {done.stderr[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def rows(task: dict[str, Any], answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of the table of a kind of task."""
    row = {"peer": task["peer"], "version": answer["version"], "model": task["model"]}
    found = answer["answer"]
    parameters = dict(task["parameters"])
    if task["kind"] == "density":
        row |= {"parameters": json.dumps(parameters), "tolerance": task["tolerance"]}
        values = zip(task["rt"], task["choice"], found, strict=True)
        return [row | {"rt": rt, "choice": choice, "log_density": f"{value:.12g}"} for rt, choice, value in values]
    if task["kind"] == "simulation":
        row |= {"parameters": json.dumps(parameters), "n": task["n"], "step": task["bias_of"]}
        names = [f"q{round(100 * level)}" for level in task["levels"]]
        return [
            row | {"share": found["share"]} | dict(zip(names, (f"{q:.6g}" for q in found["quantiles"]), strict=True))
        ]
    if task["peer"] == "ez":  # what it returns are the parameters
        parameters = dict(zip(("v", "a", "Ter"), found, strict=True)) | parameters
        found = [1.0 - task["moments"][0], *task["moments"][1:]]
    row |= {"parameters": json.dumps(parameters)}
    return [row | dict(zip(("lower", "mean", "variance"), (f"{one:.12g}" for one in found), strict=True))]


def main() -> None:
    """Ask the peers, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hssm", default=str(ROOT / ".bench" / "hssm" / "bin" / "python"))
    parser.add_argument("--stan", default=str(ROOT / ".bench" / "stan" / "bin" / "python"))
    parser.add_argument("--python", default=sys.executable, help="of an environment with pyddm, EZ2 and sinistra")
    parser.add_argument("--r", default="Rscript", help="R with rtdists")
    parser.add_argument("--only", nargs="*", help="peers to ask; the rows of others stay")
    asked = parser.parse_args()
    everything = tasks()
    engines = {
        **dict.fromkeys(("hssm", "hddm", "ssm-simulators"), (asked.hssm, "peers_hssm")),
        **dict.fromkeys(("pyddm", "ez", "ez2", "sinistra"), (asked.python, "peers_python")),
        "stan": (asked.stan, "peers_stan"),
    }
    table: dict[str, list[dict[str, Any]]] = {"density": [], "simulation": [], "moments": []}
    for peer in dict.fromkeys(task["peer"] for task in everything):
        if asked.only and peer not in asked.only:
            continue
        own = [task for task in everything if task["peer"] == peer]
        answers = by_rtdists(own, asked.r) if peer == "rtdists" else by_engine(own, *engines[peer])
        for task, answer in zip(own, answers, strict=True):
            table[task["kind"]] += rows(task, answer)
        print(peer, len(own), "answers of", answers[0]["version"], flush=True)
    files = {"density": "peers_densities.csv", "simulation": "peers_simulations.csv", "moments": "peers_moments.csv"}
    for kind, name in files.items():
        new = pd.DataFrame(table[kind])
        old = pd.read_csv(REFERENCE / name) if (REFERENCE / name).exists() else pd.DataFrame()
        if len(old) and asked.only:
            new = pd.concat([old[~old["peer"].isin(asked.only)], new])
        if len(new):
            order = list(dict.fromkeys(task["peer"] for task in everything))
            new = new.sort_values("peer", key=lambda column: column.map(order.index), kind="stable")
            new.to_csv(REFERENCE / name, index=False)


if __name__ == "__main__":
    main()
