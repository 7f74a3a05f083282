# SPDX-License-Identifier: Apache-2.0
"""The program that shows snapshots reads what a test leaves."""

import contextlib
import io
import json
from pathlib import Path

from absl.testing import absltest

from ktstr.result.write import to_bytes
from tests.support import hung, results
from tools.snapshots import main

_FAILS = "the scheduler fails: error_stall"


class SnapshotsTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = Path(self.create_tempdir().full_path, "result.pb")
        self.path.write_bytes(to_bytes(results.result(hung.looked_into())))

    def run_main(self, *arguments: str) -> tuple[int, str]:
        """Exit code, and all that was printed."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            return main.main([str(self.path), *arguments]), out.getvalue()

    def test_without_a_name_all_are_listed(self) -> None:
        self.assertEqual(
            self.run_main(),
            (
                0,
                "before: at 8.000000000 s, 0.1 s have passed, on CPU 1\n"
                "the scheduler fails: error_stall: at 12.000000000 s\n"
                "post-mortem: at 12.000000000 s, the test's body: not reached within 3.0 s\n",
            ),
        )

    def test_one_as_text_and_as_json(self) -> None:
        code, said = self.run_main(_FAILS)
        self.assertEqual(code, 0)
        self.assertStartsWith(said, f"Snapshot {_FAILS!r} at 12.000000000 s of the guest")
        self.assertIn("DSQ 0: 1 deep: w0.0.0[61]", said)
        code, said = self.run_main("before", "--json")
        self.assertEqual(code, 0)
        self.assertEqual(json.loads(said)["cause"], "0.1 s have passed, on CPU 1")

    def test_the_difference_of_two(self) -> None:
        code, said = self.run_main("before", "post-mortem")
        self.assertEqual(code, 0)
        self.assertStartsWith(said, "From 'before' at 8.000000000 s to 'post-mortem' at 12.0")
        self.assertIn("\n  task w0.0.0[61]: new\n", said)
        self.assertIn("\n  DSQ 0: depth 0 -> 1\n", said)

    def test_what_is_no_result_or_not_in_it(self) -> None:
        code, said = self.run_main("befor")
        self.assertEqual(code, 3)
        self.assertIn("has no snapshot 'befor' (did you mean 'before'?); it has before, the", said)
        code, said = self.run_main("a", "b", "c")
        self.assertEqual(code, 3)
        self.assertIn("3 snapshots are named: one to show, two to compare", said)
        self.path.write_bytes(b"x")
        self.assertEqual(self.run_main()[0], 3)


if __name__ == "__main__":
    absltest.main()
