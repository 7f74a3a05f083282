# SPDX-License-Identifier: Apache-2.0
"""Ops and conditions about the state of kernel and scheduler, which the host reaches from outside.

They need a guest into which the host can look at an exact instant: in virtual time always, else a
scenario that has one of them is not carried out, and says why.
"""

from __future__ import annotations

from ktstr.model.parameters import Parameters, parameters
from ktstr.model.verdict.claims import Relation


@parameters
class Snapshot(Parameters):
    """Keeps the state of the guest of this instant under a name: tasks, runqueues, DSQs, maps."""

    name: str


@parameters
class SetKernel(Parameters):
    """Sets a variable of the kernel: `SetKernel("scx_watchdog_timeout", 500)`.

    `name` may lead to a part of it (`name.field[2]`).  cpu: whose, of a variable that each CPU has.
    type: the structure that it is, where the kernel's BTF does not say so.
    """

    name: str
    value: int
    cpu: int | None = None
    type: str = ""


@parameters
class SetMap(Parameters):
    """Sets a number in an entry of one of the scheduler's BPF maps.

    Globals are the entry 0 of the maps ".data" and ".bss".  `field` may lead to a part of it
    (`queue.depth[2]`), and is empty where the entry is the number.  cpu: whose, of a map that has
    an entry for each CPU.
    """

    map: str
    key: int
    field: str
    value: int
    cpu: int | None = None


@parameters
class MapValue(Parameters):
    """What is in a map is as `relation` (made by `ktstr.it`) says; `field` as in SetMap."""

    map: str
    key: int
    field: str
    relation: Relation


@parameters
class KernelValue(Parameters):
    """A variable of the kernel is as `relation` (made by `ktstr.it`) says; as in SetKernel."""

    name: str
    relation: Relation
    cpu: int | None = None
    type: str = ""


InsideOp = Snapshot | SetKernel | SetMap
InsideCondition = MapValue | KernelValue
