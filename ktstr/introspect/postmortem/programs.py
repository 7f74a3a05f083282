# SPDX-License-Identifier: Apache-2.0
"""Names of the BPF programs in a guest, by the addresses of their code."""

from __future__ import annotations

from bisect import bisect_right

from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.snapshot.view import View

MOST_PROGRAMS = 4096
_NAME_BYTES = 512


class Programs:
    """All that the kernel lists among its symbols (`struct bpf_ksym`, kernel/bpf/core.c)."""

    def __init__(self, view: View) -> None:
        """Reads the list; where it cannot be read, no program has a name."""
        self._found: list[tuple[int, int, str]] = []
        try:
            self._read(view)
        except (MemoryFault, UnknownName):
            self._found = []
        self._found.sort()
        self._starts = [start for start, _, _ in self._found]

    def where(self, address: int) -> str | None:
        """`name+0x12`; None where no program is."""
        at = bisect_right(self._starts, address) - 1
        if at < 0 or address >= self._found[at][1]:
            return None
        start, _, name = self._found[at]
        return f"{name}+{address - start:#x}"

    def _read(self, view: View) -> None:
        kernel = view.kernel
        node = kernel.field("bpf_ksym", "lnode").offset
        name = kernel.field("bpf_ksym", "name").offset
        shape = view.shape("bpf_ksym", ("start", "end"))
        for at in view.walk(kernel.symbol("bpf_kallsyms"), MOST_PROGRAMS):
            found = view.read(at - node, shape)
            text = view.text(at - node + name, _NAME_BYTES)
            self._found.append((found["start"], found["end"], short(text)))


def short(name: str) -> str:
    """A program's name without the digest of its code: bpf_prog_DIGEST_NAME."""
    words = name.split("_", 3)
    return f"bpf:{words[3]}" if name.startswith("bpf_prog_") and len(words) == 4 else name
