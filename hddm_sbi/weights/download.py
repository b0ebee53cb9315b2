"""One file over HTTP, whole and with the expected checksum, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit, urlunsplit

from hddm_sbi.errors import WeightsError
from hddm_sbi.weights.card import check_card, parse_card
from hddm_sbi.weights.registry import KnownFile

if TYPE_CHECKING:
    from requests import Response

URL_VARIABLE = "HDDM_SBI_WEIGHTS_URL"

# Seconds: a computer without a network should say so soon; a busy server may be silent for longer.
CONNECT_TIMEOUT, READ_TIMEOUT = 10.0, 30.0
# Bytes: a longer file than expected is cut off at once, except for cards, which may say what they are.
_LONGEST_CARD = 2**20

# bytes that have arrived, bytes in all
Report = Callable[[int, int], None]


def quiet(arrived: int, size: int) -> None:
    """A report that says nothing."""


def fetch(base_url: str, file: KnownFile, path: Path, model: str, report: Report = quiet) -> None:
    """Fetch a file to ``path``, replacing what is there in one step once its checksum is right.

    Only one process at a time may write to ``path``. Whatever happens, short of the process being killed, no other file
    is left; what a killed one leaves, ``path`` with ``.part`` added, the next call replaces.

    Args:
        base_url: address of the folder with the file.
        file: what is expected.
        path: where to.
        model: name of the model, for what is said of a wrong card.
        report: called as bytes arrive.

    Raises:
        WeightsError: the server fails, or serves another file.
        OSError: the file cannot be written.
    """
    from requests.exceptions import RequestException

    url = f"{base_url.rstrip('/')}/{file.name}"
    partial = path.with_name(f"{path.name}.part")
    try:
        with partial.open("wb") as stream:
            counted = _Counted(stream, file, url, report)
            try:
                _get(url, counted)
            except RequestException as error:
                raise _failed(file, url, _why(error, file.size)) from error
        if not file.is_at(partial):
            raise _failed(file, url, _difference(file, partial, counted.arrived, model))
        _replace(partial, path, file)
    finally:
        partial.unlink(missing_ok=True)


def _get(url: str, to: _Counted) -> None:
    """Pooch leaves the connection of a download that fails open."""
    import pooch

    with ExitStack() as answers:

        def remember(answer: Response, **options: Any) -> None:
            answers.callback(answer.close)

        timeout = (CONNECT_TIMEOUT, READ_TIMEOUT)
        pooch.HTTPDownloader(timeout=timeout, hooks={"response": remember})(url, to, None)


def _replace(partial: Path, path: Path, file: KnownFile) -> None:
    try:
        os.replace(partial, path)
    except PermissionError:
        # Windows does not replace a file that somebody reads; it may be the right one already
        if not file.is_at(path):
            raise


class _Counted:
    """A file that counts what is written to it, and refuses more than it expects."""

    def __init__(self, stream: BinaryIO, file: KnownFile, url: str, report: Report) -> None:
        self.arrived = 0
        self._stream, self._file, self._url, self._report = stream, file, url, report

    def write(self, chunk: bytes) -> None:
        self.arrived += len(chunk)
        if self.arrived > max(self._file.size, _LONGEST_CARD if self._file.name.endswith(".json") else 0):
            raise _failed(self._file, self._url, f"it is longer than the {self._file.size:,} bytes expected; {_CHECK}")
        self._stream.write(chunk)
        self._report(self.arrived, self._file.size)

    def flush(self) -> None:
        self._stream.flush()


_CHECK = f"check that the address in {URL_VARIABLE} is the folder of this version's weights"


def _failed(file: KnownFile, url: str, why: str) -> WeightsError:
    return WeightsError(f"'{file.name}' cannot be fetched from '{without_password(url)}': {why}; nothing was stored.")


def _difference(file: KnownFile, partial: Path, arrived: int, model: str) -> str:
    """Why a file is not the expected one: a card that is whole may say so itself."""
    whole = arrived >= file.size
    if file.name.endswith(".json"):
        try:
            check_card(parse_card(partial.read_bytes()), file.name, model)
            whole = True
        except WeightsError as error:
            return f"{str(error).rstrip('.')}; {_CHECK}"
        except ValueError:
            pass
    if whole:
        return f"it is not the file that this version of hddm_sbi expects (SHA-256 differs); {_CHECK}, and try again"
    return f"only {arrived:,} of {file.size:,} bytes arrived; {_CHECK}, and try again"


def _why(error: Exception, size: int) -> str:
    from requests import exceptions as failures
    from urllib3.exceptions import ReadTimeoutError

    # a stall in the middle of a file comes as a ConnectionError around urllib3's own
    stalled = isinstance(error, failures.ReadTimeout) or any(isinstance(arg, ReadTimeoutError) for arg in error.args)
    if stalled:
        return f"the server fell silent for {READ_TIMEOUT:g} s; try again later"
    if isinstance(error, failures.HTTPError) and error.response is not None:
        status = error.response.status_code
        remedy = "try again later" if status >= 500 else _CHECK
        return f"the server answered {status} {error.response.reason or ''}".rstrip() + f"; {remedy}"
    if isinstance(error, failures.ChunkedEncodingError):
        return f"the connection broke off before all {size:,} bytes had arrived; try again"
    if isinstance(error, failures.SSLError):
        return f"no secure connection can be made; {_CHECK}"
    if isinstance(error, failures.ConnectionError | failures.Timeout):
        return f"the server cannot be reached; check the network connection and the address in {URL_VARIABLE}"
    return f"the request failed ({type(error).__name__}); {_CHECK}"


def without_password(url: str) -> str:
    """An address without the user and password that it may carry.

    Raises:
        ValueError: it is no address.
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
