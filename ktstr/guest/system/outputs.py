# SPDX-License-Identifier: Apache-2.0
"""What others write to pipes: heard as it comes, each pipe to its end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ktstr.guest.system.reactor import Reactor

_PIECE = 1 << 16


class Outputs:
    """Reading ends of pipes, taken over by this, while `reactor` is what waits for them."""

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._open: set[int] = set()

    def hear(self, descriptor: int, take: Callable[[bytes], None]) -> None:
        """Hands over what comes from `descriptor`, but not its end."""
        self._open.add(descriptor)

        def read() -> None:
            if data := os.read(descriptor, _PIECE):
                take(data)
            else:
                self._close(descriptor)

        self._reactor.watch(descriptor, read)

    @property
    def have_ended(self) -> bool:
        """Whether nothing more will come: all who could write are gone."""
        return not self._open

    def close(self) -> None:
        """Closes those that have not ended: somebody who lives on holds them open."""
        for descriptor in tuple(self._open):
            self._close(descriptor)

    def _close(self, descriptor: int) -> None:
        self._open.discard(descriptor)
        self._reactor.forget(descriptor)
        os.close(descriptor)
