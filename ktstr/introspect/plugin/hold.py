# SPDX-License-Identifier: Apache-2.0
"""The host's end of a held guest: it stands at an instruction until the host lets it go on.

Nothing of the guest runs meanwhile and none of its time goes by, so that its memory can be read,
and the run stays the same. Whatever goes wrong, the guest goes on: QEMU's plugin waits for a time
that its watch gives it (`hold_s`), and not at all once this end is closed.
"""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass

from ktstr.introspect.plugin.orders import Orders
from ktstr.introspect.plugin.watch import REGISTERS, Watch
from ktstr.model.errors import KtstrError

_MAGIC = 0x444C4F48
# tools/qemu/probes/hold.h: magic, probe, CPU, number of the hit, registers
_HELD = struct.Struct(f"<IHHQ{len(REGISTERS)}Q")
_GO = b"g"
# what the plugin says that finds our end closed: tools/qemu/probes/hold.c
CHANNEL_CLOSED = "holds: the host's end of the channel is closed"


@dataclass(frozen=True)
class Held:
    """Where the guest stands.

    Attributes:
      probe: the name of the probe.
      cpu: the guest's CPU that came to it.
      hit: how often any CPU had come to it, with this time.
      registers: of that CPU, by their names.
      pid: of QEMU's process.
      orders: to a guest that is walked through, where this is a stand of such a walk.
    """

    probe: str
    cpu: int
    hit: int
    registers: dict[str, int]
    pid: int
    orders: Orders | None = None


class HoldChannel:
    """A pair of sockets, one end of which QEMU inherits, and who is called while the guest stands.

    `ended` says in words why there are no further holds; empty while there may be.  `was_let_go`:
    there are none since the machine is to end, which is no mishap.  `patient`: the machine's
    deadlines wait while the guest stands, as somebody looks at it for as long as they like.
    """

    def __init__(
        self, watch: Watch, meanwhile: Callable[[Held], None], *, patient: bool = False
    ) -> None:
        self.patient = patient
        self._watch = watch
        self._meanwhile = meanwhile
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._pid = 0
        self._got = b""
        self.ended = ""
        self.was_let_go = False

    @property
    def theirs(self) -> int:
        """The descriptor of QEMU's end."""
        return self._theirs.fileno()

    def begin(self, pid: int) -> None:
        """QEMU runs as that process, and has its end."""
        self._pid = pid
        self._theirs.close()

    def fileno(self) -> int:
        """Readable when the guest stands, or QEMU is gone; negative when there is nothing more."""
        return self._ours.fileno()

    def serve(self) -> None:
        """Where the guest stands, does what is to be done meanwhile, and lets it go on."""
        while self._ours.fileno() >= 0 and select.select([self._ours], [], [], 0)[0]:
            try:
                got = self._ours.recv(_HELD.size - len(self._got))
            except OSError as error:
                self._end(f"QEMU's end of the channel fails: {error}")
                return
            if not got:
                self._end("")
                return
            self._got += got
            if len(self._got) == _HELD.size:
                self._answer(self._got)
                self._got = b""

    def let_go(self) -> None:
        """Holds the guest no more, as nobody is about to serve it; one that stands goes on."""
        self.was_let_go = self.was_let_go or self._ours.fileno() >= 0
        self._end("")

    def close(self) -> None:
        """Gives both ends back; a guest that stands goes on."""
        self._end("")
        self._theirs.close()

    def _answer(self, got: bytes) -> None:
        magic, probe, cpu, hit, *values = _HELD.unpack(got)
        if magic != _MAGIC or probe >= len(self._watch.probes):
            self._end("QEMU's end of the channel said what is no hold")
            return
        at = self._watch.probes[probe]
        name, orders = at.name, Orders(self._ours) if at.walks else None
        registers = dict(zip(REGISTERS, values, strict=True))
        held = Held(name, cpu, hit, registers, self._pid, orders)
        try:
            self._meanwhile(held)
        except KtstrError as error:
            self._end(f"while the guest was held at {name}: {error}")
            return
        try:
            self._ours.send(_GO)
        except OSError:
            self._end(
                f"what was done while the guest was held at {name} took longer than "
                f"{self._watch.hold_s:.0f} s, after which it went on"
            )

    def _end(self, why: str) -> None:
        self.ended = self.ended or why
        self._ours.close()
