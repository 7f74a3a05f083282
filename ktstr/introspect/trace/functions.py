# SPDX-License-Identifier: Apache-2.0
"""In which registers a kernel's function gets its arguments, by their names in BTF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ktstr.introspect.kernel.btf import BtfType, Kind
from ktstr.introspect.kernel.kernel import Kernel

# Integers and pointers, in their order (System V ABI of x86-64).
REGISTERS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")


# What the callbacks' arguments are called in kernel/sched/ext.c: BTF has no names in prototypes.
_ARGUMENTS = {
    "select_cpu": ("pid", "prev_cpu", "wake_flags"),
    "enqueue": ("pid", "enq_flags"),
    "dequeue": ("pid", "deq_flags"),
    "dispatch": ("target", "prev"),
    "tick": ("pid",),
    "runnable": ("pid", "enq_flags"),
    "running": ("pid",),
    "stopping": ("pid", "runnable"),
    "quiescent": ("pid", "deq_flags"),
    "yield": ("pid", "to"),
    "set_weight": ("pid", "weight"),
    "set_cpumask": ("pid", "mask"),
    "update_idle": ("target", "idle"),
    "init_task": ("pid", "how"),
    "exit_task": ("pid", "how"),
    "enable": ("pid",),
    "disable": ("pid",),
}


@dataclass(frozen=True)
class Function:
    """A function of one kernel: where it lies, and the register of each argument by its name."""

    name: str
    place: range
    arguments: dict[str, str]


@dataclass(frozen=True)
class Op:
    """A callback of sched_ext, as its struct declares it.

    tasks: which of its arguments are pointers to tasks, by number.  arguments: their names.
    returns: whether it returns something.
    """

    name: str
    arguments: tuple[str, ...]
    tasks: tuple[int, ...]
    returns: bool


def function_of(kernel: Kernel, names: tuple[str, ...], arguments: set[str]) -> Function | str:
    """The first of these functions that takes all these arguments; or in words why there is none.

    A function that the compiler has inlined, or whose arguments it has changed, is none: its symbol
    has a suffix then, or BTF does not know it.
    """
    why = f"{names[0]} is no function of this kernel, or inlined there"
    for name in names:
        if not kernel.has_symbol(name):
            continue
        known = dict(zip(_parameters(kernel, name), REGISTERS, strict=False))
        if arguments <= known.keys():
            return Function(name, kernel.symbol_range(name), known)
        lacks = ", ".join(sorted(arguments - known.keys()))
        why = f"{name} of this kernel has no argument {lacks}"
    return why


def ops_of(kernel: Kernel) -> dict[int, Op]:
    """The callbacks of struct sched_ext_ops by their number in it; empty without sched_ext."""
    found: dict[int, Op] = {}
    for struct in kernel.compounds("sched_ext_ops")[:1]:
        for number, member in enumerate(struct.members):
            pointer = kernel.btf.resolve(member.type)
            if pointer.kind is not Kind.PTR:
                continue
            prototype = kernel.btf.resolve(pointer.target)
            if prototype.kind is Kind.FUNC_PROTO:
                found[number] = _op(kernel, member.name, prototype)
    return found


def _op(kernel: Kernel, name: str, prototype: BtfType) -> Op:
    types = [_pointed(kernel, each.type) for each in prototype.members]
    tasks = tuple(i for i, type_name in enumerate(types) if type_name == "task_struct")
    known = _ARGUMENTS.get(name, ())
    if len(known) != len(types):
        known = tuple(f"arg{i}" for i in range(len(types)))
    return Op(name, known, tasks, kernel.btf.resolve(prototype.target).kind is not Kind.VOID)


def _pointed(kernel: Kernel, number: int) -> str:
    found = kernel.btf.resolve(number)
    return kernel.btf.resolve(found.target).name if found.kind is Kind.PTR else ""


def _parameters(kernel: Kernel, name: str) -> Iterator[str]:
    for number in kernel.types_named(name):
        found = kernel.btf.type(number)
        if found.kind is Kind.FUNC:
            yield from (each.name for each in kernel.btf.type(found.target).members)
            return
