# SPDX-License-Identifier: Apache-2.0
"""What makes a guest one of its own travels unchanged, and nothing else does."""

from __future__ import annotations

import json

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.errors import UsageError
from ktstr.model.start import ENTROPY_BYTES, GuestStart

_ENTROPY = "0f" * ENTROPY_BYTES


class GuestStartTest(absltest.TestCase):
    @given(
        st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES),
        st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True),
        st.integers(1, 1 << 62),
    )
    def test_travels_as_json(self, entropy: bytes, hostname: str, wall_ns: int) -> None:
        start = GuestStart(entropy.hex(), hostname, wall_ns)
        self.assertEqual(GuestStart.from_json(start.to_json()), start)

    def test_refuses_what_no_guest_could_take_on(self) -> None:
        for entropy, hostname, wall_ns, words in (
            ("0f", "guest", 1, "64 bytes in hexadecimal"),
            ("xy" * ENTROPY_BYTES, "guest", 1, "64 bytes in hexadecimal"),
            (_ENTROPY, "", 1, "no host name"),
            (_ENTROPY, "a\nb", 1, "no host name"),
            (_ENTROPY, "a" * 65, 1, "no host name"),
            (_ENTROPY, "guest", 0, "after 1970"),
        ):
            with self.assertRaisesRegex(UsageError, words):
                GuestStart(entropy, hostname, wall_ns)

    def test_names_what_is_wrong_with_a_text(self) -> None:
        with self.assertRaisesRegex(UsageError, "no JSON"):
            GuestStart.from_json("{")
        fields = json.loads(GuestStart(_ENTROPY, "guest", 1).to_json())
        del fields["wall_ns"]
        with self.assertRaisesRegex(UsageError, "'wall_ns' is missing"):
            GuestStart.from_json(json.dumps(fields))


if __name__ == "__main__":
    absltest.main()
