"""Compiled code is kept: found by other processes, never outdated, and done without where it cannot be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hddm_sbi.compiled import kept, places
from hddm_sbi.compiled.kept import SUFFIX, Kept

ROOT = Path(__file__).resolve().parents[2]

# a function that Python calls, and one that only this calls, in another module
OUTER = """
from hddm_sbi.compiled.compiling import callable_from_python
from inner import FACTOR, half

@callable_from_python
def twice(x):
    return FACTOR * half(x)
"""
INNER = """
from hddm_sbi.compiled.compiling import internal

FACTOR = {factor}

@internal
def half(x):
    return {half} * x
"""
CALL = (
    "import sys\nfrom outer import twice\nprint(twice(3.0), 'compiled' if twice.stats.cache_misses else 'found')\n"
    "from hddm_sbi.compiled.compiling import _what_is_going_on\nprint(_what_is_going_on())"
)


def _call(folder: Path, **environment: str) -> list[str]:
    """What a fresh process prints that calls ``twice``."""
    known = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "HDDM_SBI_CACHE")}
    path = os.pathsep.join([str(folder), str(ROOT)])
    result = subprocess.run(
        [sys.executable, "-c", CALL], capture_output=True, text=True, check=False,
        env={**known, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **environment},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def _write(folder: Path, factor: str = "4.0", half: str = "0.5") -> None:
    (folder / "outer.py").write_text(OUTER)
    (folder / "inner.py").write_text(INNER.format(factor=factor, half=half))


def test_a_process_finds_what_another_has_compiled_until_anything_that_it_depends_on_changes(tmp_path: Path) -> None:
    where = {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    _write(tmp_path)
    assert _call(tmp_path, **where)[0] == "6.0 compiled"
    os.utime(tmp_path / "outer.py", (0, 0))  # another installation of the same version
    assert _call(tmp_path, **where)[0] == "6.0 found"
    _write(tmp_path, half="0.25")  # the function that is called
    assert _call(tmp_path, **where)[0] == "3.0 compiled"
    _write(tmp_path, half="0.25", factor="8.0")  # a constant
    assert _call(tmp_path, **where)[0] == "6.0 compiled"
    _write(tmp_path)  # as it was
    assert _call(tmp_path, **where)[0] == "6.0 found"


def test_a_damaged_file_is_replaced(tmp_path: Path) -> None:
    where = {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    _write(tmp_path)
    _call(tmp_path, **where)
    (file,) = (tmp_path / "kept").rglob(f"*{SUFFIX}")
    file.write_bytes(file.read_bytes()[:100])
    assert _call(tmp_path, **where)[0] == "6.0 compiled"
    assert _call(tmp_path, **where)[0] == "6.0 found"
    assert [path.name for path in file.parent.iterdir()] == [file.name]  # no locks and probes are left


def test_without_a_folder_to_write_to_code_is_compiled_each_time_and_that_is_said(tmp_path: Path) -> None:
    _write(tmp_path)
    (tmp_path / "file").touch()
    for _ in range(2):
        value, said = _call(tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "file"))
        assert value == "6.0 compiled"
        assert "no folder can be written to; set HDDM_SBI_CACHE to one" in said


def test_a_read_only_package_leaves_new_code_to_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("HDDM_SBI_CACHE", str(tmp_path))
    own, users = places.folders()
    assert own.parent == Path(places.__file__).parent
    assert users == tmp_path / "compiled"
    monkeypatch.setattr(places, "_takes_files", lambda folder: folder == users)
    assert places.writable.__wrapped__() == users


def test_without_a_home_only_the_packages_folder_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NUMBA_CACHE_DIR", "HDDM_SBI_CACHE"):
        monkeypatch.delenv(name, raising=False)

    def no_home(_: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", no_home)
    assert len(list(places.folders())) == 1


def test_who_cannot_lock_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(kept, "writable", lambda: tmp_path / "file")
    assert not Kept(_call)._wait_for_turn("name")
