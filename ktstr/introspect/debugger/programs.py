# SPDX-License-Identifier: Apache-2.0
"""BPF programs of a guest: names, and what they have cost (kernel/bpf, Linux 6.12 and 7.2)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ktstr.introspect.debugger.objects import Btfs
from ktstr.introspect.kernel.btf import Kind
from ktstr.introspect.kernel.errors import BtfError, UnknownName
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.snapshot.view import View

# what the verifier looks at of one program at most (include/linux/bpf.h)
VERIFIER_LIMIT = 1_000_000
_MOST_FUNCTIONS = 1024
_MOST_MAPS = 1024
_FUNC_INFO = 8


@dataclass(frozen=True)
class Program:
    """One program, with the functions that it calls.

    types, maps: addresses of the types that it came with, and of the maps that it uses.
    runs, nanoseconds: since it was loaded; None where the kernel keeps them not, as it does unless
    kernel.bpf_stats_enabled is set.  misses: calls that were left out, since it ran on that CPU
    already.  verified: instructions that the verifier looked at; None where this kernel keeps that
    not.  jited: bytes of machine code, that of its functions included.
    """

    address: int
    number: int
    name: str
    kind: str
    types: int
    maps: tuple[int, ...]
    jited: int
    verified: int | None
    runs: int | None
    nanoseconds: int | None
    misses: int

    def json(self) -> dict[str, Any]:
        """All but addresses, which differ from one run to the next."""
        found = asdict(self)
        del found["address"], found["types"], found["maps"]
        return found


def program_at(view: View, btfs: Btfs, address: int) -> Program:
    """The program of a `struct bpf_prog`.

    Raises:
      MemoryFault: it cannot be read.
      UnknownName: this kernel has no such type.
    """
    kernel = view.kernel
    aux = view.number(address, "bpf_prog", "aux")
    kind = view.number(address, "bpf_prog", "type")
    kinds = [
        label.removeprefix("BPF_PROG_TYPE_")
        for one in kernel.enums("bpf_prog_type")
        for label, number in one.values
        if number == kind
    ]
    verified = None
    if kernel.has_field("bpf_prog_aux", "verified_insns"):
        verified = view.number(aux, "bpf_prog_aux", "verified_insns")
    runs, nanoseconds, misses = _statistics(view, address)
    return Program(
        address,
        view.number(aux, "bpf_prog_aux", "id"),
        program_name(view, btfs, aux),
        kinds[0] if kinds else str(kind),
        view.number(aux, "bpf_prog_aux", "btf"),
        _pointers(view, aux, "used_maps", "used_map_cnt", _MOST_MAPS),
        _jited(view, address, aux),
        verified,
        runs,
        nanoseconds,
        misses,
    )


def _jited(view: View, address: int, aux: int) -> int:
    """As the kernel tells user space: of a program with functions, the first one is itself."""
    functions = _pointers(view, aux, "func", "func_cnt", _MOST_FUNCTIONS)
    return sum(view.number(one, "bpf_prog", "jited_len") for one in functions or (address,))


def _pointers(view: View, aux: int, array: str, count: str, most: int) -> tuple[int, ...]:
    at = view.number(aux, "bpf_prog_aux", array)
    number = view.number(aux, "bpf_prog_aux", count)
    if number > most:
        raise MemoryFault("read", at, 8 * number, f"{number} entries of bpf_prog_aux.{array}")
    return tuple(memoryview(view.memory.read(at, 8 * number)).cast("Q")) if number and at else ()


def program_name(view: View, btfs: Btfs, aux: int) -> str:
    """Of its function, as its source has it; else the first 15 letters, which the kernel keeps."""
    kept = view.text(aux + view.kernel.field("bpf_prog_aux", "name").offset, 16)
    infos = view.number(aux, "bpf_prog_aux", "func_info")
    index = view.number(aux, "bpf_prog_aux", "func_idx")
    types = view.number(aux, "bpf_prog_aux", "btf")
    if not infos or not types or index >= view.number(aux, "bpf_prog_aux", "func_info_cnt"):
        return kept
    try:
        kind, name = btfs.at(types).head(view.u32(infos + _FUNC_INFO * index + 4))
    except (BtfError, MemoryFault):
        return kept
    # all further functions of a program are called "F" there (kernel/bpf/verifier.c: jit_subprogs)
    is_known = kind is Kind.FUNC and (index > 0 or name.startswith(kept))
    return name if is_known else kept


def _statistics(view: View, address: int) -> tuple[int | None, int | None, int]:
    """(runs, nanoseconds, misses), summed over CPUs."""
    kernel = view.kernel
    pointer = view.number(address, "bpf_prog", "stats")
    if not pointer:
        return None, None, 0
    cpus = view.u32(kernel.symbol("nr_cpu_ids"))
    table = view.memory.read(kernel.symbol("__per_cpu_offset"), 8 * min(cpus, 4096))
    sums = {"cnt": 0, "nsecs": 0, "misses": 0}
    shape = view.shape("bpf_prog_stats", sums)
    for offset in memoryview(table).cast("Q"):
        for name, number in view.read((pointer + offset) & ((1 << 64) - 1), shape).items():
            sums[name] += number
    if not _counts(view):
        return None, None, sums["misses"]
    return sums["cnt"], sums["nsecs"], sums["misses"]


def _counts(view: View) -> bool:
    """Whether the kernel counts runs: sysctl kernel.bpf_stats_enabled, or a BPF_ENABLE_STATS."""
    try:
        key = view.kernel.symbol("bpf_stats_enabled_key")
        at = view.kernel.field("static_key", "enabled")
        return view.u32(key + at.offset) != 0
    except UnknownName:
        return False
