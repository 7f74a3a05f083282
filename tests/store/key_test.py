# SPDX-License-Identifier: Apache-2.0
"""Keys say what decides a content, and survive being written and read."""

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.errors import UsageError
from ktstr.store.key import NO_VERSION, Key, key_of, parse_key

KEYS = st.builds(
    Key,
    st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True),
    st.integers(1, 10**9 - 1),
    st.just(NO_VERSION) | st.from_regex(r"[0-9a-f]{8,64}", fullmatch=True),
)


class KeyTest(parameterized.TestCase):
    def test_reads_as_file_system_capacity_and_fingerprint(self) -> None:
        self.assertEqual(str(key_of("btrfs", 256 << 20, "deadbeef")), "btrfs-256m-deadbeef")
        self.assertEqual(str(key_of("raw", 1 << 30, NO_VERSION)), "raw-1024m-noversion")

    @given(KEYS)
    def test_round_trip(self, key: Key) -> None:
        self.assertEqual(parse_key(str(key)), key)

    @given(KEYS, KEYS)
    def test_different_contents_have_different_keys(self, one: Key, other: Key) -> None:
        self.assertEqual(one == other, str(one) == str(other))

    @given(st.text())
    def test_whatever_parses_is_the_text_of_its_key(self, text: str) -> None:
        try:
            key = parse_key(text)
        except UsageError as error:
            self.assertIn(repr(text), str(error))
            return
        self.assertEqual(str(key), text)

    @parameterized.parameters(
        (lambda: key_of("raw", 0, NO_VERSION), "0 MiB; at least 1 MiB"),
        (lambda: Key("raw", -3, NO_VERSION), "-3 MiB; at least 1 MiB"),
        (lambda: key_of("raw", 1024, NO_VERSION), "1024 bytes are not a whole number of MiB"),
        (lambda: Key("a/b", 1, NO_VERSION), "kind 'a/b' is not"),
        (lambda: Key("raw", 1, "../../etc"), "fingerprint '../../etc' is neither"),
        (lambda: Key("raw", 1, "DEADBEEF"), "fingerprint 'DEADBEEF' is neither"),
        (lambda: parse_key("raw-007m-noversion"), "'raw-007m-noversion' is no store key"),
        (lambda: parse_key("raw-1m-noversion\n"), "is no store key"),
    )
    def test_refused(self, make, text: str) -> None:  # type: ignore[no-untyped-def]
        with self.assertRaisesRegex(UsageError, text):
            make()


if __name__ == "__main__":
    absltest.main()
