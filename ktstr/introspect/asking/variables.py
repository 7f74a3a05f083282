# SPDX-License-Identifier: Apache-2.0
"""Variables of the kernel by their names: read, and set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ktstr.introspect.asking.moved import moved
from ktstr.introspect.asking.parts import read_part, write_part
from ktstr.introspect.debugger.declarations import declaration
from ktstr.introspect.debugger.value import Value
from ktstr.introspect.kernel.btf import Kind
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import Memory
from ktstr.model.errors import NoSuchName
from ktstr.model.wire.asking import ReadKernel, WriteKernel
from ktstr.model.wire.places import parse_variable

_NUMBER_BYTES = (1, 2, 4, 8)
_WORD = 8
_MASK = (1 << 64) - 1


class Variables:
    """All methods raise UsageError for what there is not, and MemoryFault for memory that cannot be
    reached.
    """

    def __init__(self, kernel: Kernel, memory: Memory) -> None:
        self._kernel, self._memory = kernel, memory

    def read(self, asked: ReadKernel) -> Any:
        """The value, as JSON has it; a number of which nobody knows more than its size is unsigned.

        Raises as all do.
        """
        found, path = self._found(asked)
        if isinstance(found, Value):
            with self._named_in(asked.place):
                return read_part(found, path, asked.place)
        return int.from_bytes(self._memory.read(found.start, len(found)), "little")

    def write(self, asked: WriteKernel) -> int:
        """Sets a number; the value that it had."""
        found, path = self._found(asked)
        if isinstance(found, Value):
            with self._named_in(asked.place):
                return write_part(found, path, asked.value, self._memory, asked.place)
        size = len(found)
        if not -(1 << (8 * size - 1)) <= asked.value < 1 << 8 * size:
            raise NoSuchName(f"{asked.place} has {size} bytes, which {asked.value} does not fit")
        before = int.from_bytes(self._memory.read(found.start, size), "little")
        self._memory.write(found.start, (asked.value % (1 << 8 * size)).to_bytes(size, "little"))
        return before

    @contextmanager
    def _named_in(self, place: str) -> Iterator[None]:
        """Has an error about a part say of what, and of which kernel."""
        try:
            yield
        except UnknownName as error:
            raise NoSuchName(f"kernel {self._kernel.release}: {place}: {error}") from None

    def _found(self, asked: ReadKernel | WriteKernel) -> tuple[Value | range, str]:
        """The variable, or the addresses of a number of which nobody knows the type; the part."""
        name, way = parse_variable(asked.place)
        elsewhere = moved(self._kernel, self._memory, name)
        if elsewhere is not None and not way and asked.cpu is None and not asked.type:
            return elsewhere, ""
        place = self._place(name)
        address = (place.start + self._base(name, place.start, asked.cpu)) & _MASK
        number = self._type(name, asked.type)
        if number is not None:
            btf = self._kernel.btf
            data = self._memory.read(address, btf.size(number))
            path = asked.place.removeprefix(name).removeprefix(".")
            return Value(btf, number, data, address), path
        if way or len(place) not in _NUMBER_BYTES:
            raise NoSuchName(
                f"kernel {self._kernel.release} does not say what {name!r} is ({len(place)} bytes):"
                f" give its structure, e.g. type='task_struct'"
            )
        return range(address, address + len(place)), ""

    def _place(self, name: str) -> range:
        """Where a symbol is.  One without a size is another name, as jiffies is of jiffies_64."""
        place = self._kernel.symbol_range(name)
        if len(place):
            return place
        table = self._kernel.symbols
        same = (each for each in map(table.__getitem__, table.defined()) if each.size)
        sizes = [each.size for each in same if each.address == place.start]
        return range(place.start, place.start + max(sizes, default=0))

    def _base(self, name: str, address: int, cpu: int | None) -> int:
        """What is added to the address of a symbol: the area of a CPU, for what each CPU has."""
        start, end = (self._kernel.symbol(each) for each in ("__per_cpu_start", "__per_cpu_end"))
        if not start <= address < end:
            if cpu is not None:
                raise NoSuchName(f"{name!r} is one variable for all CPUs: ask without `cpu`")
            return 0
        if cpu is None:
            raise NoSuchName(f"{name!r} is a variable that each CPU has: say whose, with `cpu`")
        table = self._kernel.symbol_range("__per_cpu_offset")
        if _WORD * cpu >= len(table):
            raise NoSuchName(f"this kernel has no CPU {cpu}, but {len(table) // _WORD} at most")
        return int.from_bytes(self._memory.read(table.start + _WORD * cpu, _WORD), "little")

    def _type(self, name: str, named: str) -> int | None:
        """The type of a variable: as the author says, else as the kernel does."""
        if named:
            self._kernel.size_of(named)  # it says which are near
            return self._named(named)
        for number in self._kernel.types_named(name):
            if self._kernel.btf.head(number)[0] is Kind.VAR:
                return self._kernel.btf.type(number).target
        known = declaration(name, self._kernel.release)
        words = known.type.removeprefix("struct ") if known is not None else ""
        return self._named(words) if words.isidentifier() else None

    def _named(self, name: str) -> int | None:
        for number in self._kernel.types_named(name):
            kind = self._kernel.btf.head(number)[0]
            if kind not in (Kind.FWD, Kind.FUNC, Kind.VAR, Kind.DATASEC):
                return number
        return None
