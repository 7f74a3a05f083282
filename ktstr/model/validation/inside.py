# SPDX-License-Identifier: Apache-2.0
"""Refuses what no kernel and no scheduler could be asked for from outside."""

from __future__ import annotations

import re
from collections.abc import Set

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.scenario.inside import (
    InsideCondition,
    InsideOp,
    KernelValue,
    MapValue,
    SetKernel,
    SetMap,
    Snapshot,
)
from ktstr.model.verdict.claims import Relation
from ktstr.model.verdict.relations import check_relation
from ktstr.model.wire.places import parse_place, parse_variable

# a snapshot's name is one of a file
_SNAPSHOT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_MAP = re.compile(r"\.?[A-Za-z0-9_][A-Za-z0-9_.]*", re.ASCII)
_TYPE = re.compile(r"|[A-Za-z_]\w*", re.ASCII)
_VALUES = range(-(1 << 63), 1 << 64)
_KEYS = range(1 << 64)


def check_inside(what: InsideOp | InsideCondition, cpus: Set[int], attached: bool) -> None:
    """Checks the parts of an op or a condition, on a machine with `cpus`.

    attached: whether a scheduler is there whose maps are meant.

    Raises:
        UsageError: naming the part that is wrong.
    """
    match what:
        case Snapshot(name):
            check_snapshot_name(name)
            return
        case SetKernel(name) | KernelValue(name):
            check_variable(name, what.type)
        case SetMap(name, key, field) | MapValue(name, key, field):
            check_entry(name, key, field)
            if not attached:
                raise UsageError(
                    f"{name!r} is a map of the scheduler, and at this point none is attached"
                )
    if isinstance(what, SetKernel | SetMap):
        check_value(what.value)
    else:
        check_bound(what.relation)
    cpu = None if isinstance(what, MapValue) else what.cpu
    if cpu is not None and cpu not in cpus:
        raise UsageError(f"the machine has no CPU {cpu}; it has {format_cpulist(cpus)}")


def check_snapshot_name(name: str) -> None:
    """Refuses what could not be the name of a file of the outputs.

    Raises:
        UsageError: naming it.
    """
    if not _SNAPSHOT.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name of a snapshot: give it letters, digits, '_', '-' and '.', 64 at "
            f"most"
        )


def check_variable(name: str, type_name: str) -> None:
    """Refuses what is no name of a variable of C, or of a part of it.

    Raises:
        UsageError: naming it.
    """
    parse_variable(name)
    if not _TYPE.fullmatch(type_name):
        raise UsageError(f"type {type_name!r}: give the structure's name alone, e.g. 'task_struct'")


def check_entry(name: str, key: int, field: str) -> None:
    """Refuses what is no name of a map, no key, or no field.

    Raises:
        UsageError: naming it.
    """
    if not _MAP.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a BPF map")
    if type(key) is not int or key not in _KEYS:
        raise UsageError(f"map {name!r}: key {key!r} is no number from 0 to 2**64 - 1")
    parse_place(field)


def check_value(value: int) -> None:
    """Refuses what fits into no number of C.

    Raises:
        UsageError: naming it.
    """
    if type(value) is not int or value not in _VALUES:
        raise UsageError(f"value {value!r} is no whole number of 64 bits")


def check_bound(relation: Relation) -> None:
    """Refuses what `ktstr.it` has not made.

    Raises:
        UsageError: naming it.
    """
    if not isinstance(relation, Relation):
        raise UsageError(f"{relation!r} is no relation; make one with `it`, e.g. it.at_least(3)")
    check_relation(relation)
