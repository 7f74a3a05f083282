# SPDX-License-Identifier: Apache-2.0
"""The files that coverage leaves, and where its lines come from."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from absl.testing import absltest

from ktstr.initramfs.newc import file, write_layer
from ktstr.introspect.coverage.coverage import Coverage, FileCoverage
from ktstr.introspect.coverage.lcov import files_of
from ktstr.model.errors import InfraError, UsageError
from ktstr.runner.coverage import sources_of, write_coverage
from tests.support import targets

_FILE = FileCoverage("my/mine.bpf.c", {3: 1})
# an ELF file without sections: of e_type ET_DYN
_ELF = b"\x7fELF\2\1\1".ljust(16, b"\0") + b"\3\0" + bytes(46)


class CoverageTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)

    def test_each_test_has_a_file_and_bazel_has_all(self) -> None:
        output = self.top / "coverage.dat"
        environ = {"COVERAGE_OUTPUT_FILE": str(output)}
        for test in ("one", "other"):
            (self.top / test).mkdir()
            write_coverage(Coverage((_FILE,)), test, self.top / test, environ)
            text = (self.top / test / "coverage.info").read_text()
            self.assertEqual(files_of(text, test), (_FILE,))
        self.assertEqual(files_of(output.read_text(), "all"), (_FILE, _FILE))

    def test_without_bazel(self) -> None:
        write_coverage(Coverage((_FILE,)), "one", self.top, {})
        self.assertEqual([each.name for each in self.top.iterdir()], ["coverage.info"])

    def test_nothing_is_known(self) -> None:
        write_coverage(Coverage(problem="no plugin"), "one", self.top, {})
        write_coverage(None, "one", self.top, {})
        self.assertEmpty(list(self.top.iterdir()))

    def test_bazels_file_cannot_be_written(self) -> None:
        environ = {"COVERAGE_OUTPUT_FILE": str(self.top / "none" / "coverage.dat")}
        with self.assertRaisesRegex(InfraError, "where Bazel wants coverage, cannot be written"):
            write_coverage(Coverage((_FILE,)), "one", self.top, environ)


class LoaderTest(absltest.TestCase):
    """The scheduler's user space."""

    def loader(self, argv: tuple[str, ...], **files: bytes) -> object:
        layer = Path(self.create_tempfile().full_path)
        with layer.open("wb") as out:
            write_layer([file(f"scheduler/{name}", data) for name, data in files.items()], out)
        scheduler = dataclasses.replace(targets.SCHEDULER, argv=argv)
        return sources_of(targets.target(scheduler=scheduler), lambda _: layer).loader()

    def test_one_that_is_in_the_kernel_has_none(self) -> None:
        self.assertIsNone(self.loader((), mine=_ELF))

    def test_one_that_is_not_there(self) -> None:
        self.assertIsNone(self.loader(("/scheduler/other",), mine=_ELF))

    def test_a_dynamically_linked_one_lies_apart(self) -> None:
        files = {"mine": b"#!/bin/sh\n", "mine.d/elf/mine": _ELF}
        with self.assertRaisesRegex(UsageError, "no functions of mine: it is loaded at an address"):
            self.loader(("/scheduler/mine",), **files)


if __name__ == "__main__":
    absltest.main()
