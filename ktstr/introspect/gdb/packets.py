# SPDX-License-Identifier: Apache-2.0
"""Packets of gdb's remote serial protocol (GDB's manual, appendix "Overview" of that protocol).

`$DATA#CC`, CC the sum of DATA's bytes; in DATA, 0x7d before a byte says that its bit 5 is turned.
`+` and `-` say whether one came whole, until both sides do without; 0x03 by itself interrupts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

INTERRUPT = b"\x03"
# more than anybody sends of what we take
MOST_BYTES = 1 << 14
_ESCAPE, _TURNED = 0x7D, 0x20
_SPECIAL = frozenset(b"$#}*")


def framed(data: bytes) -> bytes:
    """The packet with these bytes."""
    body = bytearray()
    for each in data:
        body += bytes((_ESCAPE, each ^ _TURNED)) if each in _SPECIAL else bytes((each,))
    return b"$" + body + f"#{sum(body) & 0xFF:02x}".encode()


@dataclass
class Incoming:
    """Takes what comes apart, whatever the pieces are in which it comes.

    bad: packets whose sum was wrong, or that were too long, since somebody last asked.
    """

    bad: int = 0
    _rest: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> list[bytes]:
        """The data of all packets that are whole now, and INTERRUPT for each of these."""
        self._rest += data
        found: list[bytes] = []
        while self._rest:
            if self._rest[0] != ord("$"):
                if self._rest[0] == INTERRUPT[0]:
                    found.append(INTERRUPT)
                del self._rest[0]
                continue
            end = self._rest.find(b"#")
            if end < 0 or len(self._rest) < end + 3:
                if len(self._rest) > MOST_BYTES:
                    self.bad += 1
                    self._rest.clear()
                break
            body, told = bytes(self._rest[1:end]), bytes(self._rest[end + 1 : end + 3])
            del self._rest[: end + 3]
            if told.lower() != f"{sum(body) & 0xFF:02x}".encode():
                self.bad += 1
                continue
            found.append(_plain(body))
        return found


def _plain(body: bytes) -> bytes:
    data, turned = bytearray(), 0
    for each in body:
        if each == _ESCAPE and not turned:
            turned = _TURNED
            continue
        data.append(each ^ turned)
        turned = 0
    return bytes(data)
