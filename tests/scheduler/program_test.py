# SPDX-License-Identifier: Apache-2.0
"""A scheduler's program as the guest has it: what lies beside it, and that this is enough."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from pathlib import Path

from absl import flags
from absl.testing import absltest

from ktstr.model.errors import UsageError
from tools.scheduler.program import lay_out, main

_ROOT = flags.DEFINE_string("root", None, "The Debian root.", required=True)
_OBJECT = flags.DEFINE_string("object", None, "An object file of BPF.", required=True)
_TALKER = flags.DEFINE_string("talker", None, "A dynamically linked program.", required=True)


class ProgramTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(_ROOT.value).absolute()
        self.folder = Path(self.create_tempdir().full_path)

    def _laid_out(self, program: Path) -> list[str]:
        lay_out(program, self.root, str(self.folder), self.folder)
        return sorted(
            str(Path(folder, name).relative_to(self.folder))
            for folder, _, names in os.walk(self.folder)
            for name in names
        )

    def test_a_dynamic_one_runs_by_what_lies_beside_it(self) -> None:
        found = self._laid_out(Path(_TALKER.value))
        self.assertContainsSubset(
            {
                "talker",
                "talker.d/elf/talker",
                "talker.d/lib/libbpf.so.1",
                "talker.d/lib/libc.so.6",
                "talker.d/loader/talker",
            },
            found,
        )
        # what its mode says before it loads anything
        command = [str(self.folder / "talker"), "x", "y", "leave"]
        said = subprocess.run(command, check=True, capture_output=True, env={})
        self.assertEqual(said.stdout, b"nothing to schedule\n")

    def test_it_loads_nothing_of_the_machine_that_it_runs_on(self) -> None:
        self._laid_out(Path(_TALKER.value))
        needs = self.folder / "talker.d"
        command: list[str | Path] = [needs / "loader/talker", "--list", "--library-path"]
        command += [needs / "lib", needs / "elf/talker"]
        said = subprocess.run(command, check=True, capture_output=True)
        loaded = [line.split()[2] for line in said.stdout.decode().splitlines() if "=>" in line]
        self.assertNotEmpty(loaded)
        for path in loaded:
            self.assertStartsWith(path, f"{self.folder}/talker.d/")

    def test_a_name_with_blanks_and_quotes_is_started(self) -> None:
        program = Path(self.create_tempdir().full_path, "a 'b' =c")
        program.write_bytes(Path(_TALKER.value).read_bytes())
        self._laid_out(program)
        command = [str(self.folder / program.name), "x", "y", "leave"]
        self.assertEqual(subprocess.run(command, check=True, stdout=-1).returncode, 0)

    def test_a_static_one_is_as_it_is(self) -> None:
        busybox = self.root / "usr/bin/busybox"
        self.assertEqual(self._laid_out(busybox), ["busybox"])
        self.assertEqual((self.folder / "busybox").read_bytes(), busybox.read_bytes())

    def test_what_is_no_program_is_refused(self) -> None:
        script = self.folder / "script"
        script.write_text("#!/bin/sh\n")
        foreign = self.folder / "foreign.o"
        foreign.write_bytes(Path(_OBJECT.value).read_bytes())
        library = self.root / "usr/lib/x86_64-linux-gnu/libbpf.so.1"
        for file, words in (
            (script, "script is no ELF file"),
            (foreign, "foreign.o is for EM_BPF; the guest is EM_X86_64"),
            (library, "is a shared library, no program: it needs .* and names no loader"),
        ):
            with self.assertRaisesRegex(UsageError, words):
                lay_out(file, self.root, "/scheduler/x", self.folder / "out")

    def test_what_the_root_lacks_is_named_with_the_target(self) -> None:
        bare = Path(self.create_tempdir().full_path)
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            status = main(
                [
                    f"--program={_TALKER.value}",
                    f"--root={bare}",
                    "--folder=/scheduler/x",
                    "--label=//x:x",
                    f"--output={self.folder / 'out'}",
                ]
            )
        self.assertEqual(status, 1)
        needs = r"^//x:x: binary: .*talker needs libbpf\.so\.1, which is in none of"
        self.assertRegex(said.getvalue(), needs)


if __name__ == "__main__":
    absltest.main()
