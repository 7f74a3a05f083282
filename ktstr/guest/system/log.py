# SPDX-License-Identifier: Apache-2.0
"""Output of a process, kept within bounds: its beginning, its end, and how much there was."""

from __future__ import annotations

_HEAD = 64 << 10
_TAIL = 192 << 10


class BoundedLog:
    """Keeps the first and the last bytes that are added; counts them all in `total`."""

    def __init__(self, head: int = _HEAD, tail: int = _TAIL) -> None:
        self._head_limit, self._tail_limit = head, tail
        self._head, self._tail = bytearray(), bytearray()
        self.total = 0

    def add(self, data: bytes) -> None:
        """Takes more output."""
        self.total += len(data)
        room = self._head_limit - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        del self._tail[: -self._tail_limit]

    @property
    def truncated(self) -> bool:
        """Whether something in the middle was dropped."""
        return self.total > len(self._head) + len(self._tail)

    def text(self) -> str:
        """All that was kept, with a line that says how much is missing between."""
        gap = b""
        if self.truncated:
            missing = self.total - len(self._head) - len(self._tail)
            gap = f"\n[ktstr: {missing} bytes dropped here]\n".encode()
        return (bytes(self._head) + gap + bytes(self._tail)).decode(errors="replace")

    def last(self, size: int) -> str:
        """The last `size` bytes that were kept, from the beginning of a line where possible."""
        kept = bytes(self._head + self._tail)
        if len(kept) > size:
            kept = kept[-size:].partition(b"\n")[2] or kept[-size:]
        return kept.decode(errors="replace")
