# SPDX-License-Identifier: Apache-2.0
"""Functions of BPF programs by their names, which have a place from when they are loaded on."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.introspect.debugger.objects import Btfs
from ktstr.introspect.debugger.programs import program_name
from ktstr.introspect.instant.stand import Stand
from ktstr.introspect.kernel.errors import BtfError, UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import Memory, MemoryFault
from ktstr.introspect.snapshot.view import View
from ktstr.introspect.trace.functions import Function, function_of, ops_of
from ktstr.model.nearest import did_you_mean

# `bpf:NAME`, as stacks and pages have it.
PREFIX = "bpf:"
_STRUCT_OPS = "BPF_PROG_TYPE_STRUCT_OPS"
_SHOWN = 12


@dataclass(frozen=True)
class Program:
    """A program, or a function of one, as the kernel makes its place known.

    op: the callback of sched_ext that it is; empty for another.
    """

    address: int
    name: str
    op: str


class Loading:
    """Those of one name, learned one by one as the kernel loads them, before they first run.

    Attributes:
      function: of the kernel, at whose entry each of them is learned.
      places: addresses of those that have the name now.
      seen: the names of all, in their order, with the callbacks' in parentheses.
    """

    def __init__(self, kernel: Kernel, name: str) -> None:
        """name: of the program's function, or of the callback; behind PREFIX.

        Raises:
          UnknownName: this kernel loads none that could be learned.
        """
        self.name = name.removeprefix(PREFIX)
        function = function_of(kernel, ("bpf_prog_kallsyms_add",), {"fp"})
        if isinstance(function, str):
            raise UnknownName(name, f"no program {name} can be found as it is loaded: {function}")
        self.function: Function = function
        self.places: set[int] = set()
        self.seen: list[str] = []
        self._kernel = kernel

    @property
    def address(self) -> int:
        """Where the guest is to stand for each that is loaded."""
        return self.function.place.start

    def learn(self, stand: Stand) -> int:
        """The address of the one that is loaded where the guest stands; 0 where it is another."""
        if stand.memory is None:
            return 0
        prog = stand.told.registers[self.function.arguments["fp"]]
        try:
            found = program_of(self._kernel, stand.memory, prog)
        except (MemoryFault, BtfError):
            return 0
        self.seen.append(f"{found.name} ({found.op})" if found.op else found.name)
        if self.name not in (found.name, found.op):
            self.places.discard(found.address)
            return 0
        self.places.add(found.address)
        return found.address

    def missing(self) -> str:
        """In words, that there was none of that name, and which there were."""
        names = [word.strip("()") for each in dict.fromkeys(self.seen) for word in each.split()]
        near = did_you_mean(self.name, names)
        last = list(dict.fromkeys(self.seen))[-_SHOWN:]
        loaded = f"the last that were loaded: {', '.join(last)}" if last else "none was loaded"
        return (
            f"no BPF program {self.name!r} was loaded{near}; {loaded}; what clang has inlined into "
            f"a program has no place of its own"
        )


def program_of(kernel: Kernel, memory: Memory, prog: int) -> Program:
    """What a `struct bpf_prog` is that is about to get a name.

    Raises:
      MemoryFault, BtfError: it cannot be read.
    """
    view = View(kernel, memory)
    aux = view.number(prog, "bpf_prog", "aux")
    op = ""
    is_first = view.number(aux, "bpf_prog_aux", "func_idx") == 0
    struct_ops = kernel.enumerator("bpf_prog_type", _STRUCT_OPS)
    if is_first and view.number(prog, "bpf_prog", "type") == struct_ops:
        known = ops_of(kernel).get(view.number(prog, "bpf_prog", "expected_attach_type"))
        op = known.name if known else ""
    address = view.number(prog, "bpf_prog", "bpf_func")
    return Program(address, program_name(view, Btfs(view), aux), op)
