# SPDX-License-Identifier: Apache-2.0
"""A test's own file that has the name of a library's module is named where it was meant."""

import ast
import os
import pathlib

from absl.testing import absltest, parameterized

from ktstr.runner.cases.hidden_modules import hidden_file, meant_otherwise


class HiddenModulesTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.create_tempdir().full_path)
        (self.folder / "queue.py").write_text("")
        (self.folder / "json").mkdir()
        (self.folder / "mine.py").write_text("")
        self.path = [os.path.dirname(os.__file__), str(self.folder)]

    @parameterized.parameters(
        ("queue", "queue.py"),
        ("json.tool", "json"),
    )
    def test_a_file_of_a_librarys_name_is_hidden(self, module: str, file: str) -> None:
        self.assertEqual(hidden_file(module, self.path), str(self.folder / file))

    @parameterized.parameters("mine", "random", "queues")
    def test_no_other_is(self, module: str) -> None:
        self.assertEqual(hidden_file(module, self.path), "")

    @parameterized.parameters(
        ("from queue import Mine", "'queue' has no 'Mine'; 'queue' is the standard library's"),
        ("import queue as q\nq.mine()", "'queue' has no 'mine'"),
        ("def f():\n    from queue import mine", "'queue' has no 'mine'"),
        ("from json import mine", "'json' has no 'mine'"),
    )
    def test_what_only_the_file_can_have_is_found(self, text: str, words: str) -> None:
        found = meant_otherwise(ast.parse(text), self.path)
        assert found is not None
        line, message = found
        self.assertEqual(line, text.count("\n") + 1)
        self.assertStartsWith(message, words)
        self.assertIn(f"which {self.folder}/", message)

    @parameterized.parameters(
        "from queue import Queue",
        "from json import tool",  # a module below it
        "from queue import *",
        "import queue\nqueue.Queue()",
        "import queue\nqueue = object()\nqueue.mine()",  # by then it is something else
        "import queue\ndef f(queue):\n    queue.mine()",
        "from mine import anything",
        "from .queue import mine",
        "import random\nrandom.mine()",  # wrong, but no file of the author's is meant
    )
    def test_nothing_else_is(self, text: str) -> None:
        self.assertIsNone(meant_otherwise(ast.parse(text), self.path))


if __name__ == "__main__":
    absltest.main()
