# SPDX-License-Identifier: Apache-2.0
"""How often a function was called, in a run that did not come to the call that was wanted."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator

from ktstr.introspect.instant.programs import Loading
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.part import Looked
from ktstr.introspect.plugin.watch import NOW, Probe, Read, When

# Bytes of records: some 400,000 calls; of what is called more often it is said so.
ROOM = 16 << 20
_CALLS = "calls"
_CALL = struct.Struct("<QQ")
_READS = (Read("rip", (), 8), Read(NOW, (), 8))


def counting(kernel: Kernel, stops: Iterable[int], loading: Loading | None) -> Iterator[Probe]:
    """The probes that count the calls of a function there, or of all programs that are loaded."""
    if loading is None:
        for address in stops:
            yield Probe(_CALLS, address, address + 1, reads=_READS, yields=True)
        return
    place, prog = loading.function.place, loading.function.arguments["fp"]
    fields = [kernel.field("bpf_prog", name) for name in ("bpf_func", "jited_len")]
    told = tuple(Read(prog, (each.offset,), each.size) for each in fields)
    yield Probe("loaded", place.start, place.stop, reads=told, learns=True, limit=0)
    yield Probe(
        _CALLS, place.start, place.stop, When.ENTRY, reads=_READS, yields=True, learned=True
    )


def counted(looked: Looked, addresses: Collection[int], since_ns: int) -> str:
    """In words, how often what lies there was called, from an instant of virtual time on."""
    calls = [_CALL.unpack(row.data) for row in looked.rows if row.probe == _CALLS]
    count = sum(address in addresses and now >= since_ns for address, now in calls)
    each = looked.probes.get(_CALLS)
    least = "at least " if each is not None and each.hits > each.records else ""
    return f"it was called {least}{count} time{'s' * (count != 1)}"
