"""The options that a model has, in words for messages."""

from __future__ import annotations

_NUMBERS = {2: "two", 3: "three", 4: "four"}


class Wanted:
    """The options that a model has, in words for messages.

    Args:
        counts: how many there may be, in order.
    """

    def __init__(self, counts: tuple[int, ...]) -> None:
        self.counts = counts

    @property
    def boundaries(self) -> bool:
        """Whether they are a lower and an upper boundary."""
        return self.counts == (2,)

    @property
    def number(self) -> str:
        """``two``, ``2 to 4``."""
        first, last = self.counts[0], self.counts[-1]
        return _NUMBERS.get(first, str(first)) if first == last else f"{first} to {last}"

    @property
    def order(self) -> str:
        """How labels are to be given."""
        return "lower first" if self.boundaries else "in the order of the accumulators"

    @property
    def example(self) -> str:
        """Such labels."""
        return repr(("left", "right") if 2 in self.counts else tuple(range(self.counts[0])))

    def meaning(self, index: int) -> str:
        """What an option is."""
        return ("lower", "upper")[index] if self.boundaries else f"choice {index}"
