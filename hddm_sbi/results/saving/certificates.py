"""A certificate as JSON, among the attributes of the results that it is about, and back."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import pandas as pd

from hddm_sbi.inference.density_check import DensityCheck
from hddm_sbi.inference.foreign import EarlyMass
from hddm_sbi.results.certificate import Certificate
from hddm_sbi.results.to_arviz import Results
from hddm_sbi.results.verdict import BoxReport

# The attribute that holds it.
ATTRIBUTE = "certificate"
_PARTS = {"density": DensityCheck, "box": BoxReport, "early": EarlyMass}


def written_certificate(certificate: Certificate) -> str:
    """The certificate as JSON, in which Python also writes numbers that are not finite."""
    found: dict[str, Any] = {field.name: getattr(certificate, field.name) for field in fields(certificate)}
    found |= {name: None if found[name] is None else asdict(found[name]) for name in _PARTS}
    found["table"] = certificate.table.reset_index().to_dict(orient="list")
    return json.dumps(found, default=lambda value: value.tolist())


def read_certificate(idata: Results) -> Certificate | None:
    """The certificate that results carry; None where they carry none."""
    text = idata.attrs.get(ATTRIBUTE)
    if text is None:
        return None
    found = json.loads(text)
    found["table"] = pd.DataFrame(found["table"]).set_index("quantity")
    for name, part in _PARTS.items():
        if found[name] is not None:
            found[name] = part(**{key: _value(value) for key, value in found[name].items()})
    return Certificate(**found)


def _value(value: Any) -> Any:
    """Lists of numbers are arrays, those of names are not."""
    if not isinstance(value, list):
        return value
    return tuple(value) if value and isinstance(value[0], str) else np.array(value)
