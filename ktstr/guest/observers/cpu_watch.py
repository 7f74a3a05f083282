# SPDX-License-Identifier: Apache-2.0
"""Tells of CPUs that come and go, whoever makes them: an op, a test function, a program."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from ktstr.guest.system.sched_ext import Uevents
from ktstr.guest.system.view import online_cpus
from ktstr.model.errors import InfraError
from ktstr.model.facts import Event
from ktstr.model.wire.events import EventName

if TYPE_CHECKING:
    from ktstr.guest.system.port import Sink
    from ktstr.guest.system.reactor import Reactor

# kobject_uevent_env() of lib/kobject_uevent.c: `ACTION@DEVPATH`, sent by device_online() and
# device_offline() of drivers/base/core.c once the CPU has come or gone
_SEEN = re.compile(r"(online|offline)@/devices/system/cpu/cpu([0-9]+)")


class CpuWatch:
    """Listens to the kernel from construction on; what it missed is found at the end."""

    def __init__(self, reactor: Reactor, sink: Sink) -> None:
        self._reactor, self._sink = reactor, sink
        self._uevents: Uevents | None = None
        self._online: frozenset[int] = frozenset()
        try:
            # first the socket: what happens between the two is seen twice, which does no harm
            self._uevents = Uevents()
            self._online = online_cpus()
        except InfraError as error:
            self._event(EventName.CPUS_UNWATCHED, str(error))
            return
        reactor.watch(self._uevents.descriptor, self._take)

    def finish(self) -> None:
        """Tells what is still to be told, and listens no more."""
        if self._uevents is None:
            return
        if self._reactor.watches(self._uevents.descriptor):
            self._take()
            self._reactor.forget(self._uevents.descriptor)
            try:
                self._compare(online_cpus())
            except InfraError as error:
                self._event(EventName.CPUS_UNWATCHED, str(error))
        self._uevents.close()

    def _take(self) -> None:
        heads, lost = self._uevents.read() if self._uevents is not None else ([], False)
        for match in filter(None, map(_SEEN.fullmatch, heads)):
            cpu, there = int(match[2]), match[1] == "online"
            if there != (cpu in self._online):
                self._change(cpu, there)
        if lost:
            self._compare(online_cpus())

    def _compare(self, now: frozenset[int]) -> None:
        for cpu in sorted(now ^ self._online):
            self._change(cpu, cpu in now)

    def _change(self, cpu: int, there: bool) -> None:
        self._online = self._online | {cpu} if there else self._online - {cpu}
        self._event(EventName.CPU_ONLINE if there else EventName.CPU_OFFLINE, str(cpu))

    def _event(self, name: EventName, detail: str) -> None:
        self._sink.emit(Event(time.monotonic_ns(), name, None, detail))
