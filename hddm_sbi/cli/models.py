"""``hddm-sbi models``: what can be fitted, by which likelihoods, and how accurate the networks are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hddm_sbi.cli.console import one_line_errors

if TYPE_CHECKING:
    from rich.table import Table

    from hddm_sbi.ssm.base import SSM
    from hddm_sbi.weights.store import Located


def models() -> None:
    """List the models: parameters, likelihoods, and pretrained networks: their range, accuracy, size and source."""
    with one_line_errors():
        from rich.console import Console
        from rich.text import Text

        from hddm_sbi.ssm import get_model, list_models

        console = Console()
        for name in list_models():
            model, network = get_model(name), _network(name)
            console.print(Text(f"{name}: {model.description}", style="bold"))
            console.print(_parameters(model, network))
            for line in _likelihoods(model, network):
                console.print(Text(f"  {line}"), soft_wrap=True)  # a path stays in one piece
            console.print()


def _network(name: str) -> Located | None:
    from hddm_sbi.weights.store import list_pretrained, locate

    return locate(name) if name in list_pretrained() else None


def _parameters(model: SSM, network: Located | None) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=True)
    for heading in ("  parameter", "range", "network", "link", "meaning"):
        table.add_column(heading)
    for parameter in model.parameters:
        low, high = parameter.support
        trained = "-"
        if network is not None:
            first, last = network.facts.get("box", {}).get(parameter.name, parameter.box)
            trained = f"{first:g} to {last:g}"
        table.add_row(f"  {parameter.name}", f"{low:g} to {high:g}", trained, parameter.link, parameter.description)
    return table


def _likelihoods(model: SSM, network: Located | None) -> list[str]:
    lines = ["exact: first-passage density"] if model.exact is not None else []
    if network is None:
        return [*lines, "nle:   no pretrained network"]
    source = {
        "bundled": "travels with the package",
        "cache": f"in the cache: {network.path}",
        "download": f"to fetch with 'hddm-sbi download {model.name}'",
    }
    return [
        *lines,
        f"nle:   pretrained network, {_accuracy(network.facts)}",
        f"       {network.size / 1e3:,.0f} kB, {source[network.source]}",
    ]


def _accuracy(card: dict[str, Any]) -> str:
    measured = card.get("accuracy", {})
    shown = {
        "mean |error of log p|": _find(measured, "mean_abs_error"),
        "95th percentile": _find(measured, "p95_abs_error"),
        "KL per trial": _find(measured, "kl"),
    }
    shift = measured.get("posterior_shift", {})
    shown["shift of a mean at 1,000 trials, sds"] = _find(shift, "median_corrected") or _find(shift, "median")
    if shown["KL per trial"] is None:
        # without a density to compare with, from simulations; at such sizes a negative one is chance
        simulated = _find(measured, "kl_binned")
        shown["KL per trial, by simulation"] = None if simulated is None else max(0.0, simulated)
    parts = [f"{label} {value:.2g}" for label, value in shown.items() if value is not None]
    return ", ".join(parts) or "accuracy not measured"


def _find(measured: Any, key: str) -> float | None:
    """The number under a key, at whatever depth the card keeps it."""
    if not isinstance(measured, dict):
        return None
    if isinstance(measured.get(key), int | float):
        return float(measured[key])
    return next((found for inner in measured.values() if (found := _find(inner, key)) is not None), None)
