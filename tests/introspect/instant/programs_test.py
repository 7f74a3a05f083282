# SPDX-License-Identifier: Apache-2.0
"""Functions of BPF programs are found by their names as the kernel loads them."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.introspect.instant.programs import Loading, Program, program_of
from ktstr.introspect.instant.stand import Stand
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.orders import Told, Word
from tests.support.kernel_file import FileMemory

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_KERNEL = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])
_PROG, _AUX, _CODE = 0xFFFF_8881_0000_0000, 0xFFFF_8881_0001_0000, 0xFFFF_FFFF_A000_0000
_ENQUEUE = next(
    number
    for number, member in enumerate(_KERNEL.compounds("sched_ext_ops")[0].members)
    if member.name == "enqueue"
)


def _memory(name: str, *, kind: str = "STRUCT_OPS", function: int = 0) -> FileMemory:
    """Of a guest that is about to make the place of one program known."""
    memory = FileMemory(_KERNEL)
    memory.put(_PROG, bytes(_KERNEL.size_of("bpf_prog")))
    memory.put(_AUX, bytes(_KERNEL.size_of("bpf_prog_aux")))
    numbers = {
        "aux": _AUX,
        "bpf_func": _CODE,
        "type": _KERNEL.enumerator("bpf_prog_type", f"BPF_PROG_TYPE_{kind}"),
        "expected_attach_type": _ENQUEUE,
    }
    for field, value in numbers.items():
        place = _KERNEL.field("bpf_prog", field)
        memory.put(_PROG + place.offset, value.to_bytes(place.size, "little"))
    place = _KERNEL.field("bpf_prog_aux", "func_idx")
    memory.put(_AUX + place.offset, function.to_bytes(place.size, "little"))
    memory.put(_AUX + _KERNEL.field("bpf_prog_aux", "name").offset, name.encode().ljust(16, b"\0"))
    return memory


def _stand(loading: Loading, memory: FileMemory) -> Stand:
    told = Told(5, Word.BREAK, loading.address, 2, {"rdi": _PROG})
    return Stand(_KERNEL, mock.Mock(), mock.Mock(), told, memory, mock.Mock())  # type: ignore[arg-type]


class ProgramsTest(parameterized.TestCase):
    @parameterized.parameters(
        ("STRUCT_OPS", 0, "enqueue"), ("STRUCT_OPS", 1, ""), ("TRACEPOINT", 0, "")
    )
    def test_what_is_loaded(self, kind: str, function: int, op: str) -> None:
        memory = _memory("mine_enqueue", kind=kind, function=function)
        found = program_of(_KERNEL, memory, _PROG)
        self.assertEqual(found, Program(_CODE, "mine_enqueue", op))

    @parameterized.parameters("bpf:mine_enqueue", "bpf:enqueue")
    def test_it_is_known_by_its_name_and_its_callbacks(self, name: str) -> None:
        loading = Loading(_KERNEL, name)
        self.assertEqual(loading.address, _KERNEL.symbol("bpf_prog_kallsyms_add"))
        self.assertEqual(loading.learn(_stand(loading, _memory("mine_enqueue"))), _CODE)
        self.assertEqual(loading.places, {_CODE})
        # another one where it lay
        other = _stand(loading, _memory("theirs", kind="TRACEPOINT"))
        self.assertEqual(loading.learn(other), 0)
        self.assertEmpty(loading.places)

    def test_what_was_loaded_is_told_where_nothing_has_the_name(self) -> None:
        loading = Loading(_KERNEL, "bpf:mine_enqueu")
        self.assertIn("; none was loaded; what clang", loading.missing())
        for name in ("mine_enqueue", "theirs"):
            loading.learn(_stand(loading, _memory(name)))
        self.assertStartsWith(
            loading.missing(),
            "no BPF program 'mine_enqueu' was loaded (did you mean 'mine_enqueue'?); the last that "
            "were loaded: mine_enqueue (enqueue), theirs (enqueue); what clang has inlined",
        )


if __name__ == "__main__":
    absltest.main()
