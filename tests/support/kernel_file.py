# SPDX-License-Identifier: Apache-2.0
"""A kernel's memory before its first instruction: what its file has, and what a test puts there."""

from __future__ import annotations

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import MemoryFault


class FileMemory:
    """Memory by virtual addresses. `put` adds bytes anywhere; later ones lie upon earlier ones."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._pieces: list[tuple[int, bytearray]] = []

    def put(self, address: int, data: bytes) -> int:
        """Returns the address."""
        self._pieces.append((address, bytearray(data)))
        return address

    def read(self, address: int, size: int) -> bytes:
        for start, data in reversed(self._pieces):
            if start <= address and address + size <= start + len(data):
                return bytes(data[address - start : address - start + size])
        # what is linked to the bottom is the template of per-CPU data, which nobody runs on
        found = self._kernel.elf.read(address, size) if address >> 63 else None
        if found is None:
            raise MemoryFault("read", address, size, "neither the file nor the test has it")
        return found

    def write(self, address: int, data: bytes) -> None:
        self.put(address, data)
