# SPDX-License-Identifier: Apache-2.0
"""What gdb's packets get while the guest stands.

Each CPU is a thread, numbered from 1. Nothing of a guest is changed for breakpoints and steps; what
gdb writes is, if that was asked for, and whoever writes is told what comes of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ktstr.introspect.gdb import registers
from ktstr.introspect.gdb.monitor import Monitor
from ktstr.introspect.gdb.points import Kind, Point, Points
from ktstr.introspect.gdb.resume import End, Resume, cpu_of, resume_of
from ktstr.introspect.gdb.space import Space
from ktstr.introspect.instant.stand import Stand
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.plugin.orders import Word
from ktstr.introspect.snapshot.view import View
from ktstr.model.errors import KtstrError

MOST_READ = 4096
_FEATURES = (
    f"PacketSize={2 * MOST_READ:x};QStartNoAckMode+;qXfer:features:read+;vContSupported+;"
    f"swbreak+;hwbreak+;ReverseStep+"
)
_DIGITS = re.compile("[0-9a-fA-F]{1,16}")
_FAULT, _NONSENSE = "E0e", "E16"  # EFAULT, EINVAL
REFUSED = "this is a recorded run, which nobody changes: start the replay with --write to change it"
CHANGED = (
    "from here on this is another run than the recorded one: gdb has changed the guest's memory"
)


@dataclass
class Session:
    """One gdb's; `begin` for each stand, then `answer` for each packet.

    writes: whether gdb may change the guest.  say: for the terminal, as gdb keeps to itself why it
    may not.
    """

    monitor: Monitor
    writes: bool
    say: Callable[[str], None]
    points: Points = field(default_factory=Points)
    acknowledges: bool = True
    is_changed: bool = False
    _stand: Stand | None = None
    _of_registers: int = 0

    def begin(self, stand: Stand) -> None:
        """The guest stands there now."""
        self._stand, self._of_registers = stand, stand.held.cpu

    @property
    def stand(self) -> Stand:
        """Where the guest stands."""
        assert self._stand is not None
        return self._stand

    def why(self, *, interrupted: bool = False) -> str:
        """The packet that says why it stands."""
        told, thread = self.stand.told, f"thread:{self.stand.held.cpu + 1:x};"
        if interrupted:
            return f"T02{thread}"
        if told.why is Word.WATCH:
            return f"T05watch:{told.where:x};{thread}"
        if told.why is Word.BREAK and told.where in {each.address for each in self.points.set}:
            kind = self.points.kind_at(told.where)
            return f"T05{'swbreak' if kind is Kind.BREAK else 'hwbreak'}:;{thread}"
        return f"T05{thread}"

    def answer(self, data: bytes) -> str | Resume | End:
        """The reply to a packet, or what is to become of the guest; empty for what is not known."""
        packet = data.decode("latin-1")
        resume = resume_of(packet, self._of_registers)
        if resume is not None:
            return resume
        try:
            return self._answer(packet)
        except MemoryFault:
            return _FAULT
        except (ValueError, IndexError):
            return _NONSENSE
        except KtstrError as error:
            return f"E.{error}"

    def _answer(self, packet: str) -> str:
        match packet[:1]:
            case "?":
                return self.why()
            case "g":
                return registers.all_of(self.stand.registers(self._of_registers))
            case "p":
                values = self.stand.registers(self._of_registers)
                return registers.one(_number(packet[1:]), values)
            case "m":
                address, size = _range(packet[1:])
                return self._space.read(address, min(size, MOST_READ)).hex()
            case "M":
                return self._write(packet[1:])
            case "G" | "P":
                return (
                    "E.registers of the guest cannot be changed, only its memory"
                    if self.writes
                    else f"E.{REFUSED}"
                )
            case "Z" | "z":
                return self._point(packet)
            case "H":
                return self._choose(packet)
            case "T":
                return "OK" if self._is_cpu(cpu_of(packet[1:])) else _NONSENSE
            case "q" | "Q" | "v":
                return self._asked(packet)
        return ""

    def _asked(self, packet: str) -> str:
        name, _, rest = packet.partition(":")
        if name == "qSupported":
            return _FEATURES
        if packet == "QStartNoAckMode":
            self.acknowledges = False
            return "OK"
        if packet == "vCont?":
            return "vCont;c;C;s;S"
        if packet == "qAttached":
            return "1"
        if packet == "qC":
            return f"QC{self.stand.held.cpu + 1:x}"
        if packet == "qfThreadInfo":
            return "m" + ",".join(f"{cpu + 1:x}" for cpu in range(self.stand.told.cpus))
        if packet == "qsThreadInfo":
            return "l"
        if packet.startswith("qThreadExtraInfo,"):
            return self._title(cpu_of(packet.partition(",")[2])).encode().hex()
        if packet.startswith("qRcmd,"):
            command = bytes.fromhex(packet.partition(",")[2]).decode(errors="replace")
            return self.monitor.answer(command, self.stand).encode().hex() or "OK"
        if name == "qXfer" and rest.startswith("features:read:target.xml:"):
            return _piece(registers.description(), rest.rpartition(":")[2])
        return ""

    @property
    def _space(self) -> Space:
        return Space(self.stand, self._of_registers)

    def _write(self, rest: str) -> str:
        if not self.writes:
            self.say(REFUSED)
            return f"E.{REFUSED}"
        place, _, digits = rest.partition(":")
        address, size = _range(place)
        data = bytes.fromhex(digits)
        if len(data) != size:
            return _NONSENSE
        self._space.write(address, data)
        if not self.is_changed:
            self.is_changed = True
            self.say(CHANGED)
        return "OK"

    def _point(self, packet: str) -> str:
        kind, address, size = packet[1:].partition(";")[0].split(",")
        if _number(kind) not in (*Kind,):
            return ""
        point = Point(Kind(_number(kind)), _number(address), _number(size))
        if packet[0] == "z":
            self.points.remove(point)
            return "OK"
        return "OK" if self.points.add(point) else "E.there is no room for more of these"

    def _choose(self, packet: str) -> str:
        """Whose registers are meant from now on; who goes on, vCont says itself."""
        cpu = cpu_of(packet[2:])
        if packet[1:2] != "g":
            return "OK"
        if cpu is not None and not self._is_cpu(cpu):
            return _NONSENSE
        self._of_registers = self.stand.held.cpu if cpu is None else cpu
        return "OK"

    def _is_cpu(self, cpu: int | None) -> bool:
        return cpu is not None and cpu < self.stand.told.cpus

    def _title(self, cpu: int | None) -> str:
        """What a CPU does, in a few words."""
        if cpu is None or not self._is_cpu(cpu) or self.stand.memory is None:
            return "a CPU"
        view = View(self.stand.kernel, self.stand.memory)
        task = view.number(view.per_cpu("runqueues", cpu), "rq", "curr")
        comm = view.kernel.field("task_struct", "comm")
        name = view.text(task + comm.offset, comm.size)
        state = "" if cpu == self.stand.held.cpu else ", waits for its turn"
        return f"CPU {cpu}, {name}[{view.number(task, 'task_struct', 'pid')}]{state}"


def stepped(cpu: int) -> str:
    """The packet that says that a CPU has come to its next instruction."""
    return f"T05thread:{cpu + 1:x};"


def _number(text: str) -> int:
    """A number of 64 bits at most; raises ValueError for what is none."""
    if not _DIGITS.fullmatch(text):
        raise ValueError(f"{text!r} is no number of 64 bits")
    return int(text, 16)


def _range(text: str) -> tuple[int, int]:
    address, _, size = text.partition(",")
    return _number(address), _number(size)


def _piece(text: str, place: str) -> str:
    """Of a text that is handed over in pieces: from there on so much, and whether more follows."""
    start, size = _range(place)
    piece = text[start : start + size]
    return ("m" if start + size < len(text) else "l") + piece
