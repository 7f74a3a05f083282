# SPDX-License-Identifier: Apache-2.0
"""drgn on a guest: its memory, its types from BTF, its symbols.

drgn's own helpers (lists, trees, per-CPU data, printk, sched, bpf, stacks) work on it as they do on
a core with DWARF. It takes 60 ms to import, and is imported by what needs it alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import drgn

from ktstr.introspect.debugger.declarations import Declaration, declaration
from ktstr.introspect.debugger.drgn_types import KINDS, Types
from ktstr.introspect.kernel.btf import Kind
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import Memory, MemoryFault, PhysicalMemory
from ktstr.model.errors import InfraError

# the upper half of the address space, and all that may be physical memory (52 bits)
_KERNEL_HALF = 0xFFFF_8000_0000_0000
_TOP = 1 << 64
_PHYSICAL = 1 << 52
_NAME = "ktstr"
# __KERNEL_CS (arch/x86/include/asm/segment.h)
_KERNEL_CS = 0x10


def debugger(
    kernel: Kernel,
    memory: Memory,
    physical: PhysicalMemory | None = None,
    dwarf: Path | None = None,
) -> drgn.Program:
    """A program of drgn that sees a guest.

    Args:
      kernel: the guest's.
      memory: by the kernel's virtual addresses.
      physical: by physical ones, which users' memory and pages are reached by; None: they are not.
      dwarf: the kernel's debug information, for lines, arguments and variables of functions; None:
        there are none.

    Raises:
      UnknownName: the kernel has no type information, or no symbols.
      InfraError: drgn takes not that debug information.
    """
    program = drgn.Program(drgn.Platform(drgn.Architecture.X86_64))
    program.set_linux_kernel_custom(vmcoreinfo(kernel, memory), True)
    program.add_memory_segment(_KERNEL_HALF, _TOP - 1 - _KERNEL_HALF, _reader(memory))
    # drgn unwinds by the tables in memory, which nobody changes: a guest that was kept in part, or
    # has overwritten them, has them in its file
    for section in kernel.elf.sections.values():
        if section.name.startswith(".orc_unwind") or section.name == ".orc_header":
            reader = _reader(_FileMemory(kernel))
            program.add_memory_segment(section.address, section.size, reader)
    if physical is not None:
        program.add_memory_segment(0, _PHYSICAL, _reader(physical), True)
    finders = _Finders(program, kernel)
    program.register_type_finder(_NAME, finders.type, enable_index=0)
    program.register_object_finder(_NAME, finders.object, enable_index=-1)
    module = _add_file(program, kernel)
    if dwarf is not None:
        _add_dwarf(module, dwarf)
    return program


def stack_of(program: drgn.Program, registers: Mapping[str, int]) -> drgn.StackTrace:
    """The stack of a CPU in the kernel, by its registers (rip, rsp, rbp, and more) by name."""
    of = program.type("struct pt_regs")
    data = bytearray(drgn.sizeof(of))
    for name, value in {"cs": _KERNEL_CS, **registers}.items():
        # struct pt_regs calls rax ax, and has neither cr3 nor gs_base
        short = name if name[1:].isdigit() or len(name) < 3 else name.removeprefix("r")
        if of.has_member(short):
            at = of.member(short).bit_offset // 8
            data[at : at + 8] = (value & (_TOP - 1)).to_bytes(8, "little")
    return program.stack_trace(drgn.Object.from_bytes_(program, of, bytes(data)))


def vmcoreinfo(kernel: Kernel, memory: Memory) -> bytes:
    """What a kernel tells of itself to readers of its memory (kernel/vmcore_info.c).

    The kernel's own note where the guest has made it by now; else its beginning as we know it: a
    guest may have stopped before, or have overwritten it.
    """
    made = (
        f"OSRELEASE={kernel.release}\n"
        "PAGESIZE=4096\n"
        f"SYMBOL(swapper_pg_dir)={_page_tables(kernel):x}\n"
        "KERNELOFFSET=0\n"
        f"NUMBER(pgtable_l5_enabled)={_five_levels(kernel, memory):d}\n"
    ).encode()
    if not (kernel.has_symbol("vmcoreinfo_data") and kernel.has_symbol("vmcoreinfo_size")):
        return made
    try:
        at = int.from_bytes(memory.read(kernel.symbol("vmcoreinfo_data"), 8), "little")
        size = int.from_bytes(memory.read(kernel.symbol("vmcoreinfo_size"), 8), "little")
        note = memory.read(at, size) if 0 < size <= 4096 else b""
    except MemoryFault:
        return made
    return note if note.startswith(f"OSRELEASE={kernel.release}\n".encode()) else made


def _page_tables(kernel: Kernel) -> int:
    """swapper_pg_dir is a macro for init_top_pgt (arch/x86/include/asm/pgtable_64.h)."""
    return kernel.symbol("init_top_pgt")


def _five_levels(kernel: Kernel, memory: Memory) -> bool:
    if not kernel.has_symbol("__pgtable_l5_enabled"):
        return False
    try:
        return memory.read(kernel.symbol("__pgtable_l5_enabled"), 4) != bytes(4)
    except MemoryFault:
        return False


def _add_file(program: drgn.Program, kernel: Kernel) -> drgn.Module:
    """Has drgn read symbols and unwinding tables (ORC) from the kernel's file, DWARF or not."""
    module = program.main_module("kernel", create=True)
    module.address_ranges = [(kernel.symbol("_text"), kernel.symbol("_end"))]
    module.debug_file_status = drgn.ModuleFileStatus.DONT_WANT
    module.loaded_file_status = drgn.ModuleFileStatus.WANT
    module.try_file(Path(kernel.elf.path), force=True)
    return module


def _add_dwarf(module: drgn.Module, dwarf: Path) -> None:
    """Has drgn read the debug information; it takes none of another build."""
    module.debug_file_status = drgn.ModuleFileStatus.WANT
    module.try_file(dwarf)
    if module.debug_file_status is not drgn.ModuleFileStatus.HAVE:
        raise InfraError(f"drgn takes no debug information from {dwarf}: is it of another kernel?")


class _Reader:
    """Memory as drgn asks for it."""

    def __init__(self, memory: Memory | PhysicalMemory) -> None:
        self._memory = memory

    def __call__(self, address: int, count: int, _offset: int, _physical: bool) -> bytes:
        """Raises drgn.FaultError, which drgn's helpers know."""
        try:
            return self._memory.read(address, count)
        except MemoryFault as fault:
            raise drgn.FaultError(fault.reason, address) from None


class _FileMemory:
    """What the kernel's file has."""

    def __init__(self, kernel: Kernel) -> None:
        self._elf = kernel.elf

    def read(self, address: int, size: int) -> bytes:
        """Raises MemoryFault."""
        found = self._elf.read(address, size)
        if found is None:
            raise MemoryFault("read", address, size, "the kernel's file does not have it")
        return found

    def write(self, address: int, data: bytes) -> None:
        """Raises MemoryFault."""
        raise MemoryFault("write", address, len(data), "the kernel's file stays as it is")


def _reader(memory: Memory | PhysicalMemory) -> _Reader:
    return _Reader(memory)


class _Finders:
    """Types and objects by name."""

    def __init__(self, program: drgn.Program, kernel: Kernel) -> None:
        self._program = program
        self._kernel = kernel
        self._types = Types(program, kernel.btf)

    def type(
        self, _program: drgn.Program, kinds: drgn.TypeKindSet, name: str, _file: str | None
    ) -> drgn.Type | None:
        """The first type of this name and one of these kinds; None where there is none."""
        for number in self._kernel.types_named(name):
            kind, _ = self._kernel.btf.head(number)
            if any(each in kinds for each in KINDS.get(kind, ())):
                return self._types.type(number)
        return None

    def object(
        self, _program: drgn.Program, name: str, flags: drgn.FindObjectFlags, _file: str | None
    ) -> drgn.Object | None:
        """A variable, a function or an enumerator; None where there is none."""
        if flags & drgn.FindObjectFlags.VARIABLE and self._kernel.has_symbol(name):
            found = self._variable(name)
            if found is not None:
                return found
        if flags & drgn.FindObjectFlags.FUNCTION and self._kernel.has_symbol(name):
            of = self._named(name, Kind.FUNC)
            if of is not None:
                return drgn.Object(self._program, of, address=self._kernel.symbol(name))
        if flags & drgn.FindObjectFlags.CONSTANT:
            return self._constant(name)
        return None

    def _variable(self, name: str) -> drgn.Object | None:
        known = declaration(name, self._kernel.release)
        if known is None:
            of = self._named(name, Kind.VAR)
        else:
            of = self._struct(known) if known.members else self._declared(known.type, name)
        if of is None:
            return None
        return drgn.Object(self._program, of, address=self._kernel.symbol(name))

    def _declared(self, text: str, name: str) -> drgn.Type:
        """A type in C; an array without a length gets that which the symbol's size says."""
        element, open_array, rest = text.partition("[]")
        if not open_array:
            return self._program.type(text)
        of = self._program.type((element + rest).strip())
        size = len(self._kernel.symbol_range(name))
        return self._program.array_type(of, size // max(1, drgn.sizeof(of)))

    def _struct(self, known: Declaration) -> drgn.Type:
        """A struct without a name, laid out as C does."""
        members, at, widest = [], 0, 1
        for name, text in known.members:
            of = self._program.type(text)
            align = drgn.alignof(of)
            at, widest = -(-at // align) * align, max(widest, align)
            members.append(drgn.TypeMember(of, name, 8 * at))
            at += drgn.sizeof(of)
        return self._program.struct_type(None, -(-at // widest) * widest, members)

    def _named(self, name: str, kind: Kind) -> drgn.Type | None:
        """The type of a function, or of a variable that BTF has."""
        for number in self._kernel.types_named(name):
            if self._kernel.btf.head(number)[0] is kind:
                return self._types.type(self._kernel.btf.type(number).target)
        return None

    def _constant(self, name: str) -> drgn.Object | None:
        for number in self._kernel.enums_with(name):
            values = dict(self._kernel.btf.type(number).values)
            if name in values:
                return drgn.Object(self._program, self._types.type(number), values[name])
        return None
