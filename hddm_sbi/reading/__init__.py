"""Files of experiment software, statistics programs and other model programs -> one table of trials."""

from hddm_sbi.reading.read import is_export, read

__all__ = ["is_export", "read"]
