"""Jobs on this machine: the same rows however they are done, whatever is killed, fails or is started again."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hddm_sbi.errors import OutputError, WorkerError
from hddm_sbi.tasks import folder
from hddm_sbi.tasks.job import Job
from hddm_sbi.tasks.run import run
from hddm_sbi.tasks.versions import installed
from tests.tasks import fakes
from tests.tasks.in_this_process import InThisProcess


def job(n: int = 6, work: Any = fakes.draw, shared: Any = 1.0, seed: int = 3, **description: object) -> Job:
    return Job("draws", work, shared, n, seed, description)


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hddm_sbi.tasks.run.pool_of", InThisProcess)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return run(job(), workers=2, progress=False).rows


def test_rows_come_in_the_order_of_tasks_and_follow_from_seed_and_number(
    rows: pd.DataFrame, tmp_path: Path, in_this_process: None
) -> None:
    assert rows["task"].tolist() == sorted([*range(6)] * 2)
    assert rows["x"].between(1.0, 2.0).all() and rows["x"].nunique() == 12
    fewer = run(job(4), workers=1, progress=False, out=tmp_path / "out").rows
    pd.testing.assert_frame_equal(fewer, rows[rows["task"] < 4])
    assert (run(job(2, seed=4), workers=1, progress=False).rows["x"] != rows["x"][:4]).all()


def test_a_run_goes_on_where_it_stopped(rows: pd.DataFrame, tmp_path: Path, in_this_process: None) -> None:
    marks, out = tmp_path / "marks", tmp_path / "out"
    marks.mkdir()
    run(job(3, fakes.draw_and_mark, marks), workers=2, progress=False, out=out)
    found = run(job(6, fakes.draw_and_mark, marks), workers=2, progress=False, out=out)
    assert sorted(int(path.name.split("-")[0]) for path in marks.iterdir()) == [*range(6)]
    assert found.failed.empty
    pd.testing.assert_series_equal(found.rows["x"] + 1.0, rows["x"])


def test_a_killed_worker_or_a_task_that_fails_once_costs_nothing_but_time(rows: pd.DataFrame, tmp_path: Path) -> None:
    found = run(job(work=fakes.die_once, shared=tmp_path), workers=2, progress=False)
    assert {path.name for path in tmp_path.iterdir()} == {"died-1", "died-2", "died-5"}
    assert found.failed.empty
    pd.testing.assert_series_equal(found.rows["x"] + 1.0, rows["x"])


def test_failed_tasks_are_tried_twice_and_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, in_this_process: None
) -> None:
    monkeypatch.setattr("hddm_sbi.tasks.task_progress._SILENT_SECONDS", 0.0)
    out = tmp_path / "out"
    found = run(job(work=fakes.fail_on_three, shared=tmp_path), workers=1, out=out)
    assert sorted(found.rows["task"].unique()) == [0, 1, 2, 5]
    assert found.failed.to_dict("records") == [
        {"task": 3, "reason": "there is nothing to fit."},
        {"task": 4, "reason": "ZeroDivisionError: division by zero"},
    ]
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "draws: 6 tasks, on this process"
    assert said[-1].startswith("draws: 6 of 6, 2 failed")
    again = run(job(work=fakes.draw, shared=0.0), workers=1, progress=False, out=out)  # whose cause was mended
    assert again.failed.empty and again.rows["task"].nunique() == 6


def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import pandas as pd\n"
        "from hddm_sbi.tasks.job import Job\n"
        "from hddm_sbi.tasks.run import run\n"
        "def own(shared, number, seeds):\n"
        "    return pd.DataFrame({'y': [shared * number]})\n"
        "print(run(Job('own', own, 10, 3, 0), workers=2, progress=False).rows['y'].tolist())\n"
    )
    found = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout == "[0, 10, 20]\n"


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (job(seed=4), "of seed 3 where this one has seed 4"),
        (job(model="lba"), 'of model none where this one has model "lba"'),
        (Job("ranks", fakes.draw, 1.0, 6, 3), 'of job "draws" where this one has job "ranks"'),
    ],
    ids=["seed", "model", "job"],
)
def test_the_results_of_another_run_are_left_alone(
    other: Job, named: str, tmp_path: Path, in_this_process: None
) -> None:
    run(job(1), workers=1, progress=False, out=tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    with pytest.raises(OutputError, match="holds results of another run") as caught:
        run(other, workers=1, progress=False, out=tmp_path / "out")
    assert named in str(caught.value)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(OutputError, match="is not empty and holds no results"):
        run(job(), workers=1, progress=False, out=tmp_path)
    with pytest.raises(OutputError, match="cannot be used for results: not a directory"):
        run(job(), workers=1, progress=False, out=tmp_path / "thesis.txt" / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_two_processes_do_not_write_into_one_folder(tmp_path: Path) -> None:
    identity = {"job": "draws"}
    with folder.JobFolder(tmp_path / "out", identity), pytest.raises(OutputError, match="another process is writing"):
        folder.JobFolder(tmp_path / "out", identity).__enter__()


def test_a_full_disk_keeps_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_this_process: None
) -> None:
    out, write = tmp_path / "out", folder.write_file
    written = []

    def until_full(path: Path, content: bytes) -> None:
        if len(written) == 4:  # job.json and three tasks
            raise OSError(28, "No space left on device")
        written.append(path)
        write(path, content)

    monkeypatch.setattr(folder, "write_file", until_full)
    with pytest.raises(OutputError, match=r"cannot be written \(no space left on device\): 3 finished tasks are kept"):
        run(job(), workers=1, progress=False, out=out)
    monkeypatch.undo()
    assert len(folder.JobFolder(out, {"job": "draws", **_identity()}).missing(6)) == 3
    assert run(job(), workers=1, progress=False, out=out).rows["task"].nunique() == 6


def _identity() -> dict[str, object]:
    return {"version": installed()["hddm_sbi"], "seed": 3}


def test_a_damaged_file_is_named(tmp_path: Path, in_this_process: None) -> None:
    run(job(1), workers=1, progress=False, out=tmp_path / "out")
    (tmp_path / "out" / "rows" / "000000.parquet").write_bytes(b"PAR1")
    with pytest.raises(OutputError, match=r"000000\.parquet' is damaged: delete it"):
        run(job(1), workers=1, progress=False, out=tmp_path / "out")


def test_what_cannot_be_sent_or_unpacked_is_said_in_a_sentence() -> None:
    with pytest.raises(WorkerError, match="the model cannot be sent to other processes"):
        run(job(shared=threading.Lock()), workers=1, progress=False)
    with pytest.raises(WorkerError, match=r"a worker cannot unpack the job .*no_such_module"):
        run(job(shared=fakes.NotHere()), workers=1, progress=False)
    with pytest.raises(WorkerError, match="scheduler is 4; give the address"):
        run(job(), workers=1, progress=False, scheduler=4)
