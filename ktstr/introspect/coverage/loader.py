# SPDX-License-Identifier: Apache-2.0
"""A scheduler's user space: its functions that ran, by its own symbols."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.introspect.coverage.addresses import Addresses
from ktstr.introspect.coverage.coverage import FileCoverage, Function
from ktstr.introspect.kernel.elf import Elf
from ktstr.introspect.kernel.symbols import SymbolTable
from ktstr.model.errors import UsageError

# before the name of a program that is told by functions alone
USER = "user/"
# e_type of a program that lies where it was linked to
_EXECUTABLE = b"\2\0"


@dataclass(frozen=True)
class UserProgram:
    """A program of user space, and where its code lies."""

    name: str
    elf: Elf
    code: range


def user_program(name: str, elf: Elf) -> UserProgram:
    """The program of an ELF file.

    Raises:
        UsageError: one cannot know beforehand where it will lie, or it has no symbols.
    """
    text = elf.sections.get(".text")
    if elf.image[16:18] != _EXECUTABLE or text is None:
        raise UsageError(
            f"no functions of {name}: it is loaded at an address of its own in each run; link it "
            f"with -no-pie to see them"
        )
    if not len(SymbolTable(elf)):
        raise UsageError(f"no functions of {name}: its symbols were stripped")
    return UserProgram(name, elf, range(text.address, text.address + text.size))


def file_of(program: UserProgram, reached: Addresses) -> FileCoverage:
    """Its functions: libraries that were linked in are among them."""
    table = SymbolTable(program.elf)
    functions = {}
    for symbol in map(table.__getitem__, table.defined()):
        if symbol.is_function and symbol.address in program.code:
            count = int(reached.touch(symbol.address, symbol.address + 1))
            functions[symbol.name] = Function(symbol.name, 0, count)
    return FileCoverage(USER + program.name, functions=functions)
