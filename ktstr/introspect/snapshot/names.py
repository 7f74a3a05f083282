# SPDX-License-Identifier: Apache-2.0
"""What numbers of the kernel are called: states of tasks, DSQs, states of sched_ext."""

from __future__ import annotations

from ktstr.introspect.kernel.kernel import Kernel

# include/linux/sched.h (6.12 and 7.2): the bits of a task's __state and exit_state
_STATES = (
    (0x1, "sleeping"),
    (0x2, "uninterruptible"),
    (0x4, "stopped"),
    (0x8, "traced"),
    (0x10, "dead"),
    (0x20, "zombie"),
    (0x40, "parked"),
    (0x80, "dead"),
    (0x800, "new"),
    (0x8000, "frozen"),
)
_NOLOAD = 0x400
_IDLE = 0x402
# include/linux/sched/ext.h (6.12 and 7.2): which ids are the kernel's own
_BUILTIN, _LOCAL_ON = 1 << 63, 1 << 62
_BUILTIN_NAMES = {0: "invalid", 1: "global", 2: "local", 3: "bypass"}

# what enable states are called: SCX_OPS_* in 6.12, SCX_* in 7.2
_ENABLE_STATES = ("DISABLED", "ENABLED", "ENABLING", "DISABLING", "PREPPING")
_EXIT_KINDS = (
    *("NONE", "DONE", "UNREG", "UNREG_BPF", "UNREG_KERN", "SYSRQ", "PARENT"),
    *("ERROR", "ERROR_BPF", "ERROR_STALL"),
)


def task_state(state: int, exit_state: int) -> str:
    """One word for a task's state."""
    if exit_state:
        return "zombie" if exit_state & 0x20 else "dead"
    if not state:
        return "runnable"
    if state & _IDLE == _IDLE:
        return "idle"  # a kernel thread that waits for work, and counts for no load
    for bit, name in _STATES:
        if state & bit:
            return name
    return f"state {state:#x}"


def dsq_name(number: int) -> str:
    """A DSQ as people write it."""
    if not number & _BUILTIN:
        return f"{number:#x}" if number > 9999 else str(number)
    if number & _LOCAL_ON:
        return f"local of CPU {number & 0xFFFF_FFFF}"
    return _BUILTIN_NAMES.get(number & 0xFFFF_FFFF, f"built-in {number & ~_BUILTIN:#x}")


def is_builtin(number: int) -> bool:
    """Whether the kernel made that DSQ."""
    return bool(number & _BUILTIN)


def classes(kernel: Kernel) -> dict[int, str]:
    """The scheduling classes by the addresses of their structs."""
    names = ("stop", "dl", "rt", "fair", "ext", "idle")
    symbols = {name: f"{name}_sched_class" for name in names}
    return {kernel.symbol(s): n for n, s in symbols.items() if kernel.has_symbol(s)}


def enable_state(kernel: Kernel, number: int) -> str:
    """What sched_ext's state of being enabled is called."""
    return _named(kernel, number, ("scx_enable_state", "scx_ops_enable_state"), _ENABLE_STATES)


def exit_kind(kernel: Kernel, number: int) -> str:
    """What a reason for a scheduler's end is called."""
    return _named(kernel, number, ("scx_exit_kind",), _EXIT_KINDS, "EXIT_")


def _named(
    kernel: Kernel, number: int, enums: tuple[str, ...], names: tuple[str, ...], what: str = ""
) -> str:
    for enum in enums:
        for name in names:
            for full in (f"SCX_{what}{name}", f"SCX_OPS_{what}{name}"):
                if kernel.has_enumerator(enum, full) and kernel.enumerator(enum, full) == number:
                    return name.lower()
    return str(number)
