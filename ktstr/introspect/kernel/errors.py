# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with a kernel's file, and with questions about it."""

from __future__ import annotations

from ktstr.model.errors import InfraError, UsageError


class UnknownName(UsageError):
    """This kernel has no such symbol, type, field or enumerator: `name` is what it lacks."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class BtfError(InfraError):
    """Type information (BTF) that is cut short, or contradicts itself."""


class KernelFileError(InfraError):
    """A kernel's file, or the index of one, that cannot be read as what it should be."""
