# SPDX-License-Identifier: Apache-2.0
"""Variables of the kernel by their names: read, and set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ktstr.introspect.asking.declared import is_of_each_cpu, place_of_variable, type_of_variable
from ktstr.introspect.asking.moved import moved
from ktstr.introspect.asking.parts import read_part, write_part
from ktstr.introspect.debugger.value import Value
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
        place = place_of_variable(self._kernel, name)
        address = (place.start + self._base(name, place.start, asked.cpu)) & _MASK
        number = type_of_variable(self._kernel, name, asked.type)
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

    def _base(self, name: str, address: int, cpu: int | None) -> int:
        """What is added to the address of a symbol: the area of a CPU, for what each CPU has."""
        if not is_of_each_cpu(self._kernel, name, address, cpu) or cpu is None:
            return 0
        table = self._kernel.symbol("__per_cpu_offset")
        return int.from_bytes(self._memory.read(table + _WORD * cpu, _WORD), "little")
