"""Sequential sampling models: one file a model, and their registry."""

from hddm_sbi.ssm.base import SSM, Diffusion, Parameter, Prior, Symmetries
from hddm_sbi.ssm.evidence import Evidence
from hddm_sbi.ssm.registry import check_theta, get_model, list_models, simulate

__all__ = [
    "SSM",
    "Diffusion",
    "Evidence",
    "Parameter",
    "Prior",
    "Symmetries",
    "check_theta",
    "get_model",
    "list_models",
    "simulate",
]
