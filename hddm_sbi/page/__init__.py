"""What pages of HTML share: one file that needs no other, one style, tables that sort and filter."""

from hddm_sbi.page.document import document
from hddm_sbi.page.table import table

__all__ = ["document", "table"]
