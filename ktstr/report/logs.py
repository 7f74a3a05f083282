# SPDX-License-Identifier: Apache-2.0
"""The logs that came with a result."""

from __future__ import annotations

from ktstr.result import result_pb2

_DROPPED = "\n[dropped here: the log grew too large]\n"
SOURCES = ("scheduler", "test", "agent")


def log_text(result: result_pb2.Result, source: str) -> str:
    """All pieces of one log, with a note where some of it was dropped; empty when there is none.

    Of schedulers' logs that never arrived, the tails in their facts are taken.
    """
    chunks = [chunk for chunk in result.logs if chunk.source == source]
    text = "".join(
        chunk.text.rstrip("\n") + _DROPPED if chunk.truncated else chunk.text for chunk in chunks
    )
    if source == "scheduler" and not text:
        return "".join(life.log_tail for life in result.schedulers)
    return text
