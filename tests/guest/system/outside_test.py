# SPDX-License-Identifier: Apache-2.0
"""Asking the host from within: what a kernel says where nobody listens, and what an answer does."""

from __future__ import annotations

import ctypes
import errno
import json
from typing import Any
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.guest.system import outside
from ktstr.guest.system.outside import Outside
from ktstr.model.codec import decode, encode
from ktstr.model.errors import InfraError, NoSuchName, Unanswered, UsageError
from ktstr.model.wire.asking import (
    OPTION,
    REPLY,
    REQUEST,
    Answer,
    Outcome,
    Question,
    ReadKernel,
    TakeSnapshot,
    pack,
    unpack,
)

_READ = ReadKernel("jiffies")


class _Host:
    """Answers as a runner does: by memory."""

    def __init__(self, answer: Answer, number: int | None = None, kind: bytes = REPLY) -> None:
        self.answer, self.number, self.kind = answer, number, kind
        self.asked: list[Any] = []

    def prctl(self, option: int, *words: ctypes.c_ulong) -> int:
        request, length, reply, room = (word.value for word in words)
        unpacked = unpack(REQUEST, ctypes.string_at(request, length))
        assert option == OPTION and unpacked is not None
        self.asked.append(decode(Question, json.loads(unpacked[1])).request)
        number = unpacked[0] if self.number is None else self.number
        text = pack(self.kind, number, json.dumps(encode(self.answer)).encode())
        assert len(text) <= room
        ctypes.memmove(reply, text, len(text))
        ctypes.set_errno(errno.EINVAL)
        return -1


class OutsideTest(parameterized.TestCase):
    def _asked(self, host: _Host) -> Any:
        with mock.patch.object(outside, "_LIBC", host):
            return Outside().ask(_READ)

    def test_this_kernel_knows_no_such_option(self) -> None:
        # a kernel that takes it for one of its own would be changed by asking
        result = ctypes.CDLL(None, use_errno=True).prctl(OPTION, 0, 0, 0, 0)
        self.assertEqual((result, ctypes.get_errno()), (-1, errno.EINVAL))

    def test_nobody_answers(self) -> None:
        with self.assertRaisesRegex(Unanswered, "nobody looks into this guest from outside"):
            Outside().ask(_READ)

    def test_an_answer_and_the_next_one(self) -> None:
        host = _Host(Answer(Outcome.DONE, {"a": [1, 2**64 - 1]}))
        with mock.patch.object(outside, "_LIBC", host):
            asks = Outside()
            self.assertEqual(asks.ask(_READ), {"a": [1, 2**64 - 1]})
            host.answer = Answer(Outcome.DONE)
            self.assertIsNone(asks.ask(TakeSnapshot("a")))
        self.assertEqual(host.asked, [_READ, TakeSnapshot("a")])

    @parameterized.parameters((Outcome.NO_SUCH, NoSuchName), (Outcome.UNABLE, Unanswered))
    def test_why_there_is_no_value(self, outcome: Outcome, kind: type[Exception]) -> None:
        with self.assertRaisesRegex(kind, "^no symbol 'jiffiez'$"):
            self._asked(_Host(Answer(outcome, words="no symbol 'jiffiez'")))

    def test_an_answer_to_another_request(self) -> None:
        with self.assertRaisesRegex(InfraError, "answered request 7 where 1 was asked"):
            self._asked(_Host(Answer(Outcome.DONE), number=7))

    def test_a_host_of_another_version(self) -> None:
        with self.assertRaisesRegex(InfraError, "different versions"):
            self._asked(_Host(Answer(Outcome.DONE), kind=REPLY[:-1] + b"\x09"))

    def test_an_answer_of_before_is_not_taken_for_one(self) -> None:
        asks = Outside()
        with mock.patch.object(outside, "_LIBC", _Host(Answer(Outcome.DONE, 1))):
            asks.ask(_READ)
        with self.assertRaises(Unanswered):
            asks.ask(_READ)

    def test_a_request_that_is_too_long(self) -> None:
        with self.assertRaisesRegex(UsageError, "are more than a request may have"):
            Outside().ask(ReadKernel("a" * 5000))


if __name__ == "__main__":
    absltest.main()
