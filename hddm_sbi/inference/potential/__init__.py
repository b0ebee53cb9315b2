"""The joint log density that is sampled, compiled from the same ``ModelSpec`` as the Pyro model."""

from hddm_sbi.inference.potential.potential import Potential

__all__ = ["Potential"]
