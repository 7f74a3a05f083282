# SPDX-License-Identifier: Apache-2.0
"""Refuses what no kernel and no scheduler could be asked for from outside."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence, Set

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.scenario.inside import (
    Entered,
    InsideCondition,
    InsideOp,
    KernelValue,
    MapValue,
    SetKernel,
    SetMap,
    Snapshot,
    most_of,
)
from ktstr.model.verdict.claims import Relation
from ktstr.model.verdict.relations import check_relation, words
from ktstr.model.wire.places import Key, parse_place, parse_variable

# a snapshot's name is one of a file
_SNAPSHOT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_MAP = re.compile(r"\.?[A-Za-z0-9_][A-Za-z0-9_.]*", re.ASCII)
_FUNCTION = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*", re.ASCII)
_TYPE = re.compile(r"|[A-Za-z_]\w*", re.ASCII)
_VALUES = range(-(1 << 63), 1 << 64)
_KEYS = range(1 << 64)
# guest seconds: a tick at CONFIG_HZ=1000; with others the kernel has its say once it is known
LEAST_EVERY_S = 0.001
_LONGEST_EVERY_S = 86_400.0
# of one run, beside those of ops: a result is for people to read
MOST_SNAPSHOTS = 64
# relations by which a change of a number can be told
COMPARED = ("at_least", "at_most", "above", "below", "between", "near", "equals", "differs_from")


def check_inside(what: InsideOp | InsideCondition, cpus: Set[int], attached: bool) -> None:
    """Checks the parts of an op or a condition, on a machine with `cpus`.

    attached: whether a scheduler is there whose maps are meant.

    Raises:
        UsageError: naming the part that is wrong.
    """
    match what:
        case Snapshot(name=name):
            check_snapshot_name(name)
            if what != Snapshot(name):
                raise UsageError(
                    f"snapshot {name!r} says when it is to be taken, and an op is of one instant: "
                    f"give it to the test, @scenario(snapshots=({what!r},))"
                )
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
    _check_cpu(cpu, cpus)


def check_snapshots(snapshots: Sequence[Snapshot], cpus: Set[int]) -> None:
    """Checks the snapshots of a test's declaration, on a machine with `cpus`.

    Raises:
        UsageError: naming the snapshot, and what of it is wrong.
    """
    names = [each.name for each in snapshots]
    for each in snapshots:
        try:
            check_snapshot_name(each.name)
            if names.count(each.name) > 1:
                raise UsageError("there is more than one of that name")
            _check_occasion(each, cpus)
        except UsageError as error:
            raise UsageError(f"snapshot {each.name!r}: {error}") from error
    total = sum(most_of(each) for each in snapshots)
    if total > MOST_SNAPSHOTS:
        raise UsageError(
            f"the test's snapshots are {total} at most; a result has room for {MOST_SNAPSHOTS}: "
            f"give some of them a smaller `most`"
        )


def _check_occasion(snapshot: Snapshot, cpus: Set[int]) -> None:
    every, when = snapshot.every, snapshot.when
    if (every is None) == (when is None):
        raise UsageError(
            "it needs an occasion, every=SECONDS or when=Entered(...) or Changed(...), and just one"
        )
    if every is not None and not LEAST_EVERY_S <= every < math.inf:
        raise UsageError(
            f"every={every!r} is no time of {LEAST_EVERY_S} s, the shortest tick, or more"
        )
    if every is not None and every > _LONGEST_EVERY_S:
        raise UsageError(f"every={every!r} is more than a day, and longer than any test")
    if most_of(snapshot) < 1:
        raise UsageError(f"most={snapshot.most} is less than 1")
    if isinstance(when, Entered):
        if not _FUNCTION.fullmatch(when.function):
            raise UsageError(f"{when.function!r} is no name of a function")
        if when.times < 1:
            raise UsageError(f"times={when.times} is less than 1")
    elif when is not None:
        check_variable(when.name, when.type)
        _check_cpu(when.cpu, cpus)
        if when.relation is not None:
            check_bound(when.relation)
            check_comparable(when.relation)


def check_comparable(relation: Relation) -> None:
    """Refuses what QEMU's plugin cannot tell of a number.

    Raises:
        UsageError: naming it.
    """
    for each in relation.parts:
        check_comparable(each)
    if relation.op not in (*COMPARED, "any_of", "all_of"):
        raise UsageError(f"it.{relation.op} tells no change; there are {', '.join(COMPARED)}")
    if not all(type(bound) is int and bound in _VALUES for bound in relation.bounds):
        raise UsageError(f"{words(relation)}: bounds are whole numbers of 64 bits")


def _check_cpu(cpu: int | None, cpus: Set[int]) -> None:
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


def check_entry(name: str, key: Key, field: str) -> None:
    """Refuses what is no name of a map, no key, or no field.

    Raises:
        UsageError: naming it.
    """
    if not _MAP.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a BPF map")
    if isinstance(key, tuple):
        if not key or any(type(part) is not int or part not in _VALUES for part in key):
            raise UsageError(
                f"map {name!r}: key {key!r}: of a structure give the numbers of its members, each "
                f"of 64 bits"
            )
    elif type(key) is not int or key not in _KEYS:
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
