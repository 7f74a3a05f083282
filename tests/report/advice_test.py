# SPDX-License-Identifier: Apache-2.0
"""Where to read on: every kind that a file tells of names that file."""

from absl.testing import absltest, parameterized

from ktstr.model.verdict.kinds import Kind
from ktstr.report.advice import FILES, commands, files_to_read
from ktstr.result import result_pb2


def _result(kind: Kind) -> result_pb2.Result:
    result = result_pb2.Result()
    result.identity.label, result.identity.test = "//sched/fifo:steady_test", "halves"
    result.logs.add(source="test", text="printed")
    result.details.add(kind=kind.name, message="found")
    return result


class AdviceTest(parameterized.TestCase):
    @parameterized.parameters(*Kind)
    def test_a_kind_that_a_file_tells_of_names_it(self, kind: Kind) -> None:
        self.assertEqual(kind in FILES, kind.file_tells)
        words = FILES.get(kind, "all that was measured is in result.json")
        self.assertIn(words, files_to_read(_result(kind)))

    def test_a_module_that_is_wrong_needs_no_guest(self) -> None:
        self.assertLen(commands(_result(Kind.USAGE)), 1)
        self.assertLen(commands(_result(Kind.STUCK)), 2)


if __name__ == "__main__":
    absltest.main()
