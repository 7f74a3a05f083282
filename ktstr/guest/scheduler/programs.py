# SPDX-License-Identifier: Apache-2.0
"""The BPF programs that are loaded, as bpf(2) tells of them (include/uapi/linux/bpf.h)."""

from __future__ import annotations

import ctypes
import errno
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ktstr.model.errors import InfraError
from ktstr.model.wire.programs import Program

# arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h, and enum bpf_cmd
_SYS_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
_PROG_GET_NEXT_ID, _PROG_GET_FD_BY_ID, _OBJ_GET_INFO_BY_FD = 11, 13, 15
# enum bpf_prog_type; those that a scheduler can have
_STRUCT_OPS = 27
_TYPES = {5: "tracepoint", 17: "raw_tracepoint", 26: "tracing", 27: "struct_ops", 31: "syscall"}
# bytes of an instruction: struct bpf_insn
_INSN = 8
_MAPS = 64
# print_verification_stats() of kernel/bpf/verifier.c, Linux 6.12 to 7.3, where each function has a
# line of its own for its stack
_STATES = re.compile(
    r"processed \d+ insns \(limit \d+\) max_states_per_insn (\d+) total_states (\d+) "
    r"peak_states (\d+)"
)
_STACK = re.compile(r"stack depth (\d+(?:\+\d+)*)")
_STACK_OF_ONE = re.compile(r"^subprog \d+ \(.*\) .* stack (\d+)$", re.MULTILINE)
# what the kernel keeps of a program's name: BPF_OBJ_NAME_LEN less the NUL
_NAME = 15
_STATS = Path("/proc/sys/kernel/bpf_stats_enabled")
_LIBC = ctypes.CDLL(None, use_errno=True)


class _Info(ctypes.Structure):
    """struct bpf_prog_info up to verified_insns, since Linux 5.16."""

    _fields_ = (
        ("type", ctypes.c_uint32),
        ("id", ctypes.c_uint32),
        ("tag", ctypes.c_uint8 * 8),
        ("jited_prog_len", ctypes.c_uint32),
        ("xlated_prog_len", ctypes.c_uint32),
        ("code", ctypes.c_uint64 * 2),
        ("load_time", ctypes.c_uint64),
        ("created_by_uid", ctypes.c_uint32),
        ("nr_map_ids", ctypes.c_uint32),
        ("map_ids", ctypes.c_uint64),
        ("name", ctypes.c_char * 16),
        ("symbols_and_lines", ctypes.c_uint8 * 112),
        ("run_time_ns", ctypes.c_uint64),
        ("run_cnt", ctypes.c_uint64),
        ("recursion_misses", ctypes.c_uint64),
        ("verified_insns", ctypes.c_uint32),
    )


class _IdAttribute(ctypes.Structure):
    """union bpf_attr of the commands that go by numbers."""

    _fields_ = (
        ("id", ctypes.c_uint32),
        ("next_id", ctypes.c_uint32),
        ("open_flags", ctypes.c_uint32),
    )


class _InfoAttribute(ctypes.Structure):
    """union bpf_attr of BPF_OBJ_GET_INFO_BY_FD."""

    _fields_ = (
        ("bpf_fd", ctypes.c_uint32),
        ("info_len", ctypes.c_uint32),
        ("info", ctypes.c_uint64),
    )


@dataclass(frozen=True)
class _Loaded:
    program: Program
    is_struct_ops: bool
    maps: frozenset[int]


def programs_of_schedulers(verified: Sequence[tuple[str, str]] = ()) -> tuple[Program, ...]:
    """The struct_ops programs, and those that share a map with one of them, oldest first.

    Args:
        verified: names of programs and lines that the verifier said of them when they were loaded.

    Raises:
        InfraError: the kernel does not tell.
    """
    try:
        loaded = list(_loaded())
    except OSError as error:
        raise InfraError(f"the kernel does not tell of its BPF programs: {error}") from error
    shared = {number for each in loaded if each.is_struct_ops for number in each.maps}
    found = (each.program for each in loaded if each.is_struct_ops or each.maps & shared)
    return tuple(_with_figures(found, verified))


def _with_figures(
    programs: Iterator[Program], verified: Sequence[tuple[str, str]]
) -> Iterator[Program]:
    """The programs with what the verifier said of each.

    Those of one name less its end were loaded in the order of their numbers.
    """
    said: dict[str, dict[str, str]] = {}
    for name, line in verified:
        kept = said.setdefault(name[:_NAME], {})
        kept[name] = f"{kept.get(name, '')}{line}\n"
    for program in programs:
        alike = said.get(program.name, {})
        name = next(iter(alike), "")
        yield _measured(program, alike.pop(name, ""))


def _measured(program: Program, words: str) -> Program:
    states, stack = _STATES.search(words), _STACK.search(words)
    parts = stack[1].split("+") if stack is not None else _STACK_OF_ONE.findall(words)
    if states is not None:
        most, total, peak = map(int, states.groups())
        program = replace(program, max_states_per_insn=most, total_states=total, peak_states=peak)
    if parts:
        program = replace(program, stack_bytes=sum(map(int, parts)))
    return program


def _loaded() -> Iterator[_Loaded]:
    counted = _STATS.read_text().strip() == "1"
    attribute = _IdAttribute()
    while _bpf(_PROG_GET_NEXT_ID, attribute) is not None:
        number = attribute.next_id
        descriptor = _bpf(_PROG_GET_FD_BY_ID, _IdAttribute(id=number))
        if descriptor is not None:  # else it has gone meanwhile
            try:
                yield _described(descriptor, counted)
            finally:
                os.close(descriptor)
        attribute = _IdAttribute(id=number)


def _described(descriptor: int, counted: bool) -> _Loaded:
    maps = (ctypes.c_uint32 * _MAPS)()
    info = _Info(nr_map_ids=_MAPS, map_ids=ctypes.addressof(maps))
    asked = _InfoAttribute(descriptor, ctypes.sizeof(info), ctypes.addressof(info))
    if _bpf(_OBJ_GET_INFO_BY_FD, asked) is None:
        raise OSError("a program that is held open is not there")
    program = Program(
        name=info.name.decode(errors="replace"),
        type=_TYPES.get(info.type, str(info.type)),
        verified_insns=info.verified_insns,
        instructions=info.xlated_prog_len // _INSN,
        jited_bytes=info.jited_prog_len,
        recursion_misses=info.recursion_misses,
        run_count=info.run_cnt if counted else None,
        run_time_ns=info.run_time_ns if counted else None,
    )
    used = frozenset(maps[: min(info.nr_map_ids, _MAPS)])
    return _Loaded(program, info.type == _STRUCT_OPS, used)


def _bpf(command: int, attribute: ctypes.Structure) -> int | None:
    """What bpf(2) returns; None where there is no such object, or no further one."""
    size = ctypes.sizeof(attribute)
    result = int(_LIBC.syscall(_SYS_BPF, command, ctypes.byref(attribute), size))
    if result >= 0:
        return result
    number = ctypes.get_errno()
    if number == errno.ENOENT:
        return None
    raise OSError(number, os.strerror(number), f"bpf command {command}")
