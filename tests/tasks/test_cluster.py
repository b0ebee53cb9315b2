"""Jobs on a real Dask cluster of processes, whose workers are killed and whose scheduler goes and comes back."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hddm_sbi.errors import HDDMWarning, WorkerError
from hddm_sbi.tasks.job import Job
from hddm_sbi.tasks.run import run
from tests.tasks import fakes

distributed = pytest.importorskip("distributed")

# Dask's own, at connections that break, and of what it leaves open in this process when a cluster is killed
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def job(n: int, work: Any = fakes.draw, shared: Any = 1.0) -> Job:
    return Job("draws", work, shared, n, 3, {})


def local_cluster(workers: int, **options: Any) -> Any:
    return distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50, **options
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with local_cluster(1) as found:
        yield found


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return run(job(40), workers=1, progress=False).rows


def test_a_cluster_gives_the_rows_of_this_machine(
    cluster: Any, rows: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    run(job(5), workers=1, progress=False, out=out)
    found = run(job(40), workers=0, scheduler=cluster, out=out)
    pd.testing.assert_frame_equal(found.rows, rows)
    assert "40 tasks, 5 of them done before, on 1 worker of tcp://" in capsys.readouterr().err


def test_failures_are_reported_and_prints_of_tasks_do_no_harm(cluster: Any, tmp_path: Path) -> None:
    with distributed.Client(cluster) as client:
        found = run(job(6, fakes.fail_on_three, tmp_path), workers=0, scheduler=client, progress=False)
        assert client.status == "running"  # the user's own stays open
    assert found.failed["reason"].tolist() == ["there is nothing to fit.", "ZeroDivisionError: division by zero"]


def test_a_job_that_workers_cannot_unpack_is_said_in_a_sentence(cluster: Any) -> None:
    with pytest.raises(WorkerError, match=r"a worker cannot unpack the job .*no_such_module"):
        run(job(3, shared=fakes.NotHere()), workers=0, scheduler=cluster.scheduler_address, progress=False)


def test_workers_with_other_versions_are_refused(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = distributed.Client.get_versions

    def older(self: Any, **options: Any) -> Any:
        found = ask(self, **options)
        next(iter(found["workers"].values()))["packages"]["numba"] = "0.60.0"
        return found

    monkeypatch.setattr(distributed.Client, "get_versions", older)
    with pytest.raises(WorkerError, match=r"the worker at tcp://\S+ has numba 0.60.0, where this process has"):
        run(job(3), workers=0, scheduler=cluster.scheduler_address, progress=False)


def test_workers_of_several_threads_are_warned_of() -> None:
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0", silence_logs=50
    ) as cluster:
        with pytest.warns(HDDMWarning, match="workers have 2 threads, of which a fit uses one"):
            found = run(job(8), workers=0, scheduler=distributed.Client(cluster), progress=False)
        assert found.rows["task"].nunique() == 8


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense", ""])
def test_a_scheduler_that_cannot_be_reached_is_said_in_a_sentence(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hddm_sbi.tasks.cluster.ANSWER", 0.3)
    with pytest.raises(WorkerError, match=f"no Dask scheduler answers at '{address}'"):
        run(job(3), workers=0, scheduler=address, progress=False)


@pytest.mark.slow
def test_two_of_four_workers_are_killed_and_the_scheduler_restarts(rows: pd.DataFrame, tmp_path: Path) -> None:
    marks, out = tmp_path / "marks", tmp_path / "out"
    marks.mkdir()
    first = local_cluster(4)
    port = int(first.scheduler_address.rsplit(":", 1)[1])
    clusters = [first]

    def disturb() -> None:
        _await(marks, 5)
        for worker in list(first.workers.values())[:2]:
            os.kill(worker.process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        _await(marks, 15)
        first.close(timeout=20)
        clusters.append(local_cluster(2, scheduler_port=port))

    trouble = threading.Thread(target=disturb)
    trouble.start()
    found = run(job(40, fakes.slow_draw, marks), workers=0, scheduler=first.scheduler_address, out=out, progress=False)
    trouble.join()
    for one in clusters[1:]:
        one.close(timeout=5)
    assert len(clusters) == 2
    assert found.failed.empty
    pd.testing.assert_series_equal(found.rows["x"] + 1.0, rows["x"])


def _await(marks: Path, count: int) -> None:
    end = time.monotonic() + 60.0
    while len({path.name.split("-")[0] for path in marks.iterdir()}) < count and time.monotonic() < end:
        time.sleep(0.02)
