"""R's .rds files, where the optional package rdata is installed: data only, R code in them is not run."""

from __future__ import annotations

import warnings

import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.reading.archives import decompressed
from hddm_sbi.reading.raw import File, Raw


def read_rds(file: File) -> Raw:
    """The data frame that R saved; a list of which it is the only one will do.

    Raises:
        DataError: rdata is not installed, the file is damaged, too large, or holds no data frame.
    """
    try:
        import rdata
    except ImportError as error:
        raise DataError(
            f"reading R's .rds files takes rdata: pip install 'hddm-sbi[files]', or write '{file.name}' with write.csv."
        ) from error
    try:
        content = decompressed(file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about classes that it does not know
            found = rdata.conversion.convert(rdata.parser.parse_data(content, extension=".rds"))
    except DataError:
        raise
    except Exception as error:  # whatever rdata stumbles over
        raise DataError(f"the file '{file.name}' is an .rds file that is damaged or cut off; save it again.") from error
    if isinstance(found, dict):
        frames = [value for value in found.values() if isinstance(value, pd.DataFrame)]
        found = frames[0] if len(frames) == 1 else None
    if not isinstance(found, pd.DataFrame):
        raise DataError(f"the file '{file.name}' holds no data frame of R's; save one, with one row per trial.")
    return Raw(file.name, found.reset_index(drop=True), "an .rds file of R")
