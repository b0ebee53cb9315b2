"""Runs an engine as a process of its own: wall time, peak memory, and the cores it may use."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Finished:
    """A process that ended.

    Args:
        code: its exit code.
        seconds: wall time from start to end.
        memory_mb: peak memory of the process and its children together, pages that they share counted once; None where
            the system does not tell.
    """

    code: int
    seconds: float
    memory_mb: float | None


def run(command: Sequence[str], log: Path, cores: int, extra: Mapping[str, str] | None = None) -> Finished:
    """Run a command with output into ``log``, on the first ``cores`` of this process's cores (on Linux).

    Args:
        command: program and arguments; it runs in the repository's folder.
        log: file for what it prints.
        cores: how many it may use.
        extra: environment variables beside those of this process.
    """
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    with open(log, "w") as output:
        begin = time.perf_counter()
        environment = {**os.environ, **(extra or {})}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        if allowed:  # at once, before it starts threads; children inherit it
            os.sched_setaffinity(process.pid, allowed[:cores])
        peak = 0.0
        while True:
            peak = max(peak, _memory_mb(process.pid))
            try:
                code = process.wait(POLL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
            except BaseException:
                process.terminate()
                raise
        seconds = time.perf_counter() - begin
    return Finished(code, seconds, peak or None)


def machine() -> str:
    """Processor and number of cores."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        name = models[0] if models else name
    return f"{name}, {os.cpu_count()} cores, {platform.system()}"


def _memory_mb(root: int) -> float:
    """Proportional set size of a process and its descendants; 0 where /proc does not tell."""
    total = 0.0
    for pid in _family(root):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(float(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024.0
    return total


def _family(root: int) -> list[int]:
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in children.read_text().split()]
            except OSError:
                continue
    return found
