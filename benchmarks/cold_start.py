"""How long ``hddm-sbi fit`` takes as a whole process, right after installation and later.

    python -m benchmarks.cold_start

Cold: no compiled code is there. Prepared: ``hddm-sbi compile`` was run before. Warm: the same command once more. The
processor's time is that of all cores; it depends less on what else runs.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data" / "cavanagh_theta.csv"
CLI = "from hddm_sbi.cli import app; app()"


def run(arguments: list[str], kept: Path, alone: bool = False) -> tuple[float, float]:
    """Seconds that a command takes, by the clock and of processors.

    Args:
        arguments: of ``hddm-sbi``.
        kept: the folder of compiled code.
        alone: without the process that compiles beside.
    """
    code = f"import os; os.cpu_count = lambda: 1; {CLI}" if alone else CLI
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "NUMBA_CACHE_DIR": str(kept)},
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return time.perf_counter() - start, busy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", default="1000", help="1000, or auto")
    parser.add_argument("--likelihoods", default="exact,nle")
    draws, likelihoods = (getattr(parser.parse_args(), name) for name in ("draws", "likelihoods"))
    print(f"{'':32}{'clock, s':>10}{'cores, s':>10}")
    for likelihood in likelihoods.split(","):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder)
            fit = [
                "fit", str(DATA), "--groupby", "participant_id", "--likelihood", likelihood, "--draws", draws,
                "--out", str(out / "run"),
            ]  # fmt: skip
            rows = {
                "cold": (fit, "cold", False),
                "warm": (fit, "cold", False),
                "cold, on one core": (fit, "alone", True),
                "compile": (["compile", "ddm", "--likelihood", likelihood], "prepared", False),
                "prepared": (fit, "prepared", False),
            }
            for name, (arguments, kept, alone) in rows.items():
                clock, busy = run(arguments, out / kept, alone)
                print(f"{likelihood + ', ' + name:32}{clock:10.1f}{busy:10.1f}", flush=True)


if __name__ == "__main__":
    main()
