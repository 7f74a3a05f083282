# SPDX-License-Identifier: Apache-2.0
"""From the spawns of a log to a workload: what ran, what it waited for, what it read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from tools.scale.spawns import File, Spawn
from tools.scale.workload import Bundle, Kind, Task, Workload, ratios_of

_KINDS = {"TestRunner": Kind.TEST, "VmTemplate": Kind.TEMPLATE}


def workload_of(
    logs: Sequence[Sequence[Spawn]], cpu: Mapping[str, float], *, busy: bool = False
) -> Workload:
    """The first log's tasks; more logs of the same tasks say how much runs differ.

    Args:
      logs: spawns by their start; those from a cache are no tasks, for nothing ran.
      cpu: CPU seconds of a mnemonic over its seconds; 1 for one that is not there.
      busy: the machine had other work, too: a task takes its CPU seconds and no more.
    """
    ran = [each for each in logs[0] if not each.cached]
    makers = _makers(ran)
    needs = [_needs(number, each, makers) for number, each in enumerate(ran)]
    bundles, read = _bundles(ran, makers)
    tasks = []
    for number, each in enumerate(ran):
        share = min(1.0, cpu.get(each.mnemonic, 1.0))
        tasks.append(
            Task(
                name=_name(each),
                kind=_KINDS.get(each.mnemonic, Kind.BUILD),
                seconds=each.seconds * share if busy else each.seconds,
                cpu=1.0 if busy else share,
                needs=needs[number],
                bundles=read[number],
                output_bytes=sum(file.size for file in each.outputs),
                memory_mib=each.memory_mib,
                guests=each.guests,
            )
        )
    return Workload(tuple(tasks), bundles, ratios_of([_runs(each) for each in logs]))


def shares(spawns: Sequence[Spawn], cpu_s: Mapping[str, float]) -> dict[str, float]:
    """CPU seconds over seconds, by mnemonic, of what a log has and its build events tell."""
    seconds: dict[str, float] = {}
    for each in spawns:
        seconds[each.mnemonic] = seconds.get(each.mnemonic, 0.0) + each.seconds
    return {
        mnemonic: used / seconds[mnemonic]
        for mnemonic, used in cpu_s.items()
        if seconds.get(mnemonic)
    }


def _name(spawn: Spawn) -> str:
    run = f" run {spawn.run}" if spawn.run else ""
    return _name_of_runs(spawn) + run


def _name_of_runs(spawn: Spawn) -> str:
    return spawn.label + _shape(spawn) + (f" shard {spawn.shard}" if spawn.shard else "")


def _shape(spawn: Spawn) -> str:
    """Which saved guest it is: all are made by one target, each in a directory of its own."""
    if _KINDS.get(spawn.mnemonic) is not Kind.TEMPLATE or not spawn.outputs:
        return ""
    return f" {PurePosixPath(spawn.outputs[0].name).parent.name}"


def _runs(log: Sequence[Spawn]) -> dict[str, list[float]]:
    """Seconds of whatever ran, one after another where it ran more than once."""
    found: dict[str, list[float]] = {}
    for each in log:
        if not each.cached:
            found.setdefault(f"{each.mnemonic} {_name_of_runs(each)}", []).append(each.seconds)
    return found


def _key(file: File) -> tuple[str, str]:
    """Runfiles lie elsewhere than what they are, so a path's end and the content tell a file."""
    return file.name, file.digest


def _makers(ran: Sequence[Spawn]) -> dict[tuple[str, str], int]:
    """Which spawn made a file; the first, where two made the same."""
    found: dict[tuple[str, str], int] = {}
    for number, each in enumerate(ran):
        for file in each.outputs:
            found.setdefault(_key(file), number)
    return found


def _needs(number: int, spawn: Spawn, makers: Mapping[tuple[str, str], int]) -> tuple[int, ...]:
    found = {makers[key] for file in spawn.inputs if (key := _key(file)) in makers}
    return tuple(sorted(each for each in found if each < number))


def _bundles(
    ran: Sequence[Spawn], makers: Mapping[tuple[str, str], int]
) -> tuple[tuple[Bundle, ...], list[tuple[int, ...]]]:
    """All bundles, and the numbers of those that each spawn reads."""
    readers: dict[str, dict[int, None]] = {}
    files: dict[str, File] = {}
    for number, each in enumerate(ran):
        for file in each.inputs:
            files[file.digest] = file
            readers.setdefault(file.digest, {})[number] = None
    sizes: dict[tuple[tuple[int, ...], int], int] = {}
    for digest, file in files.items():
        key = tuple(readers[digest]), makers.get(_key(file), -1)
        sizes[key] = sizes.get(key, 0) + file.size
    read: list[list[int]] = [[] for _ in ran]
    for bundle, (numbers, _) in enumerate(sizes):
        for number in numbers:
            read[number].append(bundle)
    bundles = tuple(Bundle(size, maker) for (_, maker), size in sizes.items())
    return bundles, [tuple(each) for each in read]
