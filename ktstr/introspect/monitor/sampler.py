# SPDX-License-Identifier: Apache-2.0
"""What to read for samples of one guest, and the series that come of what was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.monitor.clock import Clock, clock_of
from ktstr.introspect.monitor.derived import Derived, derived
from ktstr.introspect.monitor.dsqs import dsq_parts, unseen_dsqs, user_dsqs
from ktstr.introspect.monitor.looking import looking
from ktstr.introspect.monitor.parts import Key, Number, Part, Row, row_of
from ktstr.introspect.monitor.quantities import BY_NAME, Of, known
from ktstr.introspect.monitor.series import Column, Lack
from ktstr.introspect.plugin.text import c_text
from ktstr.introspect.plugin.watch import EACH_CPU, Read

_COMM = "_comm"
_COMM_BYTES = 16
_ORDER = {name: number for number, name in enumerate(BY_NAME)}
_LAST = len(_ORDER)


@dataclass(frozen=True)
class Taken:
    """What was read for one sample: the CPU whose clock was fresh, and the bytes of all reads."""

    cpu: int
    data: bytes


@dataclass(frozen=True)
class Samples:
    """What many samples say.  unseen: DSQs of a scheduler that were not found, at most."""

    at_ns: tuple[int, ...]
    columns: tuple[Column, ...]
    comms: dict[int, str]
    unseen: int


@dataclass(frozen=True)
class Sampler:
    """What a sample of one guest is made of."""

    cpus: int
    parts: tuple[Part, ...]
    row: Row
    clock: Clock
    derived: Derived
    lacks: tuple[Lack, ...]

    @property
    def reads(self) -> tuple[Read, ...]:
        """All reads of a sample, in the order of their bytes."""
        return tuple(part.read for part in self.parts)

    def samples(self, taken: Sequence[Taken], least_ns: int = 1) -> Samples:
        """What was taken, in the order of its time.

        What comes sooner than `least_ns` after another is left out.
        """
        if not taken:
            return Samples((), (), {}, 0)
        raw = self.row.columns(each.data for each in taken)
        at_ns = [
            self.clock.monotonic_ns(raw, row, each.cpu, raw["clock", each.cpu][row])
            for row, each in enumerate(taken)
        ]
        kept = _kept(at_ns, least_ns)
        if len(kept) < len(at_ns):
            raw = {key: tuple(column[row] for row in kept) for key, column in raw.items()}
        columns = {key: column for key, column in raw.items() if not key[0].startswith("_")}
        columns |= user_dsqs(raw)
        for cpu in range(self.cpus):
            columns |= self.derived.columns(raw, cpu)
        return Samples(
            tuple(at_ns[row] for row in kept),
            tuple(_ordered(columns)),
            self._comms(raw),
            unseen_dsqs(raw),
        )

    def _comms(self, raw: dict[Key, tuple[int, ...]]) -> dict[int, str]:
        """What the tasks that ran were called when they were last seen."""
        found: dict[int, bytes] = {}
        for cpu in range(self.cpus):
            names: Sequence[object] = raw.get((_COMM, cpu), ())
            for pid, name in dict(zip(raw.get(("pid", cpu), ()), names, strict=True)).items():
                if pid and isinstance(name, bytes):
                    found[pid] = name
        return {pid: c_text(found[pid]) for pid in sorted(found)}


def sampler(kernel: Kernel, cpus: int, nodes: int) -> Sampler:
    """How to take samples of a guest with this kernel.

    Raises:
        UnknownName: the kernel lacks what every sample needs: runqueues, or a timekeeper.
    """
    clock, look, dsqs = clock_of(kernel), looking(kernel), dsq_parts(kernel, nodes)
    current = kernel.symbol("runqueues") + kernel.field("rq", "curr").offset
    comm = Read(EACH_CPU, (current, kernel.field("task_struct", "comm").offset), _COMM_BYTES)
    named = Part(comm, f"{_COMM_BYTES}s", (Number(_COMM),))
    parts = (*clock.parts, *dsqs.parts, named, *look.parts)
    lacks = (*look.lacks, *dsqs.lacks)
    return Sampler(cpus, parts, row_of(parts, cpus), clock, derived(kernel), lacks)


def _kept(at_ns: Sequence[int], least_ns: int) -> list[int]:
    kept: list[int] = []
    for row, at in enumerate(at_ns):
        if not kept or at - at_ns[kept[-1]] >= max(1, least_ns):
            kept.append(row)
    return kept


def _ordered(columns: dict[Key, tuple[int, ...]]) -> list[Column]:
    """By quantity and thing.  Domains that never balanced are left out: most are not there."""
    keys = sorted(columns, key=_place)
    return [
        Column(name, of, columns[name, of])
        for name, of in keys
        if known(name).of is not Of.DOMAIN or any(columns[name, of])
    ]


def _place(key: Key) -> tuple[int, str, int]:
    name, of = key
    return _ORDER.get(name, _LAST), name, -1 if of is None else of
