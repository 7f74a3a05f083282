# SPDX-License-Identifier: Apache-2.0
"""What a guest asks the host for: its bytes, and the names of what it asks for."""

from __future__ import annotations

import json

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.codec import decode, encode
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.wire import asking
from ktstr.model.wire.places import parse_place, parse_variable

_NAMES = st.text(max_size=8)
_CPUS = st.none() | st.integers(0, 8191)
_REQUESTS = st.one_of(
    st.builds(asking.ReadKernel, _NAMES, _CPUS, _NAMES),
    st.builds(asking.WriteKernel, _NAMES, st.integers(), _CPUS, _NAMES),
    st.builds(asking.ReadMap, _NAMES, st.integers(), _NAMES),
    st.builds(asking.WriteMap, _NAMES, st.integers(), _NAMES, st.integers(), _CPUS),
    st.builds(asking.TakeSnapshot, _NAMES),
)


class AskingTest(parameterized.TestCase):
    @given(_REQUESTS, st.integers(0, 2**32 - 1))
    def test_a_request_arrives_as_it_was_sent(self, request: asking.Request, number: int) -> None:
        body = json.dumps(encode(asking.Question(request))).encode()
        sent = asking.pack(asking.REQUEST, number, body)
        # what follows in the buffer is of no matter
        unpacked = asking.unpack(asking.REQUEST, sent + b"\0" * 7)
        assert unpacked is not None
        self.assertEqual(unpacked[0], number)
        self.assertEqual(decode(asking.Question, json.loads(unpacked[1])).request, request)

    @parameterized.parameters(
        (b"",), (b"\0" * 100,), (asking.pack(asking.REPLY, 1, b"{}"),), (b"KTASK",)
    )
    def test_what_is_no_request(self, data: bytes) -> None:
        self.assertIsNone(asking.unpack(asking.REQUEST, data))

    def test_another_version_is_named(self) -> None:
        other = asking.REQUEST[:-1] + b"\2" + asking.pack(asking.REQUEST, 1, b"")[8:]
        with self.assertRaisesRegex(InfraError, r"different versions: b'KTASK.*x02'"):
            asking.unpack(asking.REQUEST, other)

    def test_a_body_that_is_cut_short(self) -> None:
        with self.assertRaisesRegex(InfraError, "9 bytes of a body were promised, 4 are there"):
            asking.unpack(asking.REQUEST, asking.pack(asking.REQUEST, 1, b"{'a': 1}}")[:-5])

    @given(st.binary(max_size=64))
    def test_whatever_lies_there_ends_in_an_answer(self, data: bytes) -> None:
        for lead in (b"", asking.REQUEST):
            try:
                asking.unpack(asking.REQUEST, lead + data)
            except InfraError:
                pass


class PlacesTest(parameterized.TestCase):
    @parameterized.parameters(
        ("", ()),
        ("jiffies", ("jiffies",)),
        ("rq.cfs.nr_queued", ("rq", "cfs", "nr_queued")),
        ("hist[2].low[10][0]", ("hist", 2, "low", 10, 0)),
        ("[3]", (3,)),
        ("[3].a", (3, "a")),
    )
    def test_the_way_to_a_part(self, text: str, way: tuple[str | int, ...]) -> None:
        self.assertEqual(parse_place(text), way)

    @parameterized.parameters(
        (".a", ".a"),
        ("a..b", "..b"),
        ("a.", "."),
        ("a[", r"\["),
        ("a[-1]", r"\[-1\]"),
        ("a b", " b"),
        ("a->b", "->b"),
        ("a[1]b", "b"),
        ("3", "3"),
        ("é", "é"),
    )
    def test_what_c_would_not_take(self, text: str, rest: str) -> None:
        with self.assertRaisesRegex(UsageError, f"names nothing: .* begins at '{rest}'"):
            parse_place(text)

    def test_a_variable_comes_first(self) -> None:
        self.assertEqual(parse_variable("a.b[1]"), ("a", ("b", 1)))
        for text in ("", "[1].a"):
            with self.assertRaisesRegex(UsageError, "names no variable"):
                parse_variable(text)


if __name__ == "__main__":
    absltest.main()
