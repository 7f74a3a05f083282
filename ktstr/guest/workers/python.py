# SPDX-License-Identifier: Apache-2.0
"""A worker's process whose work is a Python function; the twin of ktstr/worker/main.c."""

from __future__ import annotations

import os
import select
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from ktstr.guest.source import function_of
from ktstr.guest.system.comm import set_comm
from ktstr.guest.workers.context import WorkContext
from ktstr.guest.workers.shared import SharedMemory
from ktstr.model.machine.cpulist import format_cpulist, parse_cpulist

_REPORTED, _NOT_TOLD, _BROKEN = 0, 3, 2
_POLICIES = {
    "normal": os.SCHED_OTHER,
    "batch": os.SCHED_BATCH,
    "idle": os.SCHED_IDLE,
    "fifo": os.SCHED_FIFO,
    "rr": os.SCHED_RR,
}
_WITH_NICE = ("normal", "batch")
_KEEPS_NAME = 15


def run_python_worker(source: str, words: list[str], given: set[int], ready: int) -> NoReturn:
    """Lives a worker's life in this process, just forked, and ends the process.

    `words` are a worker's command line; `given` are the descriptors that it keeps, of which `ready`
    is closed once the source is loaded.
    """
    status = _BROKEN
    try:
        _forget_descriptors(given)
        options = dict(word.split("=", 1) for word in words)
        status = _live(source, options, ready)
    except BaseException:  # noqa: BLE001 - there is nobody above to hand it to
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _live(source: str, options: dict[str, str], ready: int) -> int:
    start, index, name = int(options["start_fd"]), int(options["slot"]), options["param.function"]
    set_comm(options["name"][:_KEEPS_NAME])
    errors: list[str] = []
    function = _load(source, name, errors)
    os.close(ready)
    select.select([start], [], [])
    if not os.read(start, 1):
        return _NOT_TOLD
    memory = SharedMemory(0, int(options["shared_fd"]))
    effective = _place(options, errors)
    context = WorkContext(memory, index, int(options["report_fd"]), memory.start_ns(index))
    try:
        if function is not None:
            function(context)
    except Exception as error:  # noqa: BLE001 - whatever it raised is told, and fails the test
        errors.append(_raised(name, error))
    context.finish(effective, errors)
    return _REPORTED


def _load(source: str, name: str, errors: list[str]) -> Callable[..., Any] | None:
    try:
        return function_of(source, name)
    except Exception as error:  # noqa: BLE001 - the author's file may raise anything
        errors.append(_raised(name, error))
        return None


def _raised(name: str, error: Exception) -> str:
    traceback.print_exception(error)
    return f"{name} raised {traceback.format_exception_only(error)[-1].strip()}"


def _forget_descriptors(given: set[int]) -> None:
    """Closes what belongs to the process this one was forked from."""
    for name in os.listdir("/proc/self/fd"):
        descriptor = int(name)
        if descriptor > 2 and descriptor not in given:
            try:
                os.close(descriptor)
            except OSError:
                pass  # the one that listed them


def _place(options: dict[str, str], errors: list[str]) -> str:
    """Makes this task what it was asked to be; says what it is."""
    if "affinity" in options:
        try:
            os.sched_setaffinity(0, parse_cpulist(options["affinity"]))
        except OSError as error:
            errors.append(f"affinity {options['affinity']} refused: {error.strerror}")
    policy, priority, nice = options["policy"], int(options["rt_priority"]), int(options["nice"])
    try:
        os.sched_setscheduler(0, _POLICIES[policy], os.sched_param(priority))
        if policy in _WITH_NICE:
            os.setpriority(os.PRIO_PROCESS, 0, nice)
    except OSError as error:
        asked = f"policy {policy} rt_priority {priority} nice {nice}"
        errors.append(f"{asked} refused: {error.strerror}")
    _become(options, errors)
    names = {number: name for name, number in _POLICIES.items()}
    return (
        f"policy={names.get(os.sched_getscheduler(0), 'unknown')} "
        f"rt_priority={os.sched_getparam(0).sched_priority} "
        f"nice={os.getpriority(os.PRIO_PROCESS, 0)} "
        f"affinity={format_cpulist(os.sched_getaffinity(0))}"
    )


def _become(options: dict[str, str], errors: list[str]) -> None:
    try:
        if "gid" in options:
            gid = int(options["gid"])
            os.setgroups([])
            os.setresgid(gid, gid, gid)
        if "uid" in options:
            uid = int(options["uid"])
            os.setresuid(uid, uid, uid)
    except OSError as error:
        errors.append(f"uid and gid refused: {error.strerror}")
