# SPDX-License-Identifier: Apache-2.0
"""A program that is spoken to through pipes: started, heard, waited for, let go."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ktstr.guest.system.child import Child
from ktstr.guest.system.outputs import Outputs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ktstr.guest.system.reactor import Reactor


class Program(Child):
    """One run of a program.

    `hear` takes what it writes to each of these descriptors (1 or 2) as it comes.  `variables` are
    set in its environment, over those of this process.
    """

    def __init__(
        self,
        reactor: Reactor,
        argv: tuple[str, ...],
        hear: Mapping[int, Callable[[bytes], None]],
        variables: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(reactor)
        self._argv, self._hear, self._variables = argv, hear, variables
        self._outputs = Outputs(reactor)
        self._stdin = -1

    def start(self) -> None:
        """Starts it, in a process group of its own.

        Raises:
            OSError: it cannot be started; nothing is left of it.
        """
        ends = {0: os.pipe()} | {number: os.pipe()[::-1] for number in self._hear}
        try:
            pid = os.posix_spawn(
                self._argv[0],
                self._argv,
                {**os.environ, **self._variables} if self._variables else os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, its, number) for number, (its, _) in ends.items()
                ],
                setpgroup=0,
            )
        except OSError:
            for _, ours in ends.values():
                os.close(ours)
            raise
        finally:
            for its, _ in ends.values():
                os.close(its)
        self._stdin = ends[0][1]
        self.follow(pid)
        for number, take in self._hear.items():
            self._outputs.hear(ends[number][1], take)

    @property
    def is_silent(self) -> bool:
        """Whether nothing more will come from it: all who could write to its outputs are gone."""
        return self._outputs.have_ended

    def say(self, text: bytes) -> None:
        """Writes to its standard input; raises OSError where nobody reads that."""
        os.write(self._stdin, text)

    def hang_up(self) -> None:
        """Ends its standard input."""
        if self._stdin >= 0:
            os.close(self._stdin)
            self._stdin = -1

    def release(self) -> None:
        """Gives all descriptors back, whether it has ended or not; harmless if it never began."""
        self.hang_up()
        self._outputs.close()
        self.let_go()
