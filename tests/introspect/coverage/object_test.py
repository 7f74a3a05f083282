# SPDX-License-Identifier: Apache-2.0
"""What is read of a scheduler's files: lines of its object, functions of its user space."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from absl.testing import absltest

from ktstr.introspect.coverage.addresses import Addresses
from ktstr.introspect.coverage.loader import file_of, user_program
from ktstr.introspect.coverage.object import lines_of_object
from ktstr.introspect.kernel.elf import Elf
from ktstr.introspect.kernel.errors import KernelFileError
from ktstr.model.errors import UsageError

_SOURCE = "sched/fifo/fifo.bpf.c"


def _with_records_of(image: bytes, size: int) -> bytes:
    """The object, the records of whose functions have so many bytes."""
    # struct btf_ext_header: magic, version, flags, length; behind it the size of a record
    ext = image.index(struct.pack("<HBBI", 0xEB9F, 1, 0, 32))
    at = ext + 32
    return image[:at] + struct.pack("<I", size) + image[at + 4 :]


class ObjectTest(absltest.TestCase):
    def test_lines_of_an_object(self) -> None:
        image = Path(os.environ["A_SCHEDULER"]).read_bytes()
        lines = lines_of_object(image)
        texts = Path(_SOURCE).read_text(encoding="utf-8").splitlines()
        own = {line.line for line in lines if line.path == f"/src/{_SOURCE}"}
        for number, text in enumerate(texts, 1):
            if "pick_idle_cpu" in text or "fetch_and_add" in text or "create_dsq" in text:
                self.assertIn(number, own)
            if not text.strip() or text.startswith(("/*", " *", "#")):
                self.assertNotIn(number, own)
        self.assertEqual(
            {line.function for line in lines},
            {f"fifo_{name}" for name in ("select_cpu", "enqueue", "dispatch", "init", "exit")},
        )

    def test_what_is_no_object(self) -> None:
        image = Path(os.environ["A_SCHEDULER"]).read_bytes()
        for damaged, words in (
            (b"no ELF file", "the scheduler's object is no 64-bit ELF file"),
            (image[: len(image) // 2], "the scheduler's object"),
            (image[:0x28] + b"\xff" * 8 + image[0x30:], "the scheduler's object is damaged"),
            (_with_records_of(image, 0), "records of 0 bytes, of 8 at least"),
        ):
            with self.assertRaisesRegex(KernelFileError, words):
                lines_of_object(damaged)

    def test_functions_of_a_program(self) -> None:
        path = Path(os.environ["A_LOADER"])
        program = user_program("scx-loader", Elf(path))
        nothing = file_of(program, Addresses(()))
        self.assertEqual(nothing.path, "user/scx-loader")
        self.assertIn("session_attach", nothing.missed)
        whole = file_of(program, Addresses([(program.code.start, program.code.stop)]))
        self.assertEqual(whole.missed, ())

    def test_a_program_that_lies_anywhere(self) -> None:
        image = bytearray(Path(os.environ["A_LOADER"]).read_bytes())
        image[16] = 3  # ET_DYN
        moved = self.create_tempfile(content=bytes(image), mode="wb")
        with self.assertRaisesRegex(UsageError, "it is loaded at an address of its own"):
            user_program("mine", Elf(Path(moved.full_path)))


if __name__ == "__main__":
    absltest.main()
