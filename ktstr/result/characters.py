# SPDX-License-Identifier: Apache-2.0
"""Text from a guest, made fit for protobuf, XML and a terminal."""

from __future__ import annotations

import re

# What XML 1.0 (section 2.2, Char) does not allow, and besides it the rest of the control
# characters: a terminal acts on them, and XML readers turn a carriage return into a line feed.
# And what nobody sees, as text may look like other text: marks of direction (Bidi_Control of
# Unicode 15.0's PropList.txt), and what is drawn as nothing (Default_Ignorable_Code_Point of its
# DerivedCoreProperties.txt).
_UNPRINTABLE = re.compile(
    "[^\t\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    "|[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
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
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
