# SPDX-License-Identifier: Apache-2.0
"""What workers asked for, and which cgroups are within others."""

from absl.testing import absltest, parameterized

from ktstr.judge.workers.subjects import affinity_of, is_within, requested
from tests.support import runs


class RequestedTest(absltest.TestCase):
    def test_words_are_found_by_their_names(self) -> None:
        pinned = runs.worker(requested="policy=fifo rt_priority=5 nice=0 affinity=0-1 uid=7")
        names = ("policy", "rt_priority", "uid", "gid", "iority")
        self.assertEqual([requested(pinned, name) for name in names], ["fifo", "5", "7", "", ""])
        self.assertEqual(affinity_of(pinned), "0-1")
        self.assertEmpty(affinity_of(runs.worker()))
        self.assertEmpty(affinity_of(runs.worker(requested="")))


class IsWithinTest(parameterized.TestCase):
    @parameterized.parameters(
        ("a", "a", True),
        ("a/b", "a", True),
        ("a/b/c", "a/b", True),
        ("a", "a/b", False),
        ("ab", "a", False),
        ("", "a", False),
    )
    def test_by_their_paths(self, cgroup: str, above: str, expected: bool) -> None:
        self.assertIs(is_within(cgroup, above), expected)


if __name__ == "__main__":
    absltest.main()
