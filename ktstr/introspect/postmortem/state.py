# SPDX-License-Identifier: Apache-2.0
"""What is known of a guest that had to end, as data."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.introspect.snapshot.state import Snapshot


@dataclass(frozen=True)
class TaskStack:
    """Who called whom in a task.

    Attributes:
      pid, comm: the task; pid 0 is the idle task of `cpu`.
      cpu: the CPU that it runs on, None where it runs on none.
      frames: functions, innermost first, as `name+0x12`.
      problem: why there are no more; empty where the stack was read to its end.
      interrupts_off: whether its CPU takes no interrupts, whenever it is looked at; None where it
        runs on none.
    """

    pid: int
    comm: str
    cpu: int | None
    frames: tuple[str, ...]
    problem: str = ""
    interrupts_off: bool | None = None


@dataclass(frozen=True)
class LogRecord:
    """One message: nanoseconds on the log's clock, level (0 the gravest), and its text."""

    at_ns: int
    level: int
    text: str

    def line(self) -> str:
        """As dmesg shows it."""
        micros = self.at_ns // 1000
        return f"[{micros // 10**6:5d}.{micros % 10**6:06d}] {self.text}"


@dataclass(frozen=True)
class HeldLock:
    """A lock of a task: its name, its address, and where it was taken."""

    pid: int
    comm: str
    lock: str
    address: int
    taken_at: str


@dataclass(frozen=True)
class PostMortem:
    """All of it.

    Attributes:
      cause: what the guest was looked into for.
      waits: who waits for what, in words.
      missing: what could not be read, each with its reason.
      core: the name of the file with the guest's memory, empty for none.
    """

    cause: str
    snapshot: Snapshot
    stacks: tuple[TaskStack, ...] = ()
    log: tuple[LogRecord, ...] = ()
    locks: tuple[HeldLock, ...] = ()
    waits: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    core: str = ""
