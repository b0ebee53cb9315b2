"""Group effects that are correlated: what they cost, whether ranks are uniform, whether intervals cover.

Run ``python benchmarks/group_effects.py speed``, ``calibration`` or ``coverage`` (``--sets 2`` for a first look,
``--only`` for some). The first fits the same data with and without correlations, few participants and many; see
``benchmarks/group_speed.py``. The second draws parameters from the model's own prior, its correlations among them, and
ranks the truth in posterior draws; see ``benchmarks/group_calibration.py``. The third simulates twelve designs by hand;
see ``benchmarks/group_designs.py``. Finished fits are kept in ``.bench``, so that an interrupted run goes on where it
stopped; ``--fresh`` forgets them. Tables are written to ``benchmarks/results``.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # as a plain script, this file knows its own folder only

from benchmarks import group_calibration, group_coverage, group_speed  # noqa: E402
from benchmarks.group_report import write_calibration, write_coverage, write_speed  # noqa: E402
from benchmarks.kept import Settings, file_of, run  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results"


def speed(options: argparse.Namespace, settings: Settings) -> str:
    """Fit what is not kept of the cases, and say what they cost."""
    rows = []
    for case in group_speed.CASES:
        if not options.only or case.name in options.only:
            path = file_of("group_speed", case.name, [case.name, *group_speed.STATED], settings)
            task = partial(group_speed.measure, case=case, settings=settings)
            rows += [(case, row) for row in run(path, task, options.sets, options.jobs, options.fresh)]
    return write_speed(group_speed.table(rows), settings, options.results)


def calibration(options: argparse.Namespace, settings: Settings) -> str:
    """Fit what is not kept of the data sets, in treatment contrasts or those of ``--only``, and test their ranks."""
    texts = []
    for contrasts in options.only or ("treatment",):
        path = file_of("group_calibration", contrasts, [contrasts, *group_calibration.STATED], settings)
        task = partial(group_calibration.calibrate, settings=settings, contrasts=contrasts)
        rows = run(path, task, options.sets, options.jobs, options.fresh)
        texts.append(write_calibration(rows, settings, contrasts, options.results))
    return "\n".join(texts)


def coverage(options: argparse.Namespace, settings: Settings) -> str:
    """Fit what is not kept of the designs, and count the truths within intervals."""
    rows = {}
    for name in options.only or group_coverage.DESIGNS:
        path = file_of("group_coverage", name.replace(" ", "-"), name, settings)
        task = partial(group_coverage.cover, name=name, settings=settings)
        rows[name] = run(path, task, options.sets, options.jobs, options.fresh)
    return write_coverage(rows, group_coverage.long(rows), settings, options.results)


# Of each part: what it does, how many data sets, and how they are fitted.
PARTS = {
    "speed": (speed, 2, Settings(1000, 1000)),
    "calibration": (calibration, 300, Settings(250, 300)),
    "coverage": (coverage, 8, Settings(300, 300)),
}


def main() -> None:
    """Run one part, and print its report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=tuple(PARTS))
    parser.add_argument("--sets", type=int, help="data sets, by default those of the report")
    for name in ("draws", "tune", "chains"):
        parser.add_argument(f"--{name}", type=int, help="of each fit, by default those of the report")
    parser.add_argument("--only", nargs="*", help="cases, contrasts or designs")
    parser.add_argument("--jobs", type=int, default=1, help="fits at the same time")
    parser.add_argument("--fresh", action="store_true", help="forget what is kept")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the tables and the plot")
    options = parser.parse_args()
    part, sets, usual = PARTS[options.part]
    options.sets = sets if options.sets is None else options.sets
    settings = Settings(*((getattr(options, name) or getattr(usual, name)) for name in ("draws", "tune", "chains")))
    options.results.mkdir(parents=True, exist_ok=True)
    print(part(options, settings))


if __name__ == "__main__":
    main()
