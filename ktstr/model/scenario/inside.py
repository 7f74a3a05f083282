# SPDX-License-Identifier: Apache-2.0
"""Ops and conditions about the state of kernel and scheduler, which the host reaches from outside.

They need a guest into which the host can look at an exact instant: in virtual time always, else a
scenario that has one of them is not carried out, and says why.
"""

from __future__ import annotations

from ktstr.model.parameters import Parameters, parameters
from ktstr.model.verdict.claims import Relation
from ktstr.model.wire.places import Key

# of one with `every`, unless it says more
MOST_OF_PERIOD = 8


@parameters
class Entered(Parameters):
    """A function of the kernel is entered: `Entered("scx_ops_bypass")`.

    times: for the how manieth time, from before the scheduler is started on.
    """

    function: str
    times: int = 1


@parameters
class Changed(Parameters):
    """A number of the kernel's has changed: `Changed("scx_watchdog_timeout")`.

    `name`, `cpu` and `type` as in SetKernel.  relation: made by `ktstr.it`; only changes count that
    make the number so: `Changed("runqueues.nr_running", it.above(3), cpu=1)`.
    """

    name: str
    relation: Relation | None = None
    cpu: int | None = None
    type: str = ""


@parameters
class Snapshot(Parameters):
    """Keeps the state of the guest under a name: tasks, runqueues, DSQs, maps.

    As an op: of this instant.  Among a test's `snapshots`: `every` so many seconds of guest time
    while the test's body runs, or `when` something happens, from before the scheduler is started
    until it is gone; `most` of them, left out: 8 of the former, 1 of the latter.
    """

    name: str
    every: float | None = None
    when: Entered | Changed | None = None
    most: int | None = None


def most_of(snapshot: Snapshot) -> int:
    """How many there are of a test's snapshot, at most."""
    if snapshot.most is None:
        return MOST_OF_PERIOD if snapshot.every is not None else 1
    return snapshot.most


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
    (`queue.depth[2]`), also along pointers (`head.next.value`, in an arena as well), and is empty
    where the entry is the number.  `key` is a number or, of a key that is a structure, a tuple of
    those of its members.  cpu: whose, of a map that has an entry for each CPU.
    """

    map: str
    key: Key
    field: str
    value: int
    cpu: int | None = None


@parameters
class MapValue(Parameters):
    """What is in a map is as `relation` (made by `ktstr.it`) says; `key`, `field` as in SetMap."""

    map: str
    key: Key
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
