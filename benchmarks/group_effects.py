"""Group effects with correlations: what they cost, whether ranks are uniform, whether intervals cover.

Run ``python benchmarks/group_effects.py speed``.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # as a plain script, this file knows its own folder only

from benchmarks import group_calibration, group_coverage, group_speed  # noqa: E402
from benchmarks.kept import Settings, file_of, run  # noqa: E402
from benchmarks.ranks import UniformRanks  # noqa: E402
from benchmarks.sbc import THINNED, figures, summarise  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results"


def speed(options: argparse.Namespace) -> None:
    """Fit what is not kept, and write group_speed.csv and .md."""
    settings, rows = Settings(options.draws, options.tune, options.chains), []
    for case in group_speed.CASES:
        if options.only and case.name not in options.only:
            continue
        path = file_of("group_speed", case.name, [case.name, *group_speed.STATED], settings)
        task = partial(group_speed.measure, case=case, settings=settings)
        rows += [(case, row) for row in run(path, task, options.sets, options.jobs, options.fresh)]
    table = group_speed.table(rows)
    print(table.T.to_string())


def calibration(options: argparse.Namespace) -> None:
    """Fit what is not kept, and write group_calibration.csv and .md."""
    settings = Settings(options.draws, options.tune, options.chains)
    for contrasts in options.only or ("treatment",):
        path = file_of("group_calibration", contrasts, [contrasts, *group_calibration.STATED], settings)
        task = partial(group_calibration.calibrate, settings=settings, contrasts=contrasts)
        rows = run(path, task, options.sets, options.jobs, options.fresh)
        null = UniformRanks(len(rows), THINNED + 1)
        table = summarise(rows, null)
        print(table.to_string())
        print("\n".join(figures(rows, table)))


def coverage(options: argparse.Namespace) -> None:
    """Fit what is not kept, and write group_coverage.csv and .md."""
    settings, rows = Settings(options.draws, options.tune, options.chains), {}
    for name in options.only or group_coverage.DESIGNS:
        path = file_of("group_coverage", name.replace(" ", "-"), name, settings)
        task = partial(group_coverage.cover, name=name, settings=settings)
        rows[name] = run(path, task, options.sets, options.jobs, options.fresh)
    table = group_coverage.long(rows)
    for by in ("design", "kind", ["design", "kind"]):
        print(group_coverage.covered(table, by).round(3).to_string())


PARTS = {"speed": speed, "calibration": calibration, "coverage": coverage}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=tuple(PARTS))
    parser.add_argument("--sets", type=int, default=1)
    for name in ("draws", "tune", "chains"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Settings, name))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    PARTS[options.part](options)


if __name__ == "__main__":
    main()
