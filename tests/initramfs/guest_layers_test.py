# SPDX-License-Identifier: Apache-2.0
"""The layers every guest starts from: complete, free of what does not belong, always the same."""

import stat
import tempfile
from pathlib import Path

from absl import flags
from absl.testing import absltest

from ktstr.initramfs import newc
from ktstr.model.errors import UsageError
from tools.initramfs import bytecode, elf

_ROOT = flags.DEFINE_string("root", None, "The Debian root.", required=True)
_PYTHON = flags.DEFINE_string("python", None, "The layer with Python.", required=True)
_AGENT = flags.DEFINE_string("agent", None, "The layer with the agent.", required=True)
_PYTHON_AGAIN = flags.DEFINE_string("python_again", None, "Python's layer again.", required=True)

_UNCHECKED_HASH = (1).to_bytes(4, "little")  # the flags word of PEP 552


def _entries(layer: str) -> dict[str, newc.Entry]:
    return {entry.path: entry for entry in newc.read_layers(Path(layer).read_bytes())}


class LayersTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.python, self.agent = _entries(_PYTHON.value), _entries(_AGENT.value)

    def test_everything_a_program_loads_is_there(self) -> None:
        for path, entry in self.python.items():
            if not entry.data().startswith(b"\x7fELF"):
                continue
            with tempfile.NamedTemporaryFile() as file:
                file.write(entry.data())
                file.flush()
                wants = elf.linkage(Path(file.name))
            for name in wants.needed:
                self.assertIn(f"usr/lib/x86_64-linux-gnu/{name}", self.python, path)
            if wants.interpreter:
                self.assertIn(wants.interpreter[1:], self.python, path)

    def test_python_is_bytecode_that_never_asks_for_its_source(self) -> None:
        for entries in (self.python, self.agent):
            compiled = [entry for path, entry in entries.items() if path.endswith(".pyc")]
            self.assertNotEmpty(compiled)
            for entry in compiled:
                self.assertEqual(entry.data()[4:8], _UNCHECKED_HASH, entry.path)
            self.assertEmpty([path for path in entries if path.endswith(".py")])

    def test_top_is_made_of_directories(self) -> None:
        tops = [entry for path, entry in self.python.items() if "/" not in path]
        self.assertTrue(all(stat.S_ISDIR(entry.mode) for entry in tops))

    def test_agent_layer_has_what_boots(self) -> None:
        for path in ("init", "usr/bin/ktstr-worker"):
            self.assertEqual(stat.filemode(self.agent[path].mode), "-rwxr-xr-x")
            self.assertTrue(self.agent[path].data().startswith(b"\x7fELF"), path)
        self.assertIn("usr/lib/ktstr/ktstr/guest/boot.pyc", self.agent)

    def test_layer_is_the_same_when_built_again(self) -> None:
        one, other = Path(_PYTHON.value).read_bytes(), Path(_PYTHON_AGAIN.value).read_bytes()
        self.assertTrue(one == other, "two builds of the same layer differ")


class ToolsTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(_ROOT.value).absolute()
        self.folder = Path(self.create_tempdir().full_path)

    def test_syntax_error_names_file_and_line(self) -> None:
        source = self.folder / "broken.py"
        source.write_text("x = 1\nif x\n")
        with self.assertRaisesRegex(bytecode.CompileError, r"(?s)broken\.py.*line 2.*expected ':'"):
            bytecode.compile_sources(self.root, {"usr/lib/broken.py": source})

    def test_bytecode_does_not_depend_on_where_the_source_lies(self) -> None:
        codes = []
        for folder in ("one", "two/deeper"):
            source = self.folder / folder / "module.py"
            source.parent.mkdir(parents=True)
            source.write_text(
                "NAMES = {'a', 'b', 'c', 'd'}\ndef f(x): return x in {'p', 'q', 'r'}\n"
            )
            codes.append(bytecode.compile_sources(self.root, {"usr/lib/module.py": source}))
        self.assertEqual(codes[0], codes[1])
        self.assertEqual(list(codes[0]), ["usr/lib/module.pyc"])

    def test_missing_library_is_named_with_who_needs_it(self) -> None:
        empty = self.folder / "root"
        empty.mkdir()
        program = self.root / bytecode.PYTHON
        with self.assertRaisesRegex(UsageError, r"python3\.13 needs lib.*which is in none of"):
            elf.closure(empty, {"bin/program": program})

    def test_text_is_no_program(self) -> None:
        text = self.folder / "text"
        text.write_text("#!/bin/sh\n")
        with self.assertRaisesRegex(UsageError, "text is no ELF file"):
            elf.linkage(text)


if __name__ == "__main__":
    absltest.main()
