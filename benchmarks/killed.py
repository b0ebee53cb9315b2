"""What is left of a fit that is killed at any moment? Run ``python -m benchmarks.killed`` (Linux, macOS).

A whole ``hddm-sbi fit`` runs once to its end; then it is killed (SIGKILL) 20 times, at moments drawn evenly from that
time: while it samples, saves, certifies and draws. After each kill every file has to be whole, and the draws that it
kept no older than one interval; then ``--resume`` finishes the fit, and its first draws have to be the kept ones.
Draws are kept every half second here, where a fit does so every 30 seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import signal
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd

import hddm_sbi as hs
from hddm_sbi.cli import ahead, app
from hddm_sbi.inference import checkpoint
from hddm_sbi.results.to_arviz import group, load

KILLS, INTERVAL, PARTICIPANTS = 20, 0.5, 4
DRAWS = 6_000


def forked(work: Callable[[], object]) -> int:
    """Do the work in a copy of this process, whose imports are done; its number."""
    child = os.fork()
    if not child:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            os.dup2(nowhere.fileno(), 2)
            with contextlib.suppress(SystemExit):
                work()
        os._exit(0)
    return child


def fit(data: Path, out: Path, *options: str) -> Callable[[], object]:
    """The command, to be called."""
    command = ["fit", str(data), "--groupby", "participant_id", "--draws", str(DRAWS), "--chains", "2", "--seed", "1"]
    return lambda: app([*command, "--tune", "300", "--out", str(out), *options])


def check_whole(out: Path) -> list[str]:
    """The files there, each of which is as it was when it was recorded."""
    try:
        recorded = json.loads((out / "run.json").read_text(encoding="utf-8"))["files"]
    except FileNotFoundError:
        recorded = {}
    files = sorted(path.name for path in out.glob("*") if path.is_file() and not path.name.endswith(".part"))
    for name in files:
        if name in recorded and name != "run.json":
            same = hashlib.sha256((out / name).read_bytes()).hexdigest() == recorded[name]
            # killed between the file and its record: the file is new, and whole
            assert same or _opens(out / name), name
    return files


def _opens(path: Path) -> bool:
    readers: dict[str, Callable[[Path], object]] = {".nc": load, ".csv": pd.read_csv, ".parquet": pd.read_parquet}
    reader = readers.get(path.suffix)
    if reader is None:
        return path.read_bytes().endswith((b"IEND\xaeB`\x82", b"</html>\n"))
    reader(path)
    return True


def kept_draws(folder: Path) -> np.ndarray | None:
    """The log densities of the kept draws, shape (chains, draws)."""
    if not checkpoint.draws_in(folder):
        return None
    return np.asarray(checkpoint._read_parts(folder).stats["lp"])


def killed_once(data: Path, out: Path, after: float) -> dict[str, object]:
    """Kill a fit, look at what is left, finish it, and look again."""
    child = forked(fit(data, out))
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    end = time.time()
    os.waitpid(child, 0)
    files = check_whole(out) if out.exists() else []
    folder = out / "checkpoint"
    before = kept_draws(folder)
    parts = [path.stat().st_mtime for path in folder.glob("*.npz")]
    os.waitpid(forked(fit(data, out, "--resume")), 0)
    whole = check_whole(out)
    _, idata = hs.load_fit(out / "idata.nc", pd.read_csv(data))
    lp = group(idata, "sample_stats")["lp"].to_numpy()
    assert lp.shape == (2, DRAWS), lp.shape
    if before is not None:
        np.testing.assert_array_equal(lp[:, : before.shape[1]], before)
    return {
        "seconds": after,
        "files": ", ".join(files) or "none",
        "kept": 0 if before is None else before.shape[1],
        "age": end - max(parts) if parts else np.nan,
        "finished": ", ".join(whole),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a row for each kill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS)
    kills = parser.parse_args(arguments).kills
    checkpoint.SECONDS, checkpoint.SHARE = INTERVAL, 1e9
    ahead._can_start = lambda: False
    warnings.simplefilter("ignore")
    for name in ("api", "inference.nuts_nutpie", "plots", "results.report"):
        import_module(f"hddm_sbi.{name}")  # once, before there are copies
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.csv"
        table = hs.load_data("cavanagh_theta")
        table[table["participant_id"] < PARTICIPANTS].to_csv(data, index=False)
        begin = time.monotonic()
        os.waitpid(forked(fit(data, Path(folder) / "whole")), 0)
        took = time.monotonic() - begin
        print(f"a fit of {DRAWS:,} draws of each chain takes {took:.1f} s; {check_whole(Path(folder) / 'whole')}")
        moments = np.sort(np.random.default_rng(0).uniform(0.0, took, kills))
        rows = [killed_once(data, Path(folder) / str(k), float(after)) for k, after in enumerate(moments)]
    found = pd.DataFrame(rows)
    print(found.drop(columns="finished").to_string(index=False, float_format="{:.2f}".format))
    print(f"{len(found)} of {kills} fits were finished by --resume, each with {found['finished'].iloc[0]}")


if __name__ == "__main__":
    main()
