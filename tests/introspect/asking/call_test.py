# SPDX-License-Identifier: Apache-2.0
"""Calls by which a guest asks, and answers to whatever they hold."""

from __future__ import annotations

import json
from functools import partial
from typing import Any
from unittest import mock

from absl.testing import absltest, parameterized
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.introspect.asking.answers import State, reply_to
from ktstr.introspect.asking.bounded import BoundedMemory
from ktstr.introspect.asking.call import Call, Entry
from ktstr.introspect.invariants.program import REGISTERS, End, Look, Program, evaluate
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.layout import Field
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.model.codec import decode, encode
from ktstr.model.wire.asking import (
    MAX_REPLY,
    OPTION,
    REPLY,
    REQUEST,
    Answer,
    Outcome,
    Question,
    ReadKernel,
    ReadMap,
    Request,
    TakeSnapshot,
    WriteKernel,
    WriteMap,
    pack,
    unpack,
)

_OFFSETS = {"di": 112, "si": 104, "dx": 96, "r10": 56, "r8": 72}
_REGISTERS = {"rdi": 0x1000}


class _Memory:
    """Some bytes from 0x1000 on."""

    def __init__(self, size: int = 4096) -> None:
        self.data = bytearray(size)

    def read(self, address: int, size: int) -> bytes:
        if not 0x1000 <= address <= 0x1000 + len(self.data) - size:
            raise MemoryFault("read", address, size, "nothing is mapped there")
        return bytes(self.data[address - 0x1000 : address - 0x1000 + size])

    def write(self, address: int, data: bytes) -> None:
        self.read(address, len(data))
        self.data[address - 0x1000 : address - 0x1000 + len(data)] = data

    def call(self, **words: int) -> None:
        for name, word in words.items():
            self.write(0x1000 + _OFFSETS[name], word.to_bytes(8, "little"))


def _entry() -> Entry:
    kernel = mock.Mock()
    kernel.symbol_range.return_value = range(0xFFFF_FFFF_8100_0000, 0xFFFF_FFFF_8100_0100)
    kernel.field.side_effect = lambda _, name: Field(_OFFSETS[name], 8)
    return Entry(kernel)


class CallTest(parameterized.TestCase):
    def test_a_call_of_ours(self) -> None:
        memory = _Memory()
        memory.call(di=OPTION | 0xAB << 32, si=0x5000, dx=40, r10=0x6000, r8=MAX_REPLY)
        self.assertEqual(_entry().call(_REGISTERS, memory), Call(0x5000, 40, 0x6000, MAX_REPLY))

    def test_the_guest_is_held_there(self) -> None:
        probe = _entry().probe
        self.assertTrue(probe.hold)
        self.assertEqual((probe.address, probe.end), (0xFFFF_FFFF_8100_0000, 0xFFFF_FFFF_8100_0100))

    @parameterized.parameters(
        (OPTION, End.FAILS),
        (OPTION | 0xAB << 32, End.FAILS),
        (OPTION + 1, End.HOLDS),
        (15, End.HOLDS),
    )
    def test_the_plugin_passes_over_calls_of_others(self, option: int, end: End) -> None:
        memory = _Memory()
        memory.call(di=option)
        entry = _entry()
        self.assertEqual((entry.probe.predicates, entry.probe.every), ((0,), True))
        look = Look(memory, (), registers=tuple(_REGISTERS.get(each, 0) for each in REGISTERS))
        self.assertIs(evaluate(Program.decode(entry.predicate), look).end, end)

    def test_calls_of_others(self) -> None:
        memory = _Memory()
        for option in (0, 15, 0x53564D41, OPTION + 1):
            memory.call(di=option, si=0x5000, dx=40, r10=0x6000, r8=100)
            self.assertIsNone(_entry().call(_REGISTERS, memory))

    @parameterized.parameters(
        {"dx": 0},
        {"dx": 1 << 40},
        {"r8": MAX_REPLY + 1},
        {"si": 0},
        {"si": (1 << 47) - 8},
        {"r10": 0xFFFF_FFFF_8100_0000},
    )
    def test_buffers_that_are_none(self, **wrong: int) -> None:
        memory = _Memory()
        memory.call(**{"di": OPTION, "si": 0x5000, "dx": 40, "r10": 0x6000, "r8": 100} | wrong)
        with self.assertRaisesRegex(MemoryFault, "no buffer of a program's"):
            _entry().call(_REGISTERS, memory)

    def test_registers_that_lead_nowhere(self) -> None:
        with self.assertRaises(MemoryFault):
            _entry().call({"rdi": 0xDEAD_0000}, _Memory())


def _request(request: Request, number: int = 3) -> bytes:
    return pack(REQUEST, number, json.dumps(encode(Question(request))).encode())


def _told(reply: bytes | None, number: int = 3) -> Answer:
    assert reply is not None
    unpacked = unpack(REPLY, reply)
    assert unpacked is not None and unpacked[0] == number, unpacked
    return decode(Answer, json.loads(unpacked[1]))


def _state(**returned: Any) -> mock.Mock:
    state: mock.Mock = mock.create_autospec(State, instance=True)
    for name, value in returned.items():
        kind = "side_effect" if isinstance(value, Exception) else "return_value"
        getattr(state, name).configure_mock(**{kind: value})
    return state


def _same(state: State) -> State:
    return state


class AnswersTest(parameterized.TestCase):
    @parameterized.parameters(
        (ReadKernel("jiffies"), "read_kernel", 2**64 - 1),
        (WriteKernel("jiffies", 1), "write_kernel", 7),
        (ReadMap("a", 0, "b"), "read_map", {"x": [1, "y"]}),
        (WriteMap("a", 0, "b", 1), "write_map", 7),
    )
    def test_each_request_is_carried_out(self, request: Request, how: str, value: Any) -> None:
        state = _state(**{how: value})
        answer = _told(reply_to(_request(request), MAX_REPLY, lambda: state))
        self.assertEqual(answer, Answer(Outcome.DONE, value))
        getattr(state, how).assert_called_once_with(request)

    def test_a_snapshot(self) -> None:
        state = _state()
        answer = _told(reply_to(_request(TakeSnapshot("a")), MAX_REPLY, lambda: state))
        self.assertEqual(answer, Answer(Outcome.DONE))
        state.take_snapshot.assert_called_once_with("a")

    def test_what_went_wrong_is_said(self) -> None:
        for error, outcome, words in (
            (UnknownName("a", "kernel 6.12 has no symbol 'a'"), Outcome.NO_SUCH, "kernel 6.12 has"),
            (MemoryFault("read", 1, 8, "x"), Outcome.UNABLE, "the host cannot tell: cannot read"),
        ):
            state = _state(read_kernel=error)
            answer = _told(reply_to(_request(ReadKernel("a")), MAX_REPLY, partial(_same, state)))
            self.assertEqual(answer.outcome, outcome)
            self.assertStartsWith(answer.words, words)

    def test_what_is_no_request_gets_no_reply(self) -> None:
        self.assertIsNone(reply_to(b"\0" * 40, MAX_REPLY, _state))

    def test_more_than_there_is_room_for(self) -> None:
        state = _state(read_map=list(range(100)))
        answer = _told(reply_to(_request(ReadMap("a", 0)), 300, lambda: state))
        self.assertIs(answer.outcome, Outcome.NO_SUCH)
        self.assertRegex(answer.words, r"of 300 at most; ask for a part of it")
        self.assertIsNone(reply_to(_request(ReadMap("a", 0)), 20, lambda: state))

    def test_a_request_that_is_too_deep(self) -> None:
        answer = _told(reply_to(pack(REQUEST, 3, b"[" * 4000), MAX_REPLY, _state))
        self.assertIs(answer.outcome, Outcome.UNABLE)

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(st.binary(max_size=60), st.booleans())
    def test_whatever_a_guest_sends_is_answered_or_not(self, body: bytes, framed: bool) -> None:
        data = pack(REQUEST, 3, body) if framed else body
        reply = reply_to(data, MAX_REPLY, _state)
        if framed:
            self.assertIsNot(_told(reply).outcome, Outcome.DONE)


class BoundedTest(absltest.TestCase):
    def test_time_is_up_until_the_next_answer_begins(self) -> None:
        now = [0.0]
        memory = _Memory()
        bounded = BoundedMemory(memory, 5.0, lambda: now[0])
        bounded.write(0x1000, b"abcd")
        now[0] = 5.0
        self.assertEqual(bounded.read(0x1000, 4), b"abcd")
        now[0] = 5.1
        for action in (lambda: bounded.read(0x1000, 4), lambda: bounded.write(0x1000, b"x")):
            with self.assertRaisesRegex(MemoryFault, "the host has looked for 5 s, its limit"):
                action()
        bounded.begin()
        self.assertEqual(bounded.read(0x1000, 4), b"abcd")


if __name__ == "__main__":
    absltest.main()
