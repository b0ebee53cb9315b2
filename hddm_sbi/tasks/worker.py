"""A worker on this machine, ``python -m hddm_sbi.tasks.worker FILE``: numbers of tasks in, their rows out.

It is a process of its own rather than one of ``multiprocessing``'s, so that it does not run the user's script again,
which may lack a ``__main__`` guard, and works from notebooks. It ends when its standard input does, that is with the
process that started it.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import BinaryIO

from hddm_sbi.errors import HDDMError

# The first byte of an answer; its length, eight bytes, and itself follow.
READY, DONE, FAILED, USELESS = b"R", b"D", b"F", b"U"
_LENGTH = 8


def send(stream: BinaryIO, kind: bytes, content: bytes = b"") -> None:
    """Write an answer."""
    stream.write(kind + len(content).to_bytes(_LENGTH, "big") + content)
    stream.flush()


def receive(stream: BinaryIO) -> tuple[bytes, bytes] | None:
    """Read an answer; None where the process ended."""
    head = stream.read(1 + _LENGTH)
    if len(head) < 1 + _LENGTH:
        return None
    length = int.from_bytes(head[1:], "big")
    content = stream.read(length)
    return (head[:1], content) if len(content) == length else None


def main() -> None:
    """Unpack the job, then do one task after the other."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a task prints must not get between the answers
    warnings.simplefilter("ignore")  # a simulated experiment may be odd; nobody reads it here
    from hddm_sbi.tasks.job import Failure, Worker

    try:
        worker = Worker(Path(sys.argv[1]).read_bytes())
    except HDDMError as error:
        send(answers, USELESS, str(error).encode())
        return
    send(answers, READY)
    for line in sys.stdin.buffer:
        found = worker.perform(int(line))
        if isinstance(found, Failure):
            send(answers, FAILED, found.reason.encode())
        else:
            send(answers, DONE, found)


if __name__ == "__main__":
    main()
