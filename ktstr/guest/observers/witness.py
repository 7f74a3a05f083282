# SPDX-License-Identifier: Apache-2.0
"""The witness's process: loaded in every guest, it looks while schedulers run (ktstr/sampler)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ktstr.guest.observers.observer import Observer
from ktstr.guest.system.service import SAMPLER, Service, UnavailableError
from ktstr.model.wire.witness import HOLD_NS, Phase, Sightings, WitnessFacts

if TYPE_CHECKING:
    from ktstr.guest.system.port import Sink
    from ktstr.guest.system.reactor import Reactor

OBJECT = "/sampler/witness.bpf.o"
# No divisor of a tick, or whatever goes by ticks would always be seen at the same point of it.
_PERIOD_NS = 2_300_000
# A look takes longer the more CPUs there are: more CPUs are looked at less often.
_PERIOD_PER_CPU_NS = 430_000


def period_ns(cpus: int) -> int:
    """The time between two looks at so many CPUs."""
    return max(_PERIOD_NS, cpus * _PERIOD_PER_CPU_NS)


class Witness(Observer):
    """Looks at the CPUs, phase by phase, and emits who ran, what stood idle and what was held.

    It passes on what its process says: to take that apart would cost a guest more than the looks.
    """

    def __init__(self, reactor: Reactor, program: str = SAMPLER) -> None:
        super().__init__(Service(reactor, program, "witness", OBJECT), "stopped looking:")
        self._sink: Sink | None = None
        self._period_ns = self._started_ns = 0
        # what the host has been told of phases and cgroups
        self._told_phases = 0
        self._told: set[int] = set()

    def load(self) -> None:
        """Starts the process, and has its programs loaded; they do nothing yet."""
        try:
            self._service.start("load of its programs")
        except (OSError, UnavailableError) as error:
            self._error = f"cannot look: {error}"

    def begin(self, sink: Sink, cpus: int) -> None:
        """Looks from now on, between steps; what it sees goes to `sink`."""
        self._sink, self._period_ns = sink, period_ns(cpus)
        self._started_ns = self._enter(None)
        self._request(f"arm {self._period_ns} {HOLD_NS}")

    def follow(self, pid: int) -> None:
        """Counts the children of this process, too, one by one."""
        self._request(f"parent {pid}")

    def report(self) -> None:
        """Emits what was seen in the phases that are over."""
        self._emit(self._lines("drain"))

    def finish(self) -> None:
        """Ends it; emits the last of what it saw, and its own account."""
        ended_ns = self._enter(None)
        *seen, last = self._lines("quit") or (b"{}",)
        self._emit(seen)
        account = json.loads(last)
        if self._sink is not None:
            self._sink.emit(
                WitnessFacts(
                    error=self._error,
                    period_ns=self._period_ns,
                    looks=account.get("looks", 0),
                    late=account.get("late", 0),
                    dropped=account.get("dropped", 0),
                    started_ns=self._started_ns,
                    ended_ns=ended_ns,
                    cost_ns=account.get("cost_ns", 0),
                )
            )
        self.dismiss()

    def _emit(self, records: list[bytes]) -> None:
        if self._sink is None or not records:
            return
        over = len(self._phases) - 1
        phases = tuple(Phase(*self._span(phase)) for phase in range(self._told_phases, over))
        names = {f"{each}": name for each, name in self._names.items() if each not in self._told}
        text = b"\n".join(records).decode(errors="replace")
        self._sink.emit(Sightings(text, self._told_phases, phases, names))
        self._told_phases = over
        self._told.update(self._names)
