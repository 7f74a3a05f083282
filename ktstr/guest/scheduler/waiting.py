# SPDX-License-Identifier: Apache-2.0
"""The generic loader, waiting: started before it is known which scheduler it is to load."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ktstr.guest.system.oom import NEVER_KILLED, set_oom_score
from ktstr.guest.system.program import Program
from ktstr.model.errors import InfraError

if TYPE_CHECKING:
    from ktstr.guest.system.reactor import Reactor

# in a layer of every guest (ktstr/sampler); rules/private/scheduler/scx_scheduler.bzl has it, too
LOADER = "/sampler/scx-loader"
_READY = b"ready\n"
_READY_S = 20.0
_LEAVE_S = 5.0
_NS = 1_000_000_000


class WaitingLoader(Program):
    """One process of the loader, which has read the kernel's types and waits for a command line."""

    def __init__(self, reactor: Reactor, program: str = LOADER) -> None:
        outputs = {1: self._said_of(1), 2: self._said_of(2)}
        super().__init__(reactor, (program, "--wait"), outputs)
        self._said = {1: b"", 2: b""}
        self._hearers: Mapping[int, Callable[[bytes], None]] = {}

    def await_ready(self) -> None:
        """Starts it, and waits until all is done that is the same for every scheduler.

        Raises:
            OSError: it cannot be started.
            InfraError: it ended, or takes too long.
        """
        self.start()
        set_oom_score(NEVER_KILLED, self.pid)
        deadline = time.monotonic_ns() + int(_READY_S * _NS)
        self._reactor.wait(deadline, lambda: self.is_silent or self._said[1] == _READY)
        if self._said[1] != _READY:
            why = "it ended" if self.is_silent else f"{_READY_S:g} s were not enough"
            raise InfraError(f"{self._argv[0]} does not wait for a scheduler: {why}")

    def serves(self, argv: tuple[str, ...]) -> bool:
        """Whether `argv` is a command line of this program."""
        return argv[0] == self._argv[0]

    def load(self, argv: tuple[str, ...], hear: Mapping[int, Callable[[bytes], None]]) -> None:
        """Lets it go on as if it had been started with `argv`, and heard by `hear`.

        Raises:
            OSError: it is gone.
        """
        self._hearers = hear
        words = b"".join(word.encode() + b"\0" for word in argv[1:])
        self.say(b"%d\n" % len(words) + words)

    def dismiss(self) -> None:
        """Ends it where no scheduler is to be loaded; harmless if it never began."""
        self.hang_up()
        if self.is_followed and not self.await_end(_LEAVE_S):
            # it must not run beside the test
            self.kill_group()
            self.await_end(_LEAVE_S)
        self.release()

    def _said_of(self, number: int) -> Callable[[bytes], None]:
        def take(data: bytes) -> None:
            if number in self._hearers:
                self._hearers[number](data)
            else:
                self._said[number] += data

        return take
