"""The checkup as one HTML page, which needs no other file, or as a part of a notebook."""

from hddm_sbi.doctor.page.page import fragment, page

__all__ = ["fragment", "page"]
