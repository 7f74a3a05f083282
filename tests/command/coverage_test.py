# SPDX-License-Identifier: Apache-2.0
"""`ktstr coverage`: tracefiles of tests put together, and what none of them reached."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from absl.testing import absltest

from ktstr.introspect.coverage.coverage import FileCoverage, Function
from ktstr.introspect.coverage.lcov import files_of, text_of
from tests.support.commanding import Said, ktstr


def _file(path: str, lines: dict[int, int], **functions: tuple[int, int]) -> FileCoverage:
    told = {name: Function(name, *each) for name, each in functions.items()}
    return FileCoverage(path, lines, told)


_ONE = (
    _file("my/mine.bpf.c", {3: 1, 4: 0, 9: 0}, mine_init=(3, 1), mine_exit=(9, 0)),
    _file("kernel/sched/ext.c", {1: 1, 2: 0}, scx_a=(1, 1), scx_b=(2, 0)),
)
_OTHER = (_file("my/mine.bpf.c", {3: 1, 4: 1, 9: 0}, mine_init=(3, 1), mine_exit=(9, 0)),)


class CoverageTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)
        (self.top / "MODULE.bazel").touch()
        self.logs = self.top / "bazel-testlogs"

    def _ktstr(self, *arguments: str) -> Said:
        return ktstr("coverage", *arguments, here=self.top, environ={"HOME": str(self.top)})

    def _keep(self) -> None:
        plain = self.logs / "my/a_test/test.outputs/one"
        plain.mkdir(parents=True)
        (plain / "coverage.info").write_text(text_of("one", _ONE))
        packed = self.logs / "my/b_test/test.outputs"
        packed.mkdir(parents=True)
        with zipfile.ZipFile(packed / "outputs.zip", "w") as archive:
            archive.writestr("other/coverage.info", text_of("other", _OTHER))

    def test_what_no_test_reaches(self) -> None:
        self._keep()
        said = self._ktstr()
        self.assertEqual((said.code, said.err), (1, ""))
        self.assertEqual(
            said.out.splitlines(),
            [
                "of 2 tests",
                "",
                "file                lines         functions",
                "my/mine.bpf.c       2 of 3 (67%)  1 of 2 (50%)",
                "kernel/sched/ext.c  1 of 2 (50%)  1 of 2 (50%)",
                "",
                "no test reaches, of my/mine.bpf.c:",
                "  mine_exit, line 9",
                "",
                "of kernel/sched and user space: 1 functions; --all names them",
            ],
        )
        self.assertIn("  scx_b, line 2", self._ktstr("--all").out)
        data = {each["path"]: each for each in json.loads(self._ktstr("--json").out)}
        self.assertEqual(data["my/mine.bpf.c"]["missed"], ["mine_exit"])

    def test_one_tracefile_of_all(self) -> None:
        self._keep()
        self._ktstr("--output=all.info")
        ext, mine = files_of((self.top / "all.info").read_text(), "all.info")
        self.assertEqual((ext.path, mine.lines), ("kernel/sched/ext.c", {3: 2, 4: 1, 9: 0}))

    def test_nothing_there(self) -> None:
        said = self._ktstr()
        self.assertEqual(said.code, 3)
        self.assertIn("is no folder: name one of tests' outputs", said.err)
        self.logs.mkdir()
        said = self._ktstr()
        self.assertEqual(said.code, 2)
        self.assertIn("ask tests by --@ktstr//rules:coverage", said.err)
        self.assertEqual(json.loads(self._ktstr("--json").out), [])

    def test_where_no_scheduler_is_told_of_nothing_was_reached(self) -> None:
        self.logs.mkdir()
        whole = (_file("kernel/sched/ext.c", {1: 1}, scx_a=(1, 1)),)
        (self.logs / "coverage.info").write_text(text_of("one", whole))
        said = self._ktstr()
        self.assertEqual(said.code, 2)
        self.assertIn("kernel/sched/ext.c  1 of 1 (100%)", said.out)
        self.assertIn("of no scheduler's programs anything is told; `coverage` in", said.err)

    def test_what_is_no_archive_is_told(self) -> None:
        self.logs.mkdir()
        (self.logs / "outputs.zip").write_text("no archive")
        said = self._ktstr()
        self.assertEqual(said.code, 3)
        self.assertIn("outputs.zip is no archive", said.err)

    def test_what_cannot_be_read_is_told(self) -> None:
        (self.logs / "coverage.info").mkdir(parents=True)
        said = self._ktstr()
        self.assertEqual(said.code, 3)
        self.assertRegex(said.err, "^ktstr: .*coverage.info cannot be read: Is a directory")

    def test_a_damaged_archive_is_told(self) -> None:
        self._keep()
        path = self.logs / "my/b_test/test.outputs/outputs.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("other/coverage.info", text_of("other", _OTHER))
        content = bytearray(path.read_bytes())
        at = content.index(b"coverage.info") + len(b"coverage.info")
        content[at : at + 8] = b"\xff" * 8
        path.write_bytes(content)
        said = self._ktstr()
        self.assertEqual(said.code, 3)
        self.assertRegex(said.err, "^ktstr: .*outputs.zip is no archive, or is damaged: ")


if __name__ == "__main__":
    absltest.main()
