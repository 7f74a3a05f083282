# SPDX-License-Identifier: Apache-2.0
"""Paths of this machine as words of Bazel's rc files and of shell scripts."""

import re

from tools.private.bazel_setup.errors import SetupError

# What Bazel's rc files, of which `#` begins a comment also within a word, take as it is.
_PLAIN = re.compile(r"[\w@%+=:,./~-]+")
_QUOTED = re.compile(r'(["\\])')


def rc_word(text: str) -> str:
    """`text` as one word of an rc file: in quotes where it needs them.

    Bazel takes a line apart at white space (src/main/cpp/rc_file.cc, 7.7.1): quotes group, and a
    backslash takes the next character as it is, within quotes, too.

    Raises:
      SetupError: it holds a line break, which no rc file can.
    """
    if "\n" in text or "\r" in text:
        raise SetupError(f"{text!r} holds a line break, which no rc file of Bazel's can")
    if _PLAIN.fullmatch(text):
        return text
    return '"' + _QUOTED.sub(r"\\\1", text) + '"'


def rc_comment(text: str) -> str:
    """`text` as a comment's rest: on one line, and not going on with the next."""
    return " ".join(text.split()).rstrip("\\")
