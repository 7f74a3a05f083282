# SPDX-License-Identifier: Apache-2.0
"""What a guest's memory is to those who read it, wherever it is."""

from __future__ import annotations

from typing import Protocol

from ktstr.model.errors import InfraError


class MemoryFault(InfraError):
    """Bytes of a guest that cannot be read or written.

    Attributes:
      address: the first of the bytes that were asked for.
      size: how many.
      reason: why they cannot be had.
    """

    def __init__(self, what: str, address: int, size: int, reason: str) -> None:
        """`what` was to be done: a verb with its kind of address, such as "read physical"."""
        super().__init__(
            f"cannot {what} memory of the guest, {size} bytes at {address:#x}: {reason}"
        )
        self.address = address
        self.size = size
        self.reason = reason


class Memory(Protocol):
    """Memory by the kernel's virtual addresses."""

    def read(self, address: int, size: int) -> bytes:
        """Exactly `size` bytes.

        Raises:
          MemoryFault: not all of them can be read.
        """

    def write(self, address: int, data: bytes) -> None:
        """Writes all of `data`.

        Raises:
          MemoryFault: not all of it can be written; some of it may have been.
        """


class PhysicalMemory(Protocol):
    """Memory by the guest's physical addresses."""

    def read(self, physical: int, size: int) -> bytes:
        """Exactly `size` bytes.

        Raises:
          MemoryFault: not all of them can be read.
        """

    def write(self, physical: int, data: bytes) -> None:
        """Writes all of `data`.

        Raises:
          MemoryFault: not all of it can be written; some of it may have been.
        """
