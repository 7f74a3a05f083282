# SPDX-License-Identifier: Apache-2.0
"""What a kernel's own files say of a variable: where it is, whose, and of which type."""

from __future__ import annotations

from ktstr.introspect.debugger.declarations import declaration
from ktstr.introspect.kernel.btf import Kind
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.model.errors import NoSuchName

_WORD = 8


def place_of_variable(kernel: Kernel, name: str) -> range:
    """Where a symbol is.  One without a size is another name, as jiffies is of jiffies_64.

    Raises:
      UnknownName: there is none of that name.
    """
    place = kernel.symbol_range(name)
    if len(place):
        return place
    table = kernel.symbols
    same = (each for each in map(table.__getitem__, table.defined()) if each.size)
    sizes = [each.size for each in same if each.address == place.start]
    return range(place.start, place.start + max(sizes, default=0))


def is_of_each_cpu(kernel: Kernel, name: str, address: int, cpu: int | None) -> bool:
    """Whether each CPU has one of its own, so that the address is to be added to its area.

    Raises:
      NoSuchName: `cpu` says whose, and there is one for all, or it does not, or not one that there
        can be.
    """
    start, end = (kernel.symbol(each) for each in ("__per_cpu_start", "__per_cpu_end"))
    if not start <= address < end:
        if cpu is not None:
            raise NoSuchName(f"{name!r} is one variable for all CPUs: ask without `cpu`")
        return False
    if cpu is None:
        raise NoSuchName(f"{name!r} is a variable that each CPU has: say whose, with `cpu`")
    most = len(kernel.symbol_range("__per_cpu_offset")) // _WORD
    if cpu >= most:
        raise NoSuchName(f"this kernel has no CPU {cpu}, but {most} at most")
    return True


def type_of_variable(kernel: Kernel, name: str, named: str) -> int | None:
    """The number of its type: as the author says, else as the kernel does; None: nobody says.

    Raises:
      UnknownName: there is no type `named`.
    """
    if named:
        kernel.size_of(named)  # it says which are near
        return _named(kernel, named)
    for number in kernel.types_named(name):
        if kernel.btf.head(number)[0] is Kind.VAR:
            return kernel.btf.type(number).target
    known = declaration(name, kernel.release)
    words = known.type.removeprefix("struct ") if known is not None else ""
    return _named(kernel, words) if words.isidentifier() else None


def _named(kernel: Kernel, name: str) -> int | None:
    for number in kernel.types_named(name):
        kind = kernel.btf.head(number)[0]
        if kind not in (Kind.FWD, Kind.FUNC, Kind.VAR, Kind.DATASEC):
            return number
    return None
