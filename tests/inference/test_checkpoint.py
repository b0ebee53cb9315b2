"""Draws that are kept while a run samples are all there whenever it ends, and are gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from hddm_sbi.errors import DataError, HDDMWarning, ModelError, OutputError
from hddm_sbi.inference import checkpoint as module
from hddm_sbi.inference import nutpie_draws
from hddm_sbi.inference.checkpoint import Checkpoint, check_keeping, discard, draws_in
from hddm_sbi.inference.nuts import Run, sample_nuts
from hddm_sbi.inference.origin import difference
from hddm_sbi.inference.sampler import Joined, NutsSettings, RawDraws
from hddm_sbi.inference.stopping import Look
from tests.inference.test_nuts import Gaussian, start

ORIGIN = {
    "version": "0.1.0",
    "model": {"formula": "v ~ conf", "shared": ["z"]},
    "likelihood": "exact",
    "weights": None,
    "trials": 100,
    "columns": {"rt": "a1", "choice": "b2"},
    "sampling": {"chains": 3, "seed": 2},
}
CHAINS, TUNE = 3, 100


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws are kept whenever somebody looks."""
    monkeypatch.setattr(module, "SECONDS", 0.0)
    monkeypatch.setattr(module, "SHARE", 1e9)


def run(folder: Path, draws: int, resume: bool = False, target: Any = None, **options: Any) -> tuple[Run, Checkpoint]:
    """A run with a folder that keeps its draws."""
    kept = Checkpoint(folder, ORIGIN, resume)
    kept.centred(np.zeros(3))
    settings = NutsSettings(draws, TUNE, CHAINS, 2, cores=CHAINS)
    settings = settings if kept.before is None else kept.settings(settings)
    with kept:
        return sample_nuts(target or Gaussian(), start, settings, progress=False, checkpoint=kept, **options), kept


def _drawn(length: int) -> RawDraws:
    rng = np.random.default_rng(length)
    stats = {"lp": rng.normal(size=(CHAINS, length)), "n_steps": np.full((CHAINS, length), 3)}
    return RawDraws(rng.normal(size=(CHAINS, length, 3)), stats)


def _sampled(length: int) -> RawDraws:
    return sample_nuts(Gaussian(), start, NutsSettings(length, TUNE, CHAINS, 2, cores=CHAINS), progress=False).raw


def _kept(folder: Path, *lengths: int, of: Callable[[int], RawDraws] = _drawn) -> RawDraws:
    """A folder in which draws were kept when there were so many; and those."""
    one, raw = Checkpoint(folder, ORIGIN, resume=False), of(lengths[-1])
    one.centred(np.arange(3.0))
    one.begin(NutsSettings(900, TUNE, CHAINS, 2), restarts=0)
    with one:
        for length in lengths:
            one.keep(lambda length=length: raw.cut(length))
    return raw


def _equal(one: RawDraws, other: RawDraws) -> None:
    np.testing.assert_array_equal(np.asarray(one.u), np.asarray(other.u))
    assert one.stats.keys() == other.stats.keys()
    for name, values in one.stats.items():
        np.testing.assert_array_equal(values, other.stats[name])
        assert values.dtype == other.stats[name].dtype


def test_a_run_goes_on_with_the_draws_that_were_kept(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "kept"
    first, one = run(folder, 2_000)
    assert one.resumed == () and draws_in(folder) == 2_000  # of a run that took long enough all are kept
    again, _ = run(folder, 1_500, resume=True)
    _equal(again.raw, first.raw.cut(1_500))  # no more were needed
    longer, two = run(folder, 2_600, resume=True)
    assert two.resumed == (2_000,) and longer.raw.length == 2_600 and longer.settings.tune == TUNE
    _equal(longer.raw.cut(2_000), first.raw)
    new = np.asarray(longer.raw.after(2_000).u)
    assert not np.isin(new, np.asarray(first.raw.u)).any()
    np.testing.assert_allclose(new.mean(axis=(0, 1)), np.asarray(first.raw.u).mean(axis=(0, 1)), atol=0.35)
    assert draws_in(folder) == 2_600


def test_many_draws_go_through_files_and_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.1)  # nutpie's files take longer to open than to read
    in_memory, _ = run(tmp_path / "memory", 1_000)
    monkeypatch.setattr(nutpie_draws, "_QUICKLY_READ", 0)
    in_files, _ = run(tmp_path / "files", 1_000)
    _equal(in_files.raw, in_memory.raw)
    both = [Checkpoint(tmp_path / name, ORIGIN, resume=True).before for name in ("memory", "files")]
    assert both[0] is not None and both[1] is not None
    _equal(both[1], both[0])
    on, _ = run_on(Checkpoint(tmp_path / "files", ORIGIN, resume=True))
    _equal(on.raw.cut(1_000), in_memory.raw)


class Wells:
    """Deep wells, ten apart, that no chain leaves."""

    native, ndim = None, 1

    def log_density(self, u: np.ndarray) -> float:
        return self.log_density_grad(u)[0]

    def log_density_grad(self, u: np.ndarray) -> tuple[float, np.ndarray]:
        z = (u - 10.0 * np.round(u / 10.0)) / 0.05
        return -0.5 * float(z @ z), -z / 0.05


@pytest.mark.parametrize("seed", range(3))
def test_every_chain_goes_on_where_it_was(tmp_path: Path, seed: int) -> None:
    settings = NutsSettings(40, 20, 5, seed, cores=2)
    before = RawDraws(
        10.0 * np.arange(5.0)[:, None, None] + np.full((5, 30, 1), 0.01),
        {name: np.zeros((5, 30)) for name in ("diverging", "tree_depth", "n_steps", "energy", "step_size", "lp")}
        | {"acceptance_rate": np.zeros((5, 30))},
    )
    one = Checkpoint(tmp_path, ORIGIN, resume=False)
    one.before, one._record = before, {"settings": {}}
    one.centred(np.zeros(1))
    raw = sample_nuts(Wells(), None, settings, progress=False, checkpoint=one).raw  # type: ignore[arg-type]
    np.testing.assert_array_equal(
        np.round(np.asarray(raw.u)[:, :, 0] / 10.0), np.repeat(np.arange(5.0)[:, None], 40, 1)
    )


def test_looks_count_all_draws_and_a_run_that_begins_anew_forgets_them(tmp_path: Path) -> None:
    _kept(tmp_path / "kept", 900, of=_sampled)
    shown: list[int] = []

    def look(raw: RawDraws) -> Look:
        shown.append(raw.length)
        return Look(raw.length >= 1_500, False, "more", 1_500)

    found, _ = run(tmp_path / "kept", 4_000, resume=True, look=look)
    assert shown == [1_000, 1_500] and found.raw.length == 1_500 and found.reason == "enough"

    def flawed(raw: RawDraws) -> Look:
        shown.append(raw.length)
        return Look(len(shown) > 3, len(shown) == 3, "a flaw", 1_000)

    found, kept = run(tmp_path / "kept", 1_000, resume=True, look=flawed)
    assert found.restarts == 1 and kept.resumed == () and found.settings.tune == 2 * TUNE
    again, _ = run(tmp_path / "kept", 1_000, resume=True, look=lambda raw: Look(False, True, "a flaw", 1_000))
    assert again.restarts == 1  # only once, however often it is interrupted
    _equal(again.raw, found.raw)


def test_parts_are_read_as_they_were_and_only_new_draws_are_written(tmp_path: Path) -> None:
    raw = _kept(tmp_path / "kept", 10, 10, 35, 36)
    names = sorted(path.name for path in (tmp_path / "kept").glob("*.npz"))
    assert names == [f"draws-{a:08d}-{b:08d}.npz" for a, b in ((0, 10), (10, 35), (35, 36))]
    again = Checkpoint(tmp_path / "kept", ORIGIN, resume=True)
    assert again.before is not None and again.centred(np.zeros(3)).tolist() == [0.0, 1.0, 2.0]
    _equal(again.before, raw)
    discard(tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_short_run_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 30.0)
    run(tmp_path / "kept", 50)
    assert not (tmp_path / "kept").exists()


def test_draws_are_not_lost_for_want_of_a_word(tmp_path: Path) -> None:
    _kept(tmp_path / "kept", 12)
    with pytest.raises(OutputError, match="holds 12 draws of each chain of a run that was interrupted; go on"):
        Checkpoint(tmp_path / "kept", ORIGIN, resume=False)
    (tmp_path / "kept" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"holds other files, such as 'notes\.txt'"):
        Checkpoint(tmp_path / "kept", ORIGIN, resume=True)
    discard(tmp_path / "kept")
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["notes.txt"]
    with pytest.raises(OutputError, match="is a file; name a folder"):
        Checkpoint(tmp_path / "kept" / "notes.txt", ORIGIN, resume=True)


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    _kept(tmp_path / "kept", 12)
    settings = NutsSettings(30, TUNE, CHAINS, 2)
    with FileLock(tmp_path / "kept" / "lock"), pytest.raises(OutputError, match="another run keeps its draws in"):
        Checkpoint(tmp_path / "kept", ORIGIN, resume=True).begin(settings, restarts=0)
    discard(tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    with FileLock(tmp_path / "kept" / "lock"), pytest.warns(HDDMWarning, match="another run keeps its draws in"):
        found, _ = run(tmp_path / "kept", 700)  # which began when there were none yet
    assert found.raw.length == 700


def test_a_run_that_was_interrupted_is_gone_on_with_in_the_same_session(tmp_path: Path) -> None:
    def interrupt(raw: RawDraws) -> Look:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        run(tmp_path / "kept", 3_000, look=interrupt)
    held = draws_in(tmp_path / "kept")
    assert held >= 1_000
    assert caught.value.__notes__ == [
        f"{held:,} draws of each chain are kept in '{tmp_path / 'kept'}'; resume=True goes on with them."
    ]
    found, kept = run(tmp_path / "kept", held + 10, resume=True)
    assert found.raw.length == held + 10 and kept.resumed == (held,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "0.2.0"}, r"version 0\.1\.0 of hddm_sbi, and this is 0\.2\.0"),
        ({"trials": 1_200}, "the data had 100 trials, and now have 1,200"),
        ({"model": {"formula": "v ~ stim", "shared": ["z"]}}, "formula was 'v ~ conf', and now is 'v ~ stim'"),
        ({"model": {**ORIGIN["model"], "go": 1}}, "go was None, and now is 1"),  # type: ignore[dict-item]
        ({"sampling": {"chains": 4, "seed": 2}}, "chains was 3, and now is 4"),
        ({"likelihood": "nle"}, "the likelihood was 'exact', and now is 'nle'"),
        ({"columns": {"rt": "a1", "choice": "c3"}}, "the column 'choice' of the data has changed"),
    ],
)
def test_draws_of_something_else_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    _kept(tmp_path / "kept", 12)
    with pytest.raises(DataError, match=f"cannot be gone on with: .*{message}"):
        Checkpoint(tmp_path / "kept", {**ORIGIN, **change}, resume=True)
    assert difference(ORIGIN, ORIGIN) is None


def test_damaged_parts_are_named(tmp_path: Path) -> None:
    _kept(tmp_path / "kept", 10, 20, 30)
    _, second, third = sorted((tmp_path / "kept").glob("*.npz"))
    third.write_bytes(third.read_bytes()[:100])
    with pytest.raises(DataError, match=f"'{third}' are damaged or incomplete; .* the 20 draws before"):
        Checkpoint(tmp_path / "kept", ORIGIN, resume=True)
    second.unlink()
    with pytest.raises(DataError, match="the 10 draws before"):
        Checkpoint(tmp_path / "kept", ORIGIN, resume=True)
    third.unlink()
    resumed = Checkpoint(tmp_path / "kept", ORIGIN, resume=True)
    assert resumed.before is not None and resumed.before.length == 10
    (tmp_path / "kept" / "checkpoint.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="are damaged; delete the folder"):
        Checkpoint(tmp_path / "kept", ORIGIN, resume=True)


def test_draws_of_another_density_are_refused(tmp_path: Path) -> None:
    _kept(tmp_path / "kept", 60, of=_sampled)
    kept = Checkpoint(tmp_path / "kept", ORIGIN, resume=True)
    kept.check(Gaussian())
    with pytest.raises(DataError, match="have another log density now"):
        kept.check(Wells())


def test_a_run_outlives_a_disk_on_which_nothing_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.warns(HDDMWarning, match=r"cannot be kept in .*\(no space left on device\)") as said:
        found, _ = run(tmp_path / "kept", 700)
    assert found.raw.length == 700 and len(said) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, True, "nutpie"), "resume is True, but checkpoint names no folder"),
        ((3, False, "nutpie"), "checkpoint is 3; give the path of a folder"),
        (("kept", False, "pyro"), "sampler is 'pyro', which keeps no draws"),
    ],
)
def test_arguments_are_checked(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        check_keeping(*arguments)


def test_joined_draws_are_cut_as_one_array_is() -> None:
    parts = [np.random.default_rng(k).normal(size=(2, n, 3)) for k, n in enumerate((4, 1, 6))]
    whole, joined = np.concatenate(parts, axis=1), Joined((Joined((parts[0], parts[1])), parts[2]))
    assert joined.shape == whole.shape
    for low, high in ((0, 11), (0, 3), (3, 5), (5, 11), (4, 4), (2, 100), (-1, None), (7, None)):
        cut = joined[:, low:high]
        assert cut.shape == whole[:, low:high].shape
        np.testing.assert_array_equal(np.asarray(cut), whole[:, low:high])


CHILD = """
import os, sys, time
import numpy as np
from pathlib import Path
from hddm_sbi.inference import checkpoint
from tests.inference.test_checkpoint import run
checkpoint.SECONDS, checkpoint.SHARE = 0.0, 1e9
for k in range(3):
    child = os.fork()
    if not child:
        run(Path(sys.argv[1]) / str(k), 10**6)
    print(child, flush=True)
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the child makes copies of itself, to import once")
def test_a_run_that_is_killed_at_any_moment_leaves_whole_parts(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=root) as parent:
        for k in range(3):
            assert parent.stdout is not None
            pid, folder = int(parent.stdout.readline()), tmp_path / str(k)
            while len(list(folder.glob("*.npz"))) < k + 1:
                time.sleep(0.01)
            time.sleep(0.003 * k)
            os.kill(pid, signal.SIGKILL)
    for k in range(3):
        kept = Checkpoint(tmp_path / str(k), ORIGIN, resume=True)
        assert kept.before is not None and kept.before.is_finite
        assert kept.before.length == draws_in(tmp_path / str(k)) > 0
        found, _ = run_on(kept)
        _equal(found.raw.cut(kept.before.length), kept.before)
        discard(tmp_path / str(k))
        assert not (tmp_path / str(k)).exists()  # what a write left half done is gone as well


def run_on(kept: Checkpoint) -> tuple[Run, Checkpoint]:
    """A run that goes on with what a killed one left."""
    assert kept.before is not None
    kept.check(Gaussian())
    settings = kept.settings(NutsSettings(kept.before.length + 20, TUNE, CHAINS, 2, cores=CHAINS))
    with kept:
        return sample_nuts(Gaussian(), start, settings, progress=False, checkpoint=kept), kept
