# SPDX-License-Identifier: Apache-2.0
"""Machines as they are named on a command line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ktstr.model.errors import UsageError
from tools.scale.farm import Machines

_SPEC = re.compile(r"([1-9]\d*)x([1-9]\d*)(?:x([1-9]\d*))?:([1-9]\d*)")
_CORES = 16
_MEMORY_MIB = 4096


def machines_of(cores: int, specs: Sequence[str]) -> tuple[Machines, ...]:
    """Of `cores` in all, 16 on each machine, 4 GiB for each action; or of COUNTxCORES[xJOBS]:MIB.

    Raises:
      UsageError: neither or both are given, or a word cannot be read.
    """
    if bool(cores) == bool(specs):
        raise UsageError("scale: give --cores, or --machines, which says more")
    if cores:
        whole, rest = divmod(cores, _CORES)
        both = (Machines(whole, _CORES, _CORES, _MEMORY_MIB), Machines(1, rest, rest, _MEMORY_MIB))
        return tuple(each for each in both if each.count and each.cores)
    return tuple(_machines(each) for each in specs)


def _machines(spec: str) -> Machines:
    found = _SPEC.fullmatch(spec)
    if found is None:
        raise UsageError(
            f"scale: --machines={spec} is not COUNTxCORES:MIB, such as 4x16:4096, or "
            f"COUNTxCORESxJOBS:MIB"
        )
    count, cores, jobs, memory = (int(each) if each else 0 for each in found.groups())
    return Machines(count, cores, jobs or cores, memory)
