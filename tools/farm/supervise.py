# SPDX-License-Identifier: Apache-2.0
"""Starts a farm's parts, starts again what ends or hangs, and stops them all.

It is the first process of a pid namespace: however it ends, the kernel then kills all that is left.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ktstr.model.errors import InfraError
from tools.farm.asking import Answer, ask
from tools.farm.parts import Part

_READY_S = 60.0
_LOOK_S = 0.05
_STOP_S = 10.0
# How often servers are asked for an answer, and how long a busy machine may need for one.
_ASK_EACH_S = 10.0
_ANSWER_S = 30.0
# If more have ended within a minute, they will go on doing so.
_MOST_ENDS = 20
_MINUTE_S = 60.0
_SHOWN_LINES = 8


class Supervisor:
    """The parts of one farm; `tell` gets a line whenever something happens."""

    def __init__(self, parts: Sequence[Part], state: Path, tell: Callable[[str], None]) -> None:
        self._parts, self._state, self._tell = parts, state, tell
        self._running: dict[int, Part] = {}
        self._ends: list[float] = []
        # Of what runs: while it is held, no pid of it becomes another process's.
        self._held = threading.Lock()

    def start(self) -> None:
        """Starts every part once the one before it is ready.

        Raises:
          InfraError: one ends before it is ready, or is not ready in time; its log's end is shown.
        """
        for part in self._parts:
            began = time.monotonic()
            for name, command in part.before.items():
                self._once(part, name, command)
            self._spawn(part)
            self._await_ready(part)
            self._tell(f"{part.name}: ready after {time.monotonic() - began:.1f} s")

    def watch(self, end: int) -> None:
        """Starts again what ends or hangs, until the pipe `end` is closed at its other end.

        Raises:
          InfraError: parts end again and again.
        """
        over = threading.Event()
        asking = threading.Thread(target=self._ask_all, args=(over,), daemon=True)
        asking.start()
        try:
            self._watch(end)
        finally:
            over.set()

    def _watch(self, end: int) -> None:
        with self._children() as ended, selectors.DefaultSelector() as selector:
            selector.register(end, selectors.EVENT_READ)
            selector.register(ended, selectors.EVENT_READ)
            while end not in [key.fd for key, _ in selector.select()]:
                ended.recv(1024)
                with self._held:
                    self._start_again()

    def _ask_all(self, over: threading.Event) -> None:
        """Kills servers that do not answer, until it is over; their ends are seen to elsewhere."""
        while not over.wait(_ASK_EACH_S):
            for pid, part in list(self._running.items()):
                where = part.port or part.file
                if not part.called or not where or ask(where, _ANSWER_S) is not Answer.NONE:
                    continue
                with self._held:
                    if self._running.get(pid) is part:
                        self._tell(f"{part.name}: no answer for {_ANSWER_S:.0f} s; killed")
                        os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Kills the parts, the last first, and waits for those that are asked to end."""
        for pid, part in reversed(self._running.items()):
            with contextlib.suppress(ProcessLookupError):
                if part.grace:
                    os.kill(_told_pid(part) or pid, signal.SIGINT)
                else:
                    os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + _STOP_S
        with self._children() as ended, selectors.DefaultSelector() as selector:
            selector.register(ended, selectors.EVENT_READ)
            while self._running and (left := deadline - time.monotonic()) > 0:
                for pid, _ in _reaped():
                    self._running.pop(pid, None)
                if self._running and selector.select(left):
                    ended.recv(1024)
        for part in self._running.values():
            self._tell(f"{part.name}: did not end within {_STOP_S:.0f} s, and is killed")

    def _start_again(self) -> None:
        for pid, status in _reaped():
            part = self._running.pop(pid, None)
            if part is None:
                continue
            now = time.monotonic()
            self._ends = [*(each for each in self._ends if now - each < _MINUTE_S), now]
            if len(self._ends) > _MOST_ENDS:
                raise InfraError(
                    f"farm: {len(self._ends)} parts have ended within a minute; "
                    f"{self._log_end(part.name)}"
                )
            # A worker ends with status 0 when its server went away: it is wanted all the same.
            self._tell(f"{part.name}: ended with status {status}; started again")
            self._spawn(part)

    def _once(self, part: Part, name: str, command: Sequence[str]) -> None:
        done = self._state / "done" / name
        if done.exists():
            return
        with self._log(name) as log:
            code = subprocess.run(
                command, env=part.environment, stdin=log, stdout=log, stderr=log, check=False
            ).returncode
        if code:
            raise InfraError(f"farm: {name} ended with status {code}; {self._log_end(name)}")
        done.touch()

    def _spawn(self, part: Part) -> None:
        if part.file is not None:
            # what a killed one has left says nothing of the next
            part.file.unlink(missing_ok=True)
        with self._log(part.name) as log:
            process = subprocess.Popen(
                part.command,
                cwd=self._state,
                env=part.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        # Reaped with all the orphans of this namespace, not by its object.
        process.returncode = 0
        self._running[process.pid] = part

    def _await_ready(self, part: Part) -> None:
        deadline = time.monotonic() + _READY_S
        with self._children() as ended, selectors.DefaultSelector() as selector:
            selector.register(ended, selectors.EVENT_READ)
            while not _is_ready(part):
                # The event is the part's end; that it listens can only be looked for.
                if selector.select(_LOOK_S):
                    ended.recv(1024)
                for pid, status in _reaped():
                    gone = self._running.pop(pid, None)
                    if gone is not None:
                        raise InfraError(
                            f"farm: {gone.name} ended with status {status} before the farm was "
                            f"ready; {self._log_end(gone.name)}"
                        )
                if time.monotonic() > deadline:
                    raise InfraError(
                        f"farm: {part.name} was not ready within {_READY_S:.0f} s; "
                        f"{self._log_end(part.name)}"
                    )

    def _log(self, name: str) -> contextlib.AbstractContextManager[int]:
        return _opened(self._state / "log" / f"{name}.log")

    def _log_end(self, name: str) -> str:
        path = self._state / "log" / f"{name}.log"
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN_LINES:]
        return f"the end of {path}:\n  " + "\n  ".join(lines)

    @contextlib.contextmanager
    def _children(self) -> Iterator[socket.socket]:
        """A socket that can be read once a child has ended."""
        reading, writing = socket.socketpair()
        with reading, writing:
            reading.setblocking(False)
            writing.setblocking(False)
            before = signal.signal(signal.SIGCHLD, lambda *_: None)
            signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
            # for a child that ended before anybody listened
            writing.send(b"\0")
            try:
                yield reading
            finally:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, before)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _reaped() -> Iterator[tuple[int, int]]:
    """The processes that have ended, orphans among them: pid, and status as a shell has it."""
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            code = os.waitstatus_to_exitcode(found[1])
            yield found[0], code if code >= 0 else 128 - code


def _is_ready(part: Part) -> bool:
    if part.port:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", part.port), 1):
            return True
        return False
    if part.file is not None:
        with contextlib.suppress(OSError):
            return part.file.exists() and (not part.says or part.says in part.file.read_text())
        return False
    return True


def _told_pid(part: Part) -> int | None:
    """The pid that a part has written into its file, where it is not the process we started."""
    if part.file is None or not part.says:
        return None
    with contextlib.suppress(OSError, ValueError):
        return int(part.file.read_text().split("\n", 1)[0])
    return None
