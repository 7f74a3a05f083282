# SPDX-License-Identifier: Apache-2.0
"""BPF programs as bpf(2) tells of them: the layout, and which are a scheduler's."""

from __future__ import annotations

import ctypes
import dataclasses
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.guest.scheduler import programs
from ktstr.guest.scheduler.programs import programs_of_schedulers
from ktstr.model.errors import InfraError

_GET_NEXT, _GET_FD, _GET_INFO = 11, 13, 15


@dataclasses.dataclass
class _Kernel:
    """bpf(2) over programs that are numbers, types, names and maps."""

    loaded: dict[int, tuple[int, bytes, tuple[int, ...]]]
    gone: frozenset[int] = frozenset()
    _open: dict[int, int] = dataclasses.field(default_factory=dict)

    def syscall(self, number: int, command: int, attribute: Any, size: int) -> int:
        assert number == 321
        asked = attribute._obj
        if command == _GET_NEXT:
            later = [each for each in self.loaded if each > asked.id]
            if not later:
                ctypes.set_errno(errno.ENOENT)
                return -1
            asked.next_id = min(later)
            return 0
        if command == _GET_FD:
            if asked.id in self.gone:
                ctypes.set_errno(errno.ENOENT)
                return -1
            descriptor = os.open(os.devnull, os.O_RDONLY)
            self._open[descriptor] = asked.id
            return descriptor
        assert command == _GET_INFO
        kind, name, maps = self.loaded[self._open[asked.bpf_fd]]
        info = programs._Info.from_address(asked.info)
        assert info.nr_map_ids >= len(maps)
        (ctypes.c_uint32 * len(maps)).from_address(info.map_ids)[:] = list(maps)
        info.nr_map_ids, info.type, info.name = len(maps), kind, name
        info.verified_insns, info.xlated_prog_len, info.jited_prog_len = 700, 80, 300
        info.run_cnt, info.run_time_ns, info.recursion_misses = 5, 6, 1
        return 0


class ProgramsTest(parameterized.TestCase):
    def _told(
        self, kernel: _Kernel, stats: str = "0\n", verified: list[tuple[str, str]] | None = None
    ) -> Iterator[Any]:
        file = self.create_tempfile(content=stats)
        with (
            mock.patch.object(programs, "_LIBC", kernel),
            mock.patch.object(programs, "_STATS", Path(file.full_path)),
        ):
            yield from programs_of_schedulers(verified or ())

    @parameterized.parameters(
        # include/uapi/linux/bpf.h: struct bpf_prog_info
        ("nr_map_ids", 52),
        ("map_ids", 56),
        ("name", 64),
        ("run_time_ns", 192),
        ("run_cnt", 200),
        ("recursion_misses", 208),
        ("verified_insns", 216),
    )
    def test_the_layout(self, field: str, offset: int) -> None:
        self.assertEqual(getattr(programs._Info, field).offset, offset)

    def test_those_of_a_scheduler(self) -> None:
        kernel = _Kernel(
            {
                3: (26, b"watches", (1, 2)),
                5: (27, b"mine_enqueue", (7, 8)),
                6: (31, b"mine_setup", (8,)),
                7: (27, b"mine_exit", ()),
                9: (26, b"of_others", (9,)),
            }
        )
        told = list(self._told(kernel))
        self.assertEqual(
            [(each.name, each.type) for each in told],
            [
                ("mine_enqueue", "struct_ops"),
                ("mine_setup", "syscall"),
                ("mine_exit", "struct_ops"),
            ],
        )
        first = told[0]
        self.assertEqual(
            (first.verified_insns, first.instructions, first.jited_bytes), (700, 10, 300)
        )
        self.assertEqual((first.recursion_misses, first.run_count), (1, None))

    def test_counts_of_runs_where_the_kernel_counts(self) -> None:
        (told,) = self._told(_Kernel({1: (27, b"a", ())}), stats="1\n")
        self.assertEqual((told.run_count, told.run_time_ns), (5, 6))

    def test_what_the_verifier_said(self) -> None:
        kernel = _Kernel({1: (27, b"mine_a_long_nam", ()), 2: (27, b"mine_a_long_nam", ())})
        processed = "processed {} insns (limit 1000000) max_states_per_insn 4 total_states 3{} "
        processed += "peak_states 5 mark_read 1"
        said = [
            ("mine_a_long_name", "verification time 7 usec"),
            ("mine_a_long_name", "stack depth 16+0+8"),
            ("mine_a_long_name", processed.format(9, 0)),
            ("mine_a_long_namesake", processed.format(9, 1)),
        ]
        one, other = self._told(kernel, verified=said)
        self.assertEqual((one.total_states, one.peak_states), (30, 5))
        self.assertEqual((one.max_states_per_insn, one.stack_bytes), (4, 24))
        self.assertEqual((other.total_states, other.stack_bytes), (31, None))
        (one,) = self._told(_Kernel({1: (27, b"others", ())}), verified=said)
        self.assertIsNone(one.total_states)

    def test_stacks_of_functions_with_a_line_each(self) -> None:
        said = [
            ("mine", "stack depth max 48"),
            ("mine", "subprog 0 (mine) main insns_self 27 insns_total 40 stack 8"),
            ("mine", "subprog 1 (its helper) static insns_self 13 insns_total 13 stack 16"),
        ]
        (one,) = self._told(_Kernel({1: (27, b"mine", ())}), verified=said)
        self.assertEqual(one.stack_bytes, 24)

    def test_one_that_goes_meanwhile(self) -> None:
        kernel = _Kernel({1: (27, b"a", ()), 2: (27, b"b", ())}, gone=frozenset({1}))
        self.assertEqual([each.name for each in self._told(kernel)], ["b"])

    def test_a_kernel_that_does_not_tell(self) -> None:
        refuses = mock.Mock()

        def refuse(*_: Any) -> int:
            ctypes.set_errno(errno.EPERM)
            return -1

        refuses.syscall = refuse
        with self.assertRaisesRegex(InfraError, "does not tell of its BPF programs: .*bpf command"):
            list(self._told(refuses))


if __name__ == "__main__":
    absltest.main()
