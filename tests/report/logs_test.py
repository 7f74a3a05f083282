# SPDX-License-Identifier: Apache-2.0
"""A log is all of its pieces, says where some is missing; a scheduler's tails stand in for one."""

from absl.testing import absltest

from ktstr.report.logs import log_text
from ktstr.result import result_pb2


def _result(*chunks: tuple[str, str, bool], tails: tuple[str, ...] = ()) -> result_pb2.Result:
    result = result_pb2.Result()
    for source, text, truncated in chunks:
        result.logs.add(source=source, text=text, truncated=truncated)
    for tail in tails:
        result.schedulers.add(log_tail=tail)
    return result


class LogsTest(absltest.TestCase):
    def test_pieces_of_one_source_are_joined(self) -> None:
        result = _result(("test", "a\n", False), ("agent", "x\n", False), ("test", "b\n", False))
        self.assertEqual(log_text(result, "test"), "a\nb\n")

    def test_what_was_dropped_is_said_where_it_was(self) -> None:
        result = _result(("test", "a\n", True), ("test", "b\n", False))
        self.assertEqual(log_text(result, "test"), "a\n[dropped here: the log grew too large]\nb\n")

    def test_the_tails_stand_in_for_a_schedulers_log_alone(self) -> None:
        result = _result(tails=("one\n", "two\n"))
        self.assertEqual(log_text(result, "scheduler"), "one\ntwo\n")
        self.assertEqual(log_text(result, "test"), "")
        arrived = _result(("scheduler", "all\n", False), tails=("one\n",))
        self.assertEqual(log_text(arrived, "scheduler"), "all\n")


if __name__ == "__main__":
    absltest.main()
