# SPDX-License-Identifier: Apache-2.0
"""Text up to its NUL."""

from absl.testing import absltest, parameterized

from ktstr.introspect.plugin.text import c_text


class TextTest(parameterized.TestCase):
    @parameterized.parameters(
        (b"", ""),
        (b"a", "a"),
        (b"a\0", "a"),
        (b"a\0b\0", "a"),
        (b"\0b", ""),
        (b"\xffa\0", "\N{REPLACEMENT CHARACTER}a"),
    )
    def test_text_ends_with_its_nul(self, data: bytes, text: str) -> None:
        self.assertEqual(c_text(data), text)


if __name__ == "__main__":
    absltest.main()
