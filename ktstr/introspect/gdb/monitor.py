# SPDX-License-Identifier: Apache-2.0
"""gdb's `monitor` commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ktstr.introspect.instant.stand import Stand
from ktstr.introspect.snapshot.text import as_text
from ktstr.model.errors import UsageError

_HELP = """\
time          where the guest stands
snapshot      all tasks, runqueues, dispatch queues, and the scheduler's maps
stack [CPU]   who called whom, by the kernel's own tables; without a CPU, of all
goto TIME     the next `continue` goes to that instant, earlier or later: 1.5s, guest:10.65s
back TIME     the same, so much before this one: 5ms
"""


@dataclass(frozen=True)
class Monitor:
    """where: a line about a stand.  goto, back: the run is to be at that instant; they answer in
    words, and raise UsageError for what is none.
    """

    where: Callable[[Stand], str]
    goto: Callable[[str], str]
    back: Callable[[str, Stand], str]

    def answer(self, command: str, stand: Stand) -> str:
        """What is printed for a command; what is wrong with it, in words."""
        name, _, rest = command.strip().partition(" ")
        rest = rest.strip()
        try:
            match name:
                case "time":
                    return f"{self.where(stand)}\n"
                case "snapshot":
                    found = stand.snapshot("")
                    return as_text(found) if found else "the kernel has no page tables yet\n"
                case "stack":
                    return "".join(stack_line(stand, cpu) for cpu in _cpus(rest, stand))
                case "goto":
                    return f"{self.goto(rest)}\n"
                case "back":
                    return f"{self.back(rest, stand)}\n"
        except UsageError as error:
            return f"{error}\n"
        return _HELP


def stack_line(stand: Stand, cpu: int) -> str:
    """Where a CPU is, from the innermost function on."""
    stack = stand.stack(cpu)
    frames = " < ".join(frame.name for frame in stack.frames)
    return f"CPU {cpu}: " + "; ".join(filter(None, (frames, stack.cut))) + "\n"


def _cpus(text: str, stand: Stand) -> range:
    if not text:
        return range(stand.told.cpus)
    if not text.isdigit() or int(text) >= stand.told.cpus:
        raise UsageError(f"there is no CPU {text}; there are {stand.told.cpus}, from 0")
    return range(int(text), int(text) + 1)
