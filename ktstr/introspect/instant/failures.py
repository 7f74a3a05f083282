# SPDX-License-Identifier: Apache-2.0
"""The instants at which a guest's kernel fails: it throws a scheduler out, or it panics."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.plugin.watch import NOW, Probe, Read
from ktstr.introspect.postmortem.first_cause import FIRST_ERROR, ErrorSite
from ktstr.introspect.trace.clock import Keeper, Times
from ktstr.model.plan import Plan

# 6.12 to 7.2: panic() is all of it, or calls vpanic() (kernel/panic.c)
_PANICS = ("vpanic", "panic")
_MOST = 256


@dataclass(frozen=True)
class Failure:
    """at_ns: CLOCK_MONOTONIC of the guest.  function: the kernel's, at whose entry that is."""

    at_ns: int
    function: str


class Failures:
    """Notes them, of one guest; `first` is the first of all, once the guest has ended.

    It is a part of those that look into guests, and leaves nothing in the record.
    """

    name = "failures"

    def __init__(self) -> None:
        self.first: Failure | None = None
        self.problem = ""
        self._keeper: Keeper | None = None
        self._probes: tuple[Probe, ...] = ()

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> Failures:
        """Raises UnknownName where the kernel has no clock that is known here."""
        del plan, cpus
        self._keeper = Keeper.of(kernel)
        reads = (Read(NOW, (), 8), self._keeper.read)
        sites = [(name, "rdi") for name in _PANICS if kernel.has_symbol(name)][:1]
        try:
            site = ErrorSite.of(kernel)
        except UnknownName:  # without sched_ext there is no scheduler to throw out
            pass
        else:
            sites.append((site.function, site.kind))
        self._probes = tuple(
            Probe(
                name,
                place.start,
                place.stop,
                reads=(*reads, Read(kind, (), 8)),
                limit=_MOST,
            )
            for name, kind in sites
            for place in (kernel.symbol_range(name),)
        )
        return self

    @property
    def wanted(self) -> Wanted:
        return Wanted(self._probes)

    def made(self, looked: Looked) -> None:
        assert self._keeper is not None
        self.problem = looked.problem
        for record in looked.records:
            now, said, kind = record.runs
            of_panic = record.probe in _PANICS
            if not of_panic and _number(kind) & 0xFFFF_FFFF < FIRST_ERROR:
                continue
            times = Times(self._keeper)
            times.add(_number(now), said)
            self.first = Failure(times.monotonic_ns(_number(now)), record.probe)
            return

    def without(self, why: str) -> None:
        self.problem = why


def _number(run: bytes) -> int:
    return int.from_bytes(run, "little")
