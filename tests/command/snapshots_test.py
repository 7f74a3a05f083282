# SPDX-License-Identifier: Apache-2.0
"""`ktstr snapshots` shows what a test leaves."""

import json
from pathlib import Path

from absl.testing import absltest

from ktstr.result.write import to_bytes
from tests.support import hung, results
from tests.support.commanding import Said, ktstr

_FAILS = "the scheduler fails: error_stall"


class SnapshotsTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = Path(self.create_tempdir().full_path, "result.pb")
        self.path.write_bytes(to_bytes(results.result(hung.looked_into())))

    def ktstr(self, *arguments: str) -> Said:
        return ktstr("snapshots", str(self.path), *arguments, here=self.path.parent)

    def test_without_a_name_all_are_listed(self) -> None:
        said = self.ktstr()
        self.assertEqual((said.code, said.err), (0, ""))
        self.assertEqual(
            said.out,
            "before: at 8.000000000 s, 0.1 s have passed, on CPU 1\n"
            "the scheduler fails: error_stall: at 12.000000000 s\n"
            "post-mortem: at 12.000000000 s, the test's body: not reached within 3.0 s\n",
        )
        data = json.loads(self.ktstr("--json").out)
        self.assertEqual([each["name"] for each in data], ["before", _FAILS, "post-mortem"])

    def test_one_as_text_and_as_json(self) -> None:
        said = self.ktstr(_FAILS)
        self.assertEqual(said.code, 0)
        self.assertStartsWith(said.out, f"Snapshot {_FAILS!r} at 12.000000000 s of the guest")
        self.assertIn("DSQ 0: 1 deep: w0.0.0[61]", said.out)
        (data,) = json.loads(self.ktstr("before", "--json").out)
        self.assertEqual(data["cause"], "0.1 s have passed, on CPU 1")

    def test_the_difference_of_two(self) -> None:
        said = self.ktstr("before", "post-mortem")
        self.assertEqual(said.code, 0)
        self.assertStartsWith(said.out, "From 'before' at 8.000000000 s to 'post-mortem' at 12.0")
        self.assertIn("\n  task w0.0.0[61]: new\n", said.out)
        self.assertIn("\n  DSQ 0: depth 0 -> 1\n", said.out)

    def test_what_is_no_result_or_not_in_it(self) -> None:
        said = self.ktstr("befor")
        self.assertEqual(said.code, 3)
        self.assertIn("has no snapshot 'befor' (did you mean 'before'?); it has before", said.err)
        said = self.ktstr("a", "b", "c")
        self.assertEqual(said.code, 3)
        self.assertIn("3 snapshots are named: one to show, two to compare", said.err)
        self.path.write_bytes(b"x")
        self.assertEqual(self.ktstr().code, 3)


if __name__ == "__main__":
    absltest.main()
