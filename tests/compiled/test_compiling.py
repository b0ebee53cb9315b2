"""A first fit says that it compiles; later ones, which take from the cache, say nothing."""

import time

import pytest

from hddm_sbi.compiled import compiling


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(compiling, "PATIENCE_SECONDS", 0.05)
    compiling._said.clear()
    yield
    compiling._said.set()


def test_long_work_is_announced_once(impatient, capsys):
    for _ in range(2):
        with compiling.announced():
            time.sleep(0.3)
    assert capsys.readouterr().err.count("compiling for this computer") == 1


def test_quick_work_is_silent(impatient, capsys):
    with compiling.announced():
        pass
    time.sleep(0.2)
    assert capsys.readouterr().err == ""
