"""``hddm-sbi models``: what can be fitted, by which likelihoods, and how accurate the networks are."""

from __future__ import annotations

from typing import Any

from hddm_sbi.cli.console import one_line_errors


def models() -> None:
    """List the models: their parameters, likelihoods, and pretrained networks with their measured accuracy."""
    with one_line_errors():
        from rich.console import Console
        from rich.text import Text

        from hddm_sbi.ssm import get_model, list_models

        console = Console()
        for name in list_models():
            model = get_model(name)
            console.print(Text(f"{name}: {model.description}", style="bold"))
            console.print(_parameters(model.parameters))
            for line in _likelihoods(name):
                console.print(Text(f"  {line}"))
            console.print()


def _parameters(parameters: Any) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=True)
    for heading in ("  parameter", "range", "network", "link", "meaning"):
        table.add_column(heading)
    for parameter in parameters:
        (low, high), (first, last) = parameter.support, parameter.box
        row = (f"  {parameter.name}", f"{low:g} to {high:g}", f"{first:g} to {last:g}", parameter.link)
        table.add_row(*row, parameter.description)
    return table


def _likelihoods(name: str) -> list[str]:
    from hddm_sbi.likelihoods.exact import EXACT

    lines = ["exact: first-passage density"] if name in EXACT else []
    card = _card(name)
    if card is None:
        return [*lines, "nle:   no pretrained network"]
    return [*lines, f"nle:   pretrained network, {_accuracy(card)}"]


def _card(name: str) -> dict[str, Any] | None:
    """The card of the pretrained network; read as text, because torch takes seconds to import."""
    import json

    from hddm_sbi._resources import resource_folder
    from hddm_sbi.errors import WeightsError

    path = resource_folder("pretrained") / f"{name}.json"
    if not path.with_suffix(".safetensors").is_file():
        return None
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"the card '{path}' cannot be read ({error}); install the package again.") from error
    return card if isinstance(card, dict) else {}


def _accuracy(card: dict[str, Any]) -> str:
    measured = card.get("accuracy", {})
    shown = {
        "mean |error of log p|": _find(measured, "mean_abs_error"),
        "95th percentile": _find(measured, "p95_abs_error"),
        "KL per trial": _find(measured, "kl"),
    }
    parts = [f"{label} {value:.2g}" for label, value in shown.items() if value is not None]
    return ", ".join(parts) or "accuracy not measured"


def _find(measured: Any, key: str) -> float | None:
    """The number under a key, at whatever depth the card keeps it."""
    if not isinstance(measured, dict):
        return None
    if isinstance(measured.get(key), int | float):
        return float(measured[key])
    return next((found for inner in measured.values() if (found := _find(inner, key)) is not None), None)
