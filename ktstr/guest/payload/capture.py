# SPDX-License-Identifier: Apache-2.0
"""One output stream of a payload: its beginning for metrics, its end for people, and its size."""

from __future__ import annotations

CAP = 16 << 20
_TAIL = 4 << 10
# UTF-8: no character begins with one of these, and none has more than three of them
_CONTINUATIONS = range(0x80, 0xC0)
_MOST_CONTINUATIONS = 3


class Capture:
    """Keeps the first `cap` bytes and the last `tail`; counts them all in `total`."""

    def __init__(self, cap: int = CAP, tail: int = _TAIL) -> None:
        self._cap, self._tail_limit = cap, tail
        self._head, self._tail = bytearray(), bytearray()
        self.total = 0

    def add(self, data: bytes) -> None:
        """Takes more output."""
        self.total += len(data)
        room = self._cap - len(self._head)
        if room > 0:
            self._head += data[:room]
        self._tail += data[-self._tail_limit :]
        del self._tail[: -self._tail_limit]

    @property
    def truncated(self) -> bool:
        """Whether more than the cap was printed."""
        return self.total > self._cap

    def note(self) -> str:
        """What is to be said of it; empty if all was kept."""
        if not self.truncated:
            return ""
        return f"{self.total} bytes were printed; the first {self._cap} were searched"

    def text(self) -> str:
        """What was printed, up to the cap; bytes that are no UTF-8 are replaced."""
        return self._head.decode(errors="replace")

    def release(self) -> None:
        """Gives up what `text` would give."""
        self._head = bytearray()

    def tail(self) -> str:
        """The end of what was printed, from the beginning of a character."""
        cut = 0
        if self.total > len(self._tail):
            for byte in self._tail[:_MOST_CONTINUATIONS]:
                if byte not in _CONTINUATIONS:
                    break
                cut += 1
        return self._tail[cut:].decode(errors="replace")
