# SPDX-License-Identifier: Apache-2.0
"""The kinds of a scheduler's end, as the kernel has them."""

from __future__ import annotations

from enum import StrEnum


class ExitKind(StrEnum):
    """enum scx_exit_kind without its SCX_EXIT_ (include/linux/sched/ext.h, 6.12).

    Each has its number there, and what scx_exit_reason() calls it in the kernel's log; empty where
    nothing is logged.  Facts hold kinds as text, as a later kernel may have others.
    """

    number: int
    reason: str

    NONE = "NONE", 0, ""
    DONE = "DONE", 1, ""
    UNREG = "UNREG", 64, "unregistered from user space"
    UNREG_BPF = "UNREG_BPF", 65, "unregistered from BPF"
    UNREG_KERN = "UNREG_KERN", 66, "unregistered from the main kernel"
    SYSRQ = "SYSRQ", 67, "disabled by sysrq-S"
    ERROR = "ERROR", 1024, "runtime error"
    ERROR_BPF = "ERROR_BPF", 1025, "scx_bpf_error"
    ERROR_STALL = "ERROR_STALL", 1026, "runnable task stall"

    def __new__(cls, value: str, number: int = 0, reason: str = "") -> ExitKind:
        """A member with its traits."""
        kind = str.__new__(cls, value)
        kind._value_, kind.number, kind.reason = value, number, reason
        return kind

    @classmethod
    def of(cls, text: str) -> ExitKind | None:
        """The kind that a name, with or without its prefix, or a number means; None: unknown.

        Where nothing was said of an end there was none.
        """
        name = text.removeprefix("SCX_EXIT_").upper()
        if not name:
            return cls.NONE
        return next((kind for kind in cls if name in (kind.value, f"{kind.number}")), None)

    @property
    def is_in_order(self) -> bool:
        """Whether a scheduler leaves so by its own will, or because it is told to."""
        return self in (ExitKind.NONE, ExitKind.DONE, ExitKind.UNREG, ExitKind.UNREG_BPF)
