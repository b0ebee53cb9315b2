"""Programs whose files are read, one file each; the first that recognises a table reads it."""

from hddm_sbi.reading.sources.base import Source
from hddm_sbi.reading.sources.bids import BIDS
from hddm_sbi.reading.sources.eprime import EPRIME
from hddm_sbi.reading.sources.expyriment import EXPYRIMENT
from hddm_sbi.reading.sources.jspsych import JSPSYCH
from hddm_sbi.reading.sources.labjs import LABJS
from hddm_sbi.reading.sources.opensesame import OPENSESAME
from hddm_sbi.reading.sources.plain import MODEL_TABLES, OWN_TABLE, TABLE
from hddm_sbi.reading.sources.psychopy import PSYCHOPY

SOURCES: tuple[Source, ...] = (
    OWN_TABLE,
    EXPYRIMENT,
    EPRIME,
    PSYCHOPY,
    OPENSESAME,
    LABJS,
    BIDS,
    JSPSYCH,
    *MODEL_TABLES,
    TABLE,
)

__all__ = ["SOURCES", "TABLE", "Source"]
