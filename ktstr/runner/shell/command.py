# SPDX-License-Identifier: Apache-2.0
"""`NAME.shell -- --exec COMMAND`: one command in the guest of a target, for scripts."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from ktstr.execute.follow import run_guest
from ktstr.execute.watch import Watch
from ktstr.machine.prepared.starts import Start
from ktstr.machine.target import Target
from ktstr.model.errors import InfraError
from ktstr.model.facts import LogChunk, TestFacts
from ktstr.model.function_end import FunctionEnd
from ktstr.record.collect import Fact
from ktstr.record.run import RunRecord
from ktstr.runner.arguments import Command
from ktstr.runner.shell.guest import shell_guest
from ktstr.vm.signals import Termination

# As of timeout(1): the command ran out of time, and it could not be run.
COMMAND_TIMED_OUT = 124
COMMAND_ERROR = 125
# As shells have it: the status of a command that signal N killed is this and N.
_SIGNALLED = 128
_CONSOLE_CHARS = 2000


def run_command(
    target: Target, command: Command, temp_dir: Path | None, termination: Termination
) -> int:
    """Boots the target's guest, carries the command out, and passes on what it prints.

    Returns its exit status, 128 and the signal's number, or COMMAND_TIMED_OUT.

    Raises:
        UsageError: the machine cannot be had, e.g. for want of memory.
        InfraError: the guest, its scheduler or QEMU did not get as far as the command's end.
    """
    with tempfile.TemporaryDirectory(prefix="ktstr-exec-", dir=temp_dir) as folder:
        guest, place = shell_guest(target, Path(folder), command), Path(folder, "guest")
        start, watch = Start("a command of .shell boots"), Watch(hear=_Passed().take)
        ran = run_guest(
            guest.plan, guest.spec, guest.disks, place, termination, float("inf"), start, watch
        )
        if ran.record.test is None:
            raise InfraError(_why_not(ran.record, place / "console.log"))
        return exit_status_of(ran.record.test)


class _Passed:
    """Passes the command's output on, for as long as there is who reads it."""

    def __init__(self) -> None:
        self._gone: set[int] = set()

    def take(self, fact: Fact) -> None:
        """Writes what the fact holds of stdout or stderr."""
        if not isinstance(fact, LogChunk) or fact.source not in ("stdout", "stderr"):
            return
        descriptor = (sys.stdout if fact.source == "stdout" else sys.stderr).fileno()
        left = memoryview(fact.text.encode(errors="surrogateescape"))
        try:
            while left and descriptor not in self._gone:
                left = left[os.write(descriptor, left) :]
        except BrokenPipeError:
            self._gone.add(descriptor)


def exit_status_of(facts: TestFacts) -> int:
    """What a command that ended so makes our own exit status."""
    if facts.outcome is FunctionEnd.DEADLINE:
        print(f"--exec: killed: {facts.detail}; give it more: --timeout", file=sys.stderr)
        return COMMAND_TIMED_OUT
    status = int(facts.notes["status"])
    return status if status >= 0 else _SIGNALLED - status


def _why_not(record: RunRecord, console: Path) -> str:
    """Why the command did not run, or not to its end."""
    failed = [life for life in record.schedulers if life.phase.is_unattached]
    if failed:
        words = failed[0].log_tail.strip()
        return (
            f"--exec: nothing was run: scheduler {failed[0].name} is not attached, it came to: "
            f"{failed[0].phase}; its last words:\n{words}"
        )
    error = record.end.agent_error if record.end is not None else ""
    how = ", ".join(filter(None, (record.ending.kind, record.ending.detail, error)))
    last = console.read_bytes().decode(errors="replace")[-_CONSOLE_CHARS:].rstrip()
    return f"--exec: the guest ended before the command did: {how}; its console's end:\n{last}"
