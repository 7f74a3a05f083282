# SPDX-License-Identifier: Apache-2.0
"""Functions that are watched at both ends: their arguments and results, decoded by their types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from ktstr.introspect.kernel.btf import ENUMS, BtfType, Kind
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.watch import BEGAN, NOW, Period, Probe, Read, When
from ktstr.introspect.replay.kinds import DSQ_FIELDS, RUNQUEUE_FIELDS, TASK_FIELDS
from ktstr.introspect.snapshot.view import readable
from ktstr.introspect.trace.functions import REGISTERS
from ktstr.introspect.trace.values import dsq_of

_COMM_BYTES, _TEXT_BYTES = 16, 64
_VIRTUAL = Read(NOW, (), 8)
# numbers from here on are shown in hexadecimal: flags, ids
_LARGE = 1 << 40


class Shown(Enum):
    """What bytes are."""

    NUMBER = "number"
    ADDRESS = "address"
    TEXT = "text"
    DSQ = "dsq"
    CPU = "cpu"
    PID = "pid"


@dataclass(frozen=True)
class Slot:
    """One thing that is read, of which the first `size` bytes count.

    names: of an enum's numbers.
    """

    name: str
    read: Read
    shown: Shown
    size: int = 8
    signed: bool = False
    names: tuple[tuple[int, str], ...] = ()

    def says(self, data: bytes) -> str:
        """It in words."""
        number = int.from_bytes(data[: self.size], "little", signed=self.signed)
        match self.shown:
            case Shown.TEXT:
                return readable(data.split(b"\0")[0])
            case Shown.ADDRESS:
                return f"{number:#x}" if number else "NULL"
            case Shown.DSQ:
                return dsq_of(number, -1).replace("/-1", "")
            case Shown.CPU:
                return f"CPU {number}"
        plain = str(number) if abs(number) < _LARGE else f"{number:#x}"
        return dict(self.names).get(number, plain)


@dataclass(frozen=True)
class Argument:
    """An argument, or the result: its name, and the slots that say what it is.

    is_task: they are a task's name and pid.
    """

    name: str
    slots: tuple[Slot, ...]
    is_task: bool = False

    def says(self, data: Sequence[bytes]) -> str:
        """Its value in words, of the bytes of its slots."""
        if self.is_task:
            comm, pid = (slot.says(each) for slot, each in zip(self.slots, data, strict=True))
            return f"{comm}[{pid}]" if comm else "NULL"
        return self.slots[0].says(data[0])


@dataclass(frozen=True)
class Watched:
    """A function at both of its ends.

    arguments: that are shown.  result: None of one that returns nothing.  fields: what may change.
    """

    function: str
    place: range
    arguments: tuple[Argument, ...]
    result: Argument | None
    fields: tuple[Slot, ...]

    def probes(self, name: str, begins: int, limit: int) -> tuple[Probe, Probe]:
        """Those of a window that begins at an instant of virtual time, as `name` and its end."""
        period = Period(_VIRTUAL, begins)
        at, end = self.place.start, self.place.stop

        def probe(when: When, reads: tuple[Read, ...]) -> Probe:
            return Probe(
                f"{name}:{when.value}",
                at,
                end,
                when,
                reads,
                period,
                begins=True,
                yields=True,
                limit=limit,
            )

        own = tuple(slot.read for each in self.arguments for slot in each.slots)
        fields = tuple(slot.read for slot in self.fields)
        last = self.result.slots if self.result else ()
        back = (_VIRTUAL, Read(BEGAN, (), 8), *(slot.read for slot in last), *fields)
        return probe(When.ENTRY, (_VIRTUAL, *own, *fields)), probe(When.RETURN, back)


def watched(kernel: Kernel, name: str) -> Watched | None:
    """A function that this kernel has; None where its types or its size are not known.

    Raises:
        UnknownName: there is no function of this name.
    """
    place = kernel.symbol_range(name)
    number = type_of(kernel, name)
    if not len(place) or not number:
        return None
    return shaped(kernel, name, place, kernel.btf.type(kernel.btf.type(number).target))


def type_of(kernel: Kernel, name: str) -> int:
    """The number of a function in the kernel's BTF; 0 where its types are not known."""
    for number in kernel.types_named(name):
        if kernel.btf.type(number).kind is Kind.FUNC:
            return number
    return 0


def shaped(
    kernel: Kernel, name: str, place: range, prototype: BtfType, names: Sequence[str] = ()
) -> Watched:
    """What is called so, and takes and returns what the prototype says.

    names: of its arguments, where the prototype has none.
    """
    arguments: list[Argument] = []
    fields: list[Slot] = []
    for i, (parameter, register) in enumerate(zip(prototype.members, REGISTERS, strict=False)):
        if not parameter.type:
            break  # what follows is as many as the caller likes
        called = names[i] if i < len(names) else parameter.name or register
        arguments.append(_argument(kernel, called, parameter.type, register))
        fields += _fields(kernel, called, parameter.type, register)
    result = None
    if kernel.btf.resolve(prototype.target).kind is not Kind.VOID:
        result = _argument(kernel, "result", prototype.target, "rax")
    return Watched(name, place, tuple(arguments), result, tuple(fields))


def _argument(kernel: Kernel, name: str, type_number: int, register: str) -> Argument:
    found = kernel.btf.resolve(type_number)
    pointed = _pointed(kernel, found)
    if pointed == "task_struct":
        comm = Read(register, (kernel.field(pointed, "comm").offset,), _COMM_BYTES)
        pid = Read(register, (kernel.field(pointed, "pid").offset,), 4)
        return Argument(name, (Slot(name, comm, Shown.TEXT), Slot(name, pid, Shown.PID)), True)
    if pointed == "rq":
        read = Read(register, (kernel.field("rq", "cpu").offset,), 4)
        return Argument(name, (Slot(name, read, Shown.CPU),))
    if pointed == "scx_dispatch_q":
        read = Read(register, (kernel.field(pointed, "id").offset,), 8)
        return Argument(name, (Slot(name, read, Shown.DSQ),))
    if pointed == "char":
        return Argument(name, (Slot(name, Read(register, (0,), _TEXT_BYTES), Shown.TEXT),))
    read, size = Read(register, (), 8), found.size or 8
    if found.kind in ENUMS:
        return Argument(name, (Slot(name, read, Shown.NUMBER, size, found.signed, _named(found)),))
    shown = Shown.ADDRESS if found.kind is Kind.PTR else Shown.NUMBER
    return Argument(name, (Slot(name, read, shown, size, found.signed),))


def _named(found: BtfType) -> tuple[tuple[int, str], ...]:
    return tuple((value, name) for name, value in found.values)


def _pointed(kernel: Kernel, found: BtfType) -> str:
    return kernel.btf.resolve(found.target).name if found.kind is Kind.PTR else ""


def task_fields(kernel: Kernel, register: str, at: int) -> tuple[Slot, ...]:
    """Fields of a task to which there is a pointer at an offset of what a register points to.

    They have no argument before their names, which is another for each callback.
    """
    return tuple(_fields_of(kernel, "", "task_struct", register, (at,)))


def _fields(kernel: Kernel, name: str, type_number: int, register: str) -> Iterator[Slot]:
    struct = _pointed(kernel, kernel.btf.resolve(type_number))
    return _fields_of(kernel, f"{name}.", struct, register, ())


def _fields_of(
    kernel: Kernel, prefix: str, struct: str, register: str, way: tuple[int, ...]
) -> Iterator[Slot]:
    """way: offsets from the register to the pointer to the struct; none: the register is it."""
    wanted = {"task_struct": TASK_FIELDS, "rq": RUNQUEUE_FIELDS, "scx_dispatch_q": DSQ_FIELDS}
    for path in wanted.get(struct, ()):
        if not kernel.has_field(struct, path):
            continue
        field = kernel.field(struct, path)
        if field.bit_size:
            continue
        own = f"{prefix}{path}"
        if path in ("curr", "scx.dsq"):
            to, what = ("task_struct", "pid") if path == "curr" else ("scx_dispatch_q", "id")
            inner = kernel.field(to, what)
            read = Read(register, (*way, field.offset, inner.offset), inner.size)
            yield Slot(own, read, Shown.PID if path == "curr" else Shown.DSQ)
            continue
        read = Read(register, (*way, field.offset), field.size)
        yield Slot(own, read, Shown.NUMBER, field.size, field.signed)
