from __future__ import annotations

from pathlib import Path

import pytest

from hddm_sbi import _resources
from hddm_sbi.errors import HDDMError


def test_finds_files_from_a_checkout() -> None:
    path = _resources.resource("data", "cavanagh_theta.csv")
    assert path.is_file()
    assert path.is_absolute()
    assert _resources.resource_folder("pretrained").is_dir()


def test_finds_files_inside_an_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "hddm_sbi"
    inside = package / "_assets" / "data"
    inside.mkdir(parents=True)
    (inside / "mine.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    # Another distribution's folder of the same name beside the package is not ours.
    (tmp_path / "site-packages" / "data").mkdir()
    (tmp_path / "site-packages" / "data" / "foreign.csv").write_text("", encoding="utf-8")
    monkeypatch.setattr(_resources, "_PACKAGE", package)
    assert _resources.resource("data", "mine.csv") == inside / "mine.csv"
    assert _resources.resource_names("data", ".csv") == ("mine",)


def test_names_a_missing_file() -> None:
    with pytest.raises(HDDMError, match=r"'nothing\.safetensors' is not among the package's pretrained files"):
        _resources.resource("pretrained", "nothing.safetensors")


def test_names_are_sorted_and_without_their_suffix() -> None:
    names = _resources.resource_names("data", ".csv")
    assert "cavanagh_theta" in names
    assert list(names) == sorted(names)
