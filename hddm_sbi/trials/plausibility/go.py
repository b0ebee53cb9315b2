"""Go/no-go trials that contradict what go/no-go is."""

from __future__ import annotations

from collections.abc import Iterator

from hddm_sbi.trials.plausibility.finding import Finding
from hddm_sbi.trials.recording import Recording


def go(recording: Recording) -> Iterator[Finding]:
    """Withheld responses that have a time, and tables without any withheld response."""
    if recording.go is None:
        return
    withheld = ~recording.choice_seen
    timed = withheld & recording.rt_seen
    response, rt = f"column '{recording.response_name}'", f"column '{recording.rt_name}'"
    if timed.any():
        yield Finding(
            "withheld with a time",
            "error",
            f"{int(timed.sum()):,} of {int(withheld.sum()):,} trials without the go response {recording.go!r} in "
            f"{response}{recording.whose(timed)} have a time in {rt} ({recording.at(timed)}): a withheld response has "
            "none, so set it to missing, or leave go out if both responses were made.",
            timed,
        )
    if not withheld.any():
        yield Finding(
            "nothing withheld",
            "error",
            f"all {recording.n:,} trials have the go response {recording.go!r} in {response}: go/no-go needs the "
            "trials on which it was withheld, with their time missing; put them back into the table, or leave go out.",
            recording.choice_seen,
        )
