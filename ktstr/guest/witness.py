# SPDX-License-Identifier: Apache-2.0
"""The witness's process: loaded in every guest, it looks while schedulers run (ktstr/sampler)."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from ktstr.guest.observer import Observer
from ktstr.guest.service import PROGRAM, Service, UnavailableError
from ktstr.model.witness import HOLD_NS, CpuIdleness, Hold, Idleness, RanUnder, WitnessFacts

if TYPE_CHECKING:
    from ktstr.guest.port import Sink
    from ktstr.guest.reactor import Reactor

OBJECT = "/sampler/witness.bpf.o"
# No divisor of a tick, or whatever goes by ticks would always be seen at the same point of it.
_PERIOD_NS = 2_300_000
# A look takes longer the more CPUs there are: more CPUs are looked at less often.
_PERIOD_PER_CPU_NS = 270_000


def period_ns(cpus: int) -> int:
    """The time between two looks at so many CPUs."""
    return max(_PERIOD_NS, cpus * _PERIOD_PER_CPU_NS)


class Witness(Observer):
    """Looks at the CPUs, phase by phase, and emits who ran, what stood idle and what was held."""

    def __init__(self, reactor: Reactor, program: str = PROGRAM) -> None:
        super().__init__(Service(reactor, program, "witness", OBJECT), "stopped looking:")
        self._sink: Sink | None = None
        self._period_ns = self._started_ns = 0

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
        self._emit(self._request("drain"))

    def finish(self) -> None:
        """Ends it; emits the last of what it saw, and its own account."""
        ended_ns = self._enter(None)
        answer = self._request("quit")
        self._emit(answer)
        account = next((each for each in answer if "looks" in each), {})
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

    def _emit(self, answer: list[dict[str, Any]]) -> None:
        if self._sink is None:
            return
        for each in answer:
            if "cgroup" in each:
                self._sink.emit(self._ran_under(each))
        cells = (each for each in answer if "cpu" in each)
        for phase, of_phase in groupby(cells, lambda each: each["phase"]):
            self._sink.emit(Idleness(*self._span(phase), tuple(map(_idleness, of_phase))))
        for each in answer:
            if "held" in each:
                self._sink.emit(_hold(each))

    def _ran_under(self, found: dict[str, Any]) -> RanUnder:
        span = self._span(found["phase"])
        return RanUnder(*span, self._names[found["cgroup"]], found["pid"] or None, found["samples"])


def _idleness(found: dict[str, Any]) -> CpuIdleness:
    return CpuIdleness(
        cpu=found["cpu"],
        idle_ns=found["idle_ns"],
        wasted_ns=found.get("wasted_ns", 0),
        longest_ns=found.get("longest_ns", 0),
        longest_ended_ns=found.get("longest_ended_ns", 0),
        waiting=found.get("waiting", ""),
    )


def _hold(found: dict[str, Any]) -> Hold:
    return Hold(
        cpu=found["held"],
        sched_class=found["class"],
        comm=found["comm"],
        pid=found["pid"],
        started_ns=found["started_ns"],
        ended_ns=found["ended_ns"],
    )
