# SPDX-License-Identifier: Apache-2.0
"""What every work type is: its parameters, and what the harness and its checks must know of it."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar, dataclass_transform

from ktstr.model.parameters import Parameters, parameters
from ktstr.model.work.bounds import BlockKb, check_bounds

if TYPE_CHECKING:
    from ktstr.model.work.mem_policy import MemPolicy
    from ktstr.model.work.policy import Policy, Role

# all types that there are, by the names of their classes, in the order of their definition
KINDS: dict[str, type[WorkType]] = {}


class Hungry(StrEnum):
    """Who of a group always wants the CPU, so that its share of it can be called (un)fair.

    Not who changes its own weight, policy, cgroup or affinity as it goes.
    """

    NOBODY = "nobody"
    ALL = "all"
    FIRST = "first"
    OTHERS = "others"


class WorkType(Parameters):
    """Base of all work types, whose fields are the parameters of the C file of the same name.

    A class made by `work_type` is one of the `KINDS`.
    """

    # without annotations, which would be looked at anew for each class
    __kinds__ = KINDS

    # workers that only run together: so many, and those that the parameters of these names count
    members = 1
    counted = tuple[str, ...]()
    hungry = Hungry.NOBODY
    # what joins the workers of a group beside shared memory: two pipes of a pair, an eventfd
    by_pipes = False
    by_eventfd = False
    # where they are put unless told: two by two on the threads of a core
    on_siblings = False
    # NUMA nodes that a machine must have
    least_nodes = 1
    # why its workers cannot be threads; empty: they can
    no_threads = ""
    # cgroups that it makes may be left behind
    makes_cgroups = False
    # memory that the workers of a group share for their work, beside their slots
    shared_bytes = 0

    @property
    def group_size(self) -> int:
        """Workers that only run together; 1 where each works on its own."""
        return sum((int(getattr(self, name)) for name in self.counted), self.members)

    def is_hungry(self, index: int) -> bool:
        """Whether worker `index` always wants the CPU."""
        if self.hungry in (Hungry.ALL, Hungry.NOBODY):
            return self.hungry is Hungry.ALL
        return (index % self.group_size == 0) is (self.hungry is Hungry.FIRST)

    def role(self, own: Role, index: int) -> Role:
        """The role of worker `index` where the work itself asks for `own`."""
        return own

    def own_words(self, index: int) -> dict[str, str]:
        """What worker `index` is told beside what all are, by the words of its command line."""
        return {}

    def cpus_of(self, index: int) -> frozenset[int]:
        """The CPUs that worker `index` is bound to; empty: as the work says."""
        return frozenset()

    def binds(self, index: int) -> tuple[tuple[str, frozenset[int]], ...]:
        """All CPUs that worker `index` binds itself to in turn, each with what says so."""
        return ()

    def check(self) -> None:
        """Refuses parameters out of bounds.

        Raises:
            UsageError: naming the parameter, its value, and what is allowed.
        """
        check_bounds(self)

    def check_with(self, policy: Policy, mem_policy: MemPolicy) -> None:
        """Refuses what else is asked of its workers.

        Raises:
            UsageError: naming what does not go together.
        """

    def as_params(self) -> dict[str, int | str]:
        """What a worker is told, by the names that its C file knows."""
        return {name: int(getattr(self, name)) for name in self.__dataclass_fields__}


T = TypeVar("T", bound=WorkType)


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def work_type(cls: type[T]) -> type[T]:
    """Makes a subclass of `WorkType` a work type that tests can ask for."""
    KINDS[cls.__name__] = cls
    return parameters(cls)


class DiskWork(WorkType):
    """Base of those that do I/O on a disk of the test; `writes`: to a file on it."""

    disk: str
    block_kb: BlockKb
    writes = True

    def as_params(self) -> dict[str, int | str]:
        """Without the disk, for which the agent gives a device and a file."""
        return {
            name: int(getattr(self, name)) for name in self.__dataclass_fields__ if name != "disk"
        }
