# SPDX-License-Identifier: Apache-2.0
"""One life of a scheduler in the guest: start, attachment, knobs, trouble, end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

from ktstr.guest.exit_record import (
    ExitRecord,
    LoaderOutput,
    combine,
    ejections,
    from_kernel_log,
    from_own_words,
    kernel_words,
)
from ktstr.guest.system import sched_ext
from ktstr.guest.system.log import BoundedLog
from ktstr.guest.system.program import Program
from ktstr.guest.system.sched_ext import (
    KernelLog,
    SchedExtCounters,
    SchedExtState,
    Uevents,
)
from ktstr.model.enable_state import EnableState
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.exit_status import describe_status
from ktstr.model.facts import LogChunk, SchedulerFacts
from ktstr.model.scheduler_phase import SchedulerPhase

if TYPE_CHECKING:
    from ktstr.guest.scheduler.waiting import WaitingLoader
    from ktstr.guest.system.reactor import Reactor
    from ktstr.model.plan import GuestDeadlines, SchedulerPlan

_NS = 1_000_000_000
_KNOB_S = 5.0
_KILL_S = 2.0
_COUNT_S = 5.0
_TAIL = 8 << 10
# scx-loader's exit status for a command line that it refused, and for one refused attachment
_LOADER_NOT_ATTACHED = 4
_TRUTH = {"true": 1, "false": 0}
_NOTHING = SchedExtState("", "", "", "")
_UNCOUNTED = SchedExtCounters("", {})


class Scheduler:
    """One run of a scheduler, from its start to its end.

    `waiting`: a process of the generic loader that is there already and becomes this scheduler's.
    """

    def __init__(
        self,
        plan: SchedulerPlan,
        deadlines: GuestDeadlines,
        reactor: Reactor,
        waiting: WaitingLoader | None = None,
    ) -> None:
        self.plan, self._deadlines, self._reactor = plan, deadlines, reactor
        self._log = BoundedLog()
        self._loader = LoaderOutput()
        self._uevents, self._kernel_log = Uevents(), KernelLog()
        self._hearers = {1: self._hear, 2: self._log.add}
        self._waiting = waiting
        self._mark = ""
        self._left: tuple[str, ...] = ()
        self._unended = ""
        self._program = waiting or self._new_program()
        self._problem = ""
        self._phase = SchedulerPhase.START
        self._attached_ns: int | None = None
        self._told = self._forced = False
        self._cgroup = ""
        self._asked = 0
        self._state_attached = self._state_end = _NOTHING
        self._counted_attached = self._counted_end = _UNCOUNTED
        reactor.watch(self._uevents.descriptor, self._uevents.drain)

    def start(self) -> bool:
        """Starts it and waits until the kernel says that it is attached, or that it never will.

        Raises:
            InfraError: the kernel does not count the attachment that it has told of, or what the
                scheduler is to find cannot be made.
        """
        if self.plan.cgroup or self.plan.config_text:
            self._settle()
        before = sched_ext.read_state().enable_seq
        try:
            if self._waiting is None:
                self._program.start()
            else:
                self._waiting.load(self.plan.argv, self._hearers)
        except OSError as error:
            self._problem = f"cannot run {self.plan.argv[0]}: {error.strerror}"
            return False
        self._phase = SchedulerPhase.LOAD
        deadline = time.monotonic_ns() + int(self.plan.attach_timeout_s * _NS)
        self._reactor.wait(deadline, lambda: self._ended or self._is_attached())
        if self._ended:
            self._end_what_is_left()
        self._await_count(before)
        self._state_attached = sched_ext.read_state()
        self._counted_attached = sched_ext.read_counters()
        if self.plan.cgroup:
            from ktstr.guest.scheduler.places import cgroup_of

            self._cgroup = cgroup_of(self._program.pid)
        if self._is_attached() and not self._ended:
            self._phase, self._attached_ns = SchedulerPhase.RUN, time.monotonic_ns()
            return True
        self._why_not_attached()
        return False

    def trouble(self) -> str:
        """Why the scenario must end: the scheduler's process or its attachment is gone."""
        if self._ended:
            return f"the scheduler ended by itself: {self._exit_status()}"
        if not self._is_attached():
            now = sched_ext.read_state()
            return f"the scheduler is no longer attached: sched_ext is {now.state or 'absent'}"
        return ""

    def set_knob(self, name: str, value: int) -> None:
        """Sets a global variable of the running scheduler through the loader.

        Raises:
            UsageError: it takes no knobs, or refuses this one.
            InfraError: it does not answer.
        """
        self._ask(f"set {name} {value}")

    def global_value(self, name: str) -> int:
        """The value that a global variable of the running scheduler has now.

        Raises:
            UsageError: it does not tell, or the variable is no number.
            InfraError: it does not answer.
        """
        text = self._ask(f"get {name}")
        if text in _TRUTH:
            return _TRUTH[text]
        try:
            return int(text)
        except ValueError as error:
            raise UsageError(
                f"scheduler {self.plan.name}: {name} is {text!r}, which is no number"
            ) from error

    def _ask(self, command: str) -> str:
        """What the loader answers to `command`, less its ok."""
        name = self.plan.name
        if not self.plan.control:
            raise UsageError(
                f"scheduler {name} has its own user space, and so takes no `{command}`"
            )
        if "\n" in command:
            raise UsageError(f"scheduler {name}: `{command!r}` is more than one line")
        try:
            self._program.say(f"{command}\n".encode())
        except OSError as error:
            raise InfraError(f"scheduler {name} is gone: {error}") from error
        # answers come in order: a late one to a request given up must not pass for this one's
        self._asked += 1
        due = self._asked
        deadline = time.monotonic_ns() + int(_KNOB_S * _NS)
        self._reactor.wait(deadline, lambda: self._ended or len(self._loader.replies) >= due)
        if len(self._loader.replies) < due:
            if self._ended:
                how = self._exit_status()
                raise InfraError(f"scheduler {name} ended before it answered `{command}`: {how}")
            raise InfraError(f"scheduler {name} did not answer `{command}` in {_KNOB_S:g} s")
        answer = self._loader.replies[due - 1]
        if answer.startswith("error"):
            raise UsageError(f"scheduler {name} refused `{command}`: {answer}")
        return answer.removeprefix("ok").removeprefix(" ")

    def finish(self) -> tuple[SchedulerFacts, LogChunk]:
        """Reads the evidence, tells the scheduler to go, and waits until it has."""
        self._state_end = sched_ext.read_state()
        self._counted_end = sched_ext.read_counters()
        if self._program.pid >= 0:
            self._let_it_leave()
            self._ask_it_to_leave()
            self._make_it_leave()
            self._program.kill_group()  # helpers that it left
            self._end_what_is_left()
            self._await_detachment()
        facts = self._facts()
        self._release()
        return facts, LogChunk("scheduler", self._log.text(), self._log.truncated)

    def verified(self) -> list[tuple[str, str]]:
        """What the verifier said of its programs, if its plan asks: names and lines."""
        if self.plan.control:
            # the kernel is heard before the loader, which says it before that it is attached
            deadline = time.monotonic_ns() + int(_KNOB_S * _NS)
            self._reactor.wait(deadline, lambda: self._ended or bool(self._loader.attached))
        return self._loader.verified

    def words(self) -> str:
        """What it said so far, and how it ended if it did."""
        return f"{self._log.last(_TAIL)}\n{self._exit_status()}\n"

    def _new_program(self) -> Program:
        if self.plan.control:
            return Program(self._reactor, self._command(), self._hearers)
        # most schedulers are loaded by the generic loader, which does not fork
        from ktstr.guest.scheduler.forked import VARIABLE, new_mark

        self._mark = new_mark()
        return Program(self._reactor, self._command(), self._hearers, {VARIABLE: self._mark})

    def _end_what_is_left(self) -> None:
        """Kills what its process has started, and remembers that if nobody had told it to go."""
        if self._mark:
            from ktstr.guest.scheduler.forked import kill_left

            left, self._unended = kill_left(self._mark, self._reactor)
            self._left += () if self._told else left

    def _command(self) -> tuple[str, ...]:
        if not self.plan.cgroup:
            return self.plan.argv
        from ktstr.guest.scheduler.places import command_of

        return command_of(self.plan)

    def _settle(self) -> None:
        """Makes what it is to find; a waiting loader goes where it is to run."""
        # few schedulers ask for a place
        from ktstr.guest.scheduler.places import enter, settle

        settle(self.plan)
        if self._waiting is not None:
            enter(self.plan, self._waiting.pid)

    @property
    def _ended(self) -> bool:
        return self._program.status is not None

    def _is_attached(self) -> bool:
        return sched_ext.read_state().runs(self.plan.ops)

    def _hear(self, data: bytes) -> None:
        self._log.add(data)
        if self.plan.control:
            self._loader.feed(data.decode(errors="replace"))

    def _await_count(self, before: str) -> None:
        """Waits until an attachment shows in enable_seq, which was `before`."""
        deadline = time.monotonic_ns() + int(_COUNT_S * _NS)
        # scx_ops_enable() of Linux 6.12 announces before it counts: with one CPU we are in between
        while self._is_attached() and sched_ext.read_state().enable_seq == before != "":
            if time.monotonic_ns() > deadline:
                raise InfraError(
                    f"sched_ext says that {self.plan.ops} is enabled, and its enable_seq stays at "
                    f"{before} for {_COUNT_S:g} s"
                )
            self._reactor.wait(time.monotonic_ns() + _NS // 100, lambda: False)

    def _why_not_attached(self) -> None:
        now = self._state_attached
        if not self._ended:
            self._phase = SchedulerPhase.ATTACH
            self._problem = (
                f"still not attached after {self.plan.attach_timeout_s:g} s: sched_ext is "
                f"{now.state or 'absent'} with ops {now.ops or 'none'}"
            )
        elif self.plan.control and os.waitstatus_to_exitcode(self._program.status or 0) == (
            _LOADER_NOT_ATTACHED
        ):
            self._phase = SchedulerPhase.ATTACH
        elif self._loader.attached:
            # it was attached, and ejected before we looked
            self._phase, self._attached_ns = SchedulerPhase.RUN, self._program.ended_ns

    def _let_it_leave(self) -> None:
        # one that the kernel has ejected is about to end by itself and to say why
        if self._phase is SchedulerPhase.RUN and not self._ended and not self._is_attached():
            self._program.await_end(self._deadlines.detach_s)

    def _ask_it_to_leave(self) -> None:
        if self._ended:
            return
        self._told = True
        if self.plan.control:
            with contextlib.suppress(OSError):
                self._program.say(b"stat\nquit\n")
        else:
            self._program.send(signal.SIGTERM)
        self._program.await_end(self._deadlines.detach_s)

    def _make_it_leave(self) -> None:
        if self._ended:
            return
        # a scheduler that runs nobody does not run its own process either, not even to die
        self._forced = True
        words = sched_ext.force_off() or "disabled by SysRq-S"
        self._problem = (
            f"still there {self._deadlines.detach_s:g} s after being told to end; {words}"
        )
        self._program.send(signal.SIGKILL)
        self._program.await_end(_KILL_S)

    def _await_detachment(self) -> None:
        deadline = time.monotonic_ns() + int(self._deadlines.detach_s * _NS)
        # the kernel announces before it is done, hence no event for the very end
        while not EnableState.is_off(sched_ext.read_state().state):
            if time.monotonic_ns() > deadline:
                return
            self._reactor.wait(time.monotonic_ns() + _NS // 100, lambda: False)

    def _exit_record(self, kernel_log: list[str]) -> ExitRecord:
        # the pipes may still hold its last words
        self._reactor.wait(time.monotonic_ns(), lambda: False)
        log = from_kernel_log(kernel_log, self.plan.ops)
        if self._forced:
            return ExitRecord()  # the kernel's record is of our own doing
        if self.plan.control:
            return combine(self._loader.record, log)
        return combine(log, from_own_words(self._log.text()))

    def _exit_status(self) -> str:
        status = self._program.status
        how = ""
        if status is not None:
            core = "; core dumped" if os.WCOREDUMP(status) else ""
            how = f"{describe_status(status)}{core}"
        return "; ".join(filter(None, (how, self._problem, self._unended)))

    def _facts(self) -> SchedulerFacts:
        kernel_log = self._kernel_log.lines()
        record = self._exit_record(kernel_log)
        off = EnableState.is_off(sched_ext.read_state().state)
        detached = off and not self._forced and not self._unended
        in_order = self._phase is SchedulerPhase.RUN and self._told and detached and self._ended
        return SchedulerFacts(
            name=self.plan.name,
            argv=self.plan.argv,
            pid=self._program.pid if self._program.pid >= 0 else None,
            phase=SchedulerPhase.DETACHED if in_order else self._phase,
            attached_ns=self._attached_ns,
            state_attached=self._state_attached.state,
            ops_attached=self._state_attached.ops,
            state_end=self._state_end.state,
            ops_end=self._state_end.ops,
            enable_seq=self._state_end.enable_seq,
            nr_rejected=self._state_end.nr_rejected,
            ended_by_us=self._told,
            exit_status=self._exit_status(),
            exit_kind=record.kind,
            exit_reason=record.reason,
            exit_message=record.message,
            dump=record.dump,
            log_tail=self._log.last(_TAIL),
            ended_ns=self._program.ended_ns,
            detached=detached,
            stats=dict(sorted(self._loader.stats.items())),
            enable_seq_attached=self._state_attached.enable_seq,
            nr_rejected_attached=self._state_attached.nr_rejected,
            hotplug_seq_attached=self._counted_attached.hotplug_seq,
            hotplug_seq_end=self._counted_end.hotplug_seq,
            events=_since(self._counted_attached.events, self._counted_end.events),
            ejections=self._ejections(kernel_log),
            kernel_words=kernel_words(kernel_log, self._program.pid),
            switch_all=self._counted_attached.switch_all,
            left_running=self._left,
            cgroup=self._cgroup,
        )

    def _ejections(self, kernel_log: list[str]) -> tuple[str, ...]:
        thrown = ejections(kernel_log, self.plan.ops, self._log.text())
        # the last one is of our own doing
        return thrown[:-1] if self._forced else thrown

    def _release(self) -> None:
        self._reactor.forget(self._uevents.descriptor)
        self._uevents.close()
        self._kernel_log.close()
        self._program.release()


def _since(before: dict[str, int], now: dict[str, int]) -> dict[str, int]:
    """What was counted meanwhile; the counters of one that came back by itself begin at 0."""
    anew = any(now.get(name, 0) < count for name, count in before.items())
    return {name: count - (0 if anew else before.get(name, 0)) for name, count in now.items()}
