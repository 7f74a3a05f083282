# SPDX-License-Identifier: Apache-2.0
"""Text of guests in Markdown, as GitHub and GitLab have it."""

from __future__ import annotations

from ktstr.result.characters import one_line

# Of all that is no letter, what makes nothing of its neighbours: no link, mention, cell or tag.
_PLAIN = frozenset(" /,+-%=()")


def code(text: str) -> str:
    """`text` as it is, whatever it holds: no markup of it is any, and it mentions nobody."""
    escaped = "".join(
        each if each.isalnum() or each in _PLAIN else f"&#{ord(each)};" for each in one_line(text)
    )
    return f"<code>{escaped}</code>"
