"""Coordinates in which a posterior is nearly round, for samplers to move in."""

from hddm_sbi.inference.coordinates.coordinates import Rounded

__all__ = ["Rounded"]
