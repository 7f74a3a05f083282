# SPDX-License-Identifier: Apache-2.0
"""One life of a scheduler that is in the kernel: switched on by commands, and off by others."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NoReturn

from ktstr.guest.system import sched_ext
from ktstr.guest.system.log import BoundedLog
from ktstr.guest.system.program import Program
from ktstr.model.errors import UsageError
from ktstr.model.exit_status import describe_status
from ktstr.model.facts import LogChunk, SchedulerFacts
from ktstr.model.scheduler_phase import SchedulerPhase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ktstr.guest.system.reactor import Reactor
    from ktstr.model.plan import GuestDeadlines, SchedulerPlan

_SHELL = ("/bin/busybox", "sh", "-c")
_KILL_S = 2.0
_TAIL = 8 << 10
_NS = 1_000_000_000


class CommandedScheduler:
    """One run of such a scheduler; it has no process, and so nothing that could end meanwhile."""

    def __init__(
        self,
        plan: SchedulerPlan,
        deadlines: GuestDeadlines,
        reactor: Reactor,
        shell: tuple[str, ...] = _SHELL,
    ) -> None:
        """shell: a command line that carries out the command behind it."""
        self.plan, self._deadlines, self._reactor = plan, deadlines, reactor
        self._shell = shell
        self._log = BoundedLog()
        self._problem = ""
        self._enabled_ns: int | None = None
        self._ended_ns: int | None = None
        self._state_enabled = sched_ext.read_state()

    def start(self) -> bool:
        """Carries out the commands that switch it on; returns whether all of them could be.

        If one of them fails, those that switch it off undo what was done.
        """
        self._problem = self._switch_on()
        self._state_enabled = sched_ext.read_state()
        if self._problem:
            left = self._switch_off()
            self._problem += f"; then {left}" if left else "; then it was switched off again"
            return False
        self._enabled_ns = time.monotonic_ns()
        return True

    def trouble(self) -> str:
        """Nothing of it can end by itself."""
        return ""

    def set_knob(self, name: str, value: int) -> None:
        """Raises a UsageError: it has no variables."""
        self._refuse(f"set {name} {value}")

    def global_value(self, name: str) -> int:
        """Raises a UsageError: it has no variables."""
        self._refuse(f"get {name}")

    def verified(self) -> list[tuple[str, str]]:
        """It has no BPF programs."""
        return []

    def words(self) -> str:
        """What its commands said so far, and what went wrong."""
        return f"{self._log.last(_TAIL)}\n{self._problem}\n"

    def finish(self) -> tuple[SchedulerFacts, LogChunk]:
        """Carries out the commands that switch it off, if it was on."""
        state_end = sched_ext.read_state()
        on = self._enabled_ns is not None
        if on:
            self._problem = self._switch_off()
            self._ended_ns = time.monotonic_ns()
        off = on and not self._problem
        phase = SchedulerPhase.RUN if on else SchedulerPhase.START
        facts = SchedulerFacts(
            name=self.plan.name,
            phase=SchedulerPhase.DETACHED if off else phase,
            state_attached=self._state_enabled.state,
            ops_attached=self._state_enabled.ops,
            state_end=state_end.state,
            ops_end=state_end.ops,
            enable_seq=state_end.enable_seq,
            nr_rejected=state_end.nr_rejected,
            ended_by_us=on,
            exit_status=self._problem,
            log_tail=self._log.last(_TAIL),
            ended_ns=self._ended_ns,
            detached=off,
            enabled_ns=self._enabled_ns,
        )
        return facts, LogChunk("scheduler", self._log.text(), self._log.truncated)

    def _switch_on(self) -> str:
        """Carries out commands one after another; returns what went wrong with one, or ""."""
        deadline = _from_now(self.plan.attach_timeout_s)
        problems = self._carried_out("enable", self.plan.enable, lambda _: deadline)
        return next(problems, "")

    def _switch_off(self) -> str:
        """Carries out all of them, whatever becomes of each; returns what went wrong, or ""."""
        deadline = _from_now(self._deadlines.detach_s)
        # one that hangs takes no more than its share: those behind it still undo the rest
        problems = self._carried_out(
            "disable", self.plan.disable, lambda left: _share(deadline, left)
        )
        return "; ".join(problems)

    def _carried_out(
        self, what: str, commands: tuple[str, ...], deadline: Callable[[int], int]
    ) -> Iterator[str]:
        """What goes wrong with commands that are carried out one after another.

        deadline: when the next one has to be done, asked with how many are left, itself among them.
        """
        for index, command in enumerate(commands):
            self._log.add(f"{what}: {command}\n".encode())
            problem = self._run(command, deadline(len(commands) - index))
            if problem:
                yield f"{what} command {index + 1} of {len(commands)}, `{command}`, {problem}"

    def _run(self, command: str, deadline: int) -> str:
        program = Program(
            self._reactor, (*self._shell, command), {1: self._log.add, 2: self._log.add}
        )
        try:
            program.start()
            program.hang_up()
            left_s = max(0, deadline - time.monotonic_ns()) / _NS
            in_time = program.await_end(left_s)
            program.kill_group()
            program.await_end(_KILL_S)
            # the pipes may still hold its last words
            self._reactor.wait(time.monotonic_ns() + int(_KILL_S * _NS), lambda: program.is_silent)
        except OSError as error:
            return f"cannot be carried out: {error.strerror}"
        finally:
            program.release()
        if not in_time:
            return "had not ended when its time was up"
        return f"ended with {describe_status(program.status)}" if program.status else ""

    def _refuse(self, command: str) -> NoReturn:
        raise UsageError(
            f"scheduler {self.plan.name} is switched on by commands, and so takes no `{command}`"
        )


def _from_now(seconds: float) -> int:
    return time.monotonic_ns() + int(seconds * _NS)


def _share(deadline: int, left: int) -> int:
    """The deadline of the first of `left` commands which `deadline` is that of all of."""
    now = time.monotonic_ns()
    return now + max(0, deadline - now) // left
