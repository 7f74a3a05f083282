# SPDX-License-Identifier: Apache-2.0
"""Those who look at a guest that stands: drgn on this terminal, or a page of text."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Protocol

from ktstr.introspect.gdb.monitor import stack_line
from ktstr.introspect.instant.place import Place, seconds
from ktstr.introspect.instant.stand import KERNEL_HALF, Stand
from ktstr.introspect.snapshot.text import as_text
from ktstr.model.errors import InfraError
from ktstr.runner.replay.arguments import Replay
from ktstr.runner.replay.known import Known
from ktstr.runner.replay.player import Player


class Looker(Protocol):
    """Who looks."""

    def stood(self, stand: Stand) -> Place | bool:
        """Looks; says whether the guest is to go on, or to which later place."""

    def next(self) -> Place | None:
        """Where it is to stand next, in a guest from the beginning; None where nobody looks."""

    def ended(self, known: Known) -> None:
        """The guest went on to its end."""


class _Once:
    """Looks once."""

    def next(self) -> Place | None:
        """Nowhere."""
        return None

    def ended(self, known: Known) -> None:
        """It never does: it is not let go on."""


class Printed(_Once):
    """Prints what stands there."""

    def __init__(self, wanted: Replay, player: Player, known: Known | None) -> None:
        del wanted, player
        self._known = known

    def stood(self, stand: Stand) -> bool:
        """Prints the page; the guest is to end."""
        print("\n".join(page(stand, self._known)), flush=True)
        return False


class Drgn(_Once):
    """Opens drgn on the guest, or runs a script in it.

    Raises, where the guest stands:
      InfraError: it cannot be started, or has failed.
    """

    def __init__(self, wanted: Replay, player: Player, known: Known | None) -> None:
        self._wanted, self._player, self._known = wanted, player, known

    def stood(self, stand: Stand) -> bool:
        """Returns when whoever looks has had enough; the guest is to end."""
        files = self._player.session.machine
        title = f"{where(stand, self._known)}; the guest ends with this session"
        words = [str(self._wanted.program), "--pid", str(stand.held.pid), "--title", title]
        words += ["--vmlinux", str(files.spec.kernel), "--index", str(files.kernel_index)]
        words += ["--dwarf", str(self._player.dwarf)] if self._player.dwarf else []
        if stand.told.registers["rip"] >= KERNEL_HALF:
            words += ["--registers", json.dumps(stand.held.registers)]
        words += ["--script", str(self._wanted.script)] if self._wanted.script else []
        try:
            status = subprocess.call(words)
        except OSError as error:
            raise InfraError(f"cannot start {words[0]}: {error}") from error
        if status:
            raise InfraError(f"drgn ended with status {status}; its message is above")
        return False


def where(stand: Stand, known: Known | None) -> str:
    """Where a guest stands, in a line."""
    at = known.on_line(stand.at_ns) if known is not None else seconds(stand.at_ns)
    return f"stands at {at}, before {stand.where} on CPU {stand.held.cpu}"


def page(stand: Stand, known: Known | None) -> Iterator[str]:
    """All that a snapshot says of a guest that stands, and where its CPUs are."""
    yield where(stand, known)
    for cpu in range(stand.told.cpus):
        yield f"  {stack_line(stand, cpu)}".rstrip()
    snapshot = stand.snapshot("")
    if snapshot is None:
        yield "  the kernel has no page tables yet"
    else:
        yield as_text(snapshot).rstrip()
