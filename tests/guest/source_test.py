# SPDX-License-Identifier: Apache-2.0
"""The guest's loader of test files, whatever they and their neighbours are called."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

from absl.testing import absltest, parameterized

import ktstr.guest.source as source
from ktstr.model.errors import UsageError

_TEXT = """
def by_threads(ctx):
    from concurrent.futures import ThreadPoolExecutor

    import random, select, types
    import queue
    import ktstr

    assert random.random and select.epoll and types.ModuleType and queue.SimpleQueue
    assert ktstr.CgroupDef
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(abs, (-1, -2)))

def by_neighbour(ctx):
    import near_it
    return near_it.NAME
"""
_NAMES = ("queue", "random", "select", "types", "ktstr", "conftest", "test", "my-test", "my.test")


class SourceTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)
        self.enter_context(mock.patch.object(source, "SOURCES_DIR", str(self.root)))
        self.enter_context(mock.patch.object(sys, "path", [*sys.path]))
        modules = {
            name: module
            for name, module in sys.modules.items()
            if name not in ("queue", "random", "concurrent.futures.thread", "ktstr_test_source")
        }
        self.enter_context(mock.patch.dict(sys.modules, modules, clear=True))

    @parameterized.product(folder=("", "pkg/", "test/"), name=(*_NAMES, "a test", "steady"))
    def test_no_file_hides_the_library(self, folder: str, name: str) -> None:
        (self.root / folder).mkdir(exist_ok=True)
        for each in {*_NAMES, name}:
            (self.root / f"{folder}{each}.py").write_text(_TEXT, encoding="utf-8")
        run = source.function_of(f"{folder}{name}.py", "by_threads")
        self.assertEqual(run(None), 3)

    def test_neighbours_can_be_imported(self) -> None:
        (self.root / "pkg").mkdir()
        (self.root / "pkg/near_it.py").write_text("NAME = 1\n", encoding="utf-8")
        (self.root / "pkg/case.py").write_text(_TEXT, encoding="utf-8")
        self.assertEqual(source.function_of("pkg/case.py", "by_neighbour")(None), 1)

    def test_a_function_that_is_not_there(self) -> None:
        (self.root / "case.py").write_text(_TEXT, encoding="utf-8")
        with self.assertRaisesRegex(UsageError, "case.py has no function 'gone'"):
            source.function_of("case.py", "gone")


if __name__ == "__main__":
    absltest.main()
