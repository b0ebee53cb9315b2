from __future__ import annotations

from pathlib import Path

import pytest

from hddm_sbi import _resources
from hddm_sbi.weights.store import locate
from tests.weights.server import Behaviour, WeightsServer, cache, installation, server

__all__ = ["cache", "installation", "server"]  # fixtures


def _bundle(server: WeightsServer) -> Path:
    """Make the weights travel with the package."""
    folder = _resources.resource_folder("pretrained")
    for path in server.folder.glob("ddm.*"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder / "ddm.safetensors"


def test_fetches_and_says_where(run, server: WeightsServer, cache: Path) -> None:
    result = run("download", "ddm")
    assert result.exit_code == 0, result.output
    assert "ddm: 6 kB fetched, checksum verified: " in result.stdout
    assert str(locate("ddm").path) in result.stdout
    assert locate("ddm").source == "cache"


def test_does_not_fetch_again(run, server: WeightsServer, cache: Path) -> None:
    run("download", "ddm")
    server.requests.clear()
    result = run("download", "ddm")
    assert result.exit_code == 0
    assert f"ddm: is in the cache, checksum verified: {locate('ddm').path}" in result.stdout
    assert not server.requests
    result = run("download", "ddm", "--force")
    assert "kB fetched" in result.stdout
    assert len(server.requests) == 2


def test_fetches_all(run, server: WeightsServer, cache: Path) -> None:
    result = run("download", "--all")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("checksum verified") == 1


def test_weights_of_the_package_are_fetched_only_by_force(run, server: WeightsServer, cache: Path) -> None:
    path = _bundle(server)
    result = run("download", "ddm")
    assert result.exit_code == 0
    assert f"ddm: travels with the package, nothing to fetch: {path}" in result.stdout
    assert not server.requests
    assert run("download", "ddm", "--force").exit_code == 0
    assert len(server.requests) == 2
    assert (next(cache.iterdir()) / "ddm.safetensors").is_file()


@pytest.mark.parametrize("arguments", [(), ("ddm", "--all")])
def test_either_names_or_all(run, server: WeightsServer, cache: Path, arguments: tuple[str, ...]) -> None:
    result = run("download", *arguments)
    assert result.exit_code == 2
    assert "name the models to download, or give --all; there are ddm." in result.stderr
    assert not server.requests


def test_a_wrong_name_is_found_before_anything_is_fetched(run, server: WeightsServer, cache: Path) -> None:
    result = run("download", "ddm", "nothing")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "there is no pretrained network for the model 'nothing'; there are networks for: ddm;" in result.stderr
    assert not server.requests


def test_a_failure_is_one_line(run, server: WeightsServer, cache: Path) -> None:
    server.behaviour["ddm.safetensors"] = Behaviour(status=404)
    result = run("download", "ddm")
    assert result.exit_code == 2
    assert not result.stdout
    assert result.stderr.startswith("Error: 'ddm.safetensors' cannot be fetched from ")
    assert result.stderr.count("\n") == 1


def test_without_an_address(run, installation: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HDDM_SBI_WEIGHTS_URL", raising=False)
    result = run("download", "ddm")
    assert result.exit_code == 2
    assert "set HDDM_SBI_WEIGHTS_URL to the address of a folder with 'ddm.safetensors'" in result.stderr
