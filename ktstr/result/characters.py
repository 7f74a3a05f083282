# SPDX-License-Identifier: Apache-2.0
"""Text from a guest, made fit for protobuf, XML and a terminal."""

from __future__ import annotations

import re

# What XML 1.0 (section 2.2, Char) does not allow, and besides it the rest of the control
# characters: a terminal acts on them, and XML readers turn a carriage return into a line feed.
# And marks, embeddings, overrides and isolates of direction (Bidi_Control of Unicode's
# PropList.txt): text may look like other text.
_UNPRINTABLE = re.compile(
    "[^\t\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    "|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def encodable(text: str) -> str:
    r"""`text` with lone surrogates, which UTF-8 cannot hold, as `\udcff`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def printable(text: str) -> str:
    r"""`text` with CR LF as LF, and with controls but tab and line feed as `\x1b`, `\u202e`."""
    return _UNPRINTABLE.sub(_shown, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """`text` as a single printable line."""
    return " ".join(printable(text).split())


def _shown(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
