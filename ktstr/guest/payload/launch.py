# SPDX-License-Identifier: Apache-2.0
"""Starts a program: forked, placed in its cgroup, and only then executed.

The child waits on a pipe until the parent has placed it.  Whatever becomes of either, the other
sees the end of a pipe: the child ends itself, the parent gets an error that names the stage.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from ktstr.guest.payload.refusal import explain_refusal, is_authors
from ktstr.guest.system.oom import ordinary_again
from ktstr.guest.system.realtime import children_shielded, leave_shield
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.exit_status import describe_status

_GO = b"\1"
_FIRST_FREE = 3
_NOT_EXECUTED = 127
_ABANDONED = 126
_KILL_MS = 2000
_EXECUTE = "execute"


@dataclass(frozen=True)
class Command:
    """What to run.  `path` goes before PATH; `own_group` makes it leader of a process group."""

    program: str
    args: tuple[str, ...]
    path: tuple[str, ...] = ()
    own_group: bool = True

    @property
    def argv(self) -> tuple[str, ...]:
        """The argument vector."""
        return (self.program, *self.args)

    def environment(self) -> dict[str, str]:
        """This process's environment with `path` in front of PATH."""
        path = ":".join(filter(None, (*self.path, os.environ.get("PATH", ""))))
        return {**os.environ, "PATH": path}


@dataclass(frozen=True)
class Launched:
    """A placed child that was told to execute; `started_ns` is when.

    `verdict` is the reading end of a pipe that ends when the program is executed, or holds what
    `refusal` reads.  All descriptors are the caller's, and do not block.
    """

    pid: int
    pidfd: int
    stdout: int
    stderr: int
    verdict: int
    started_ns: int


def launch(command: Command, place: Callable[[int], None]) -> Launched:
    """Starts `command`; `place(pid)` puts the child where it belongs, before it is executed.

    Raises:
        InfraError: no process can be made, `place` fails, or the child ends before it is told.
        UsageError: as raised by `place`.
    """
    environment = command.environment()
    pipes = _Pipes()
    try:
        pipes.make()
        with children_shielded():
            pid = os.fork()
        if pid == 0:
            _become(command, environment, pipes)
        # the child holds them: that it has gone shows only if nobody else does
        for pair, end in ((pipes.release, 0), (pipes.verdict, 1), (pipes.out, 1), (pipes.err, 1)):
            pipes.shut(pair[end])
        pidfd, started = _place(command, pid, place, pipes.release[1])
        mine = [pipes.keep(pair[0]) for pair in (pipes.out, pipes.err, pipes.verdict)]
    except OSError as error:
        raise InfraError(f"cannot start {command.program}: {error.strerror}") from error
    finally:
        pipes.close()
    for descriptor in mine:
        os.set_blocking(descriptor, False)
    return Launched(pid, pidfd, mine[0], mine[1], mine[2], started)


def refusal(program: str, verdict: bytes) -> UsageError | InfraError:
    """The error for what a child wrote before it gave up: `stage NUL errno`."""
    stage, _, text = verdict.decode(errors="replace").partition("\0")
    number = int(text) if text.isdecimal() else 0
    if stage != _EXECUTE or not number:
        why = os.strerror(number) if number else "it could not tell why"
        return InfraError(f"the process for {program} could not {stage}: {why}")
    kind = UsageError if is_authors(number) else InfraError
    return kind(explain_refusal(program, number))


class _Pipes:
    """Four pipes: two outputs, the word to go, and the verdict."""

    def __init__(self) -> None:
        self._open: set[int] = set()
        self.out = self.err = self.release = self.verdict = (-1, -1)

    def make(self) -> None:
        """Makes them all.

        Raises:
            OSError: there are no more descriptors; `close` closes those that there are.
        """
        self.out, self.err = self._pipe(), self._pipe()
        self.release, self.verdict = self._pipe(), self._pipe()

    def shut(self, end: int) -> None:
        """Closes one end."""
        self._open.discard(end)
        os.close(end)

    def keep(self, end: int) -> int:
        """Leaves an end to the caller."""
        self._open.discard(end)
        return end

    def close(self) -> None:
        """Closes all ends that are neither shut nor kept."""
        while self._open:
            os.close(self._open.pop())

    def _pipe(self) -> tuple[int, int]:
        pair = os.pipe()
        self._open.update(pair)
        return pair


def _place(
    command: Command, pid: int, place: Callable[[int], None], release: int
) -> tuple[int, int]:
    """Makes the child's group, places it, and lets it go; returns its pidfd and when that was."""
    pidfd = -1
    try:
        pidfd = os.pidfd_open(pid)
        if command.own_group:
            _make_group(pid)
        place(pid)
        started = time.monotonic_ns()
        os.write(release, _GO)
    except BaseException as error:
        how = _abandon(pid, pidfd)
        if isinstance(error, BrokenPipeError):
            raise InfraError(
                f"the process for {command.program} ended before it was placed and told to "
                f"execute it: {how}"
            ) from error
        raise
    return pidfd, started


def _make_group(pid: int) -> None:
    # parent and child both do it, so that the group is there before anybody can want to kill it
    try:
        os.setpgid(pid, pid)
    except (ProcessLookupError, PermissionError):
        pass  # it has ended: the word to go will not reach it, and that is told


def _abandon(pid: int, pidfd: int) -> str:
    """Kills and reaps a child that is not to go on; returns how it ended."""
    if pidfd < 0:
        os.kill(pid, signal.SIGKILL)
        return describe_status(os.waitpid(pid, 0)[1])
    try:
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        ended = select.poll()
        ended.register(pidfd, select.POLLIN)
        ended.poll(_KILL_MS)
        reaped, status = os.waitpid(pid, os.WNOHANG)
    except (ProcessLookupError, ChildProcessError):
        return "somebody else has reaped it"
    finally:
        os.close(pidfd)
    return describe_status(status) if reaped else f"still there {_KILL_MS} ms after SIGKILL"


def _become(command: Command, environment: dict[str, str], pipes: _Pipes) -> NoReturn:
    """In the child: waits for the word to go, then becomes the program, or says why not."""
    stage, verdict = "set itself up", pipes.verdict[1]
    try:
        # where 0 to 2 are free the pipes may have got them, and these become the standard streams
        release, verdict, output, errors = (
            fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE)
            for end in (pipes.release[0], verdict, pipes.out[1], pipes.err[1])
        )
        # the parent's ends among them: its death must end the wait below
        pipes.close()
        if command.own_group:
            os.setpgid(0, 0)
        if os.read(release, 1) != _GO:
            os._exit(_ABANDONED)
        stage = "become an ordinary task"
        leave_shield()
        ordinary_again()
        stage = "take over its standard streams"
        for number, end in enumerate((os.open(os.devnull, os.O_RDONLY), output, errors)):
            os.dup2(end, number)
            os.set_inheritable(number, True)  # dup2 leaves it as it is where both are one
        _default_signals()
        stage = _EXECUTE
        os.execve(command.program, command.argv, environment)
    except OSError as error:
        os.write(verdict, f"{stage}\0{error.errno}".encode())
    except BaseException:  # noqa: BLE001 - nothing of the parent may go on in this process
        os.write(verdict, f"{stage}\0".encode())
    finally:
        os._exit(_NOT_EXECUTED)


def _default_signals() -> None:
    # Python ignores SIGPIPE and SIGXFSZ, and what is ignored stays so in the program
    for number in signal.valid_signals():
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
