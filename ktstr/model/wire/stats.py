# SPDX-License-Identifier: Apache-2.0
"""What a scheduler tells of itself at its socket: only who asks for that imports this.

The protocol is that of the crate scx_stats (1.1, src/server.rs): on a stream socket of Unix, a line
of JSON asks, `{"req":"stats","args":{"target":"top"}}`, and a line answers,
`{"errno":0,"args":{"resp":{...}}}`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.model.wire.frames import FrameType

REQUEST = b'{"req":"stats","args":{"target":"top"}}\n'
# guest seconds that it has for an answer, at each border of a step
ANSWER_S = 2.0


@dataclass(frozen=True)
class SchedulerStats:
    """What a scheduler answered at the end of a step.

    started_ns: when it had answered at the step's beginning, on the same connection: schedulers
    count from one answer to the next.  ended_ns: of the second answer.  line: that, as it came.
    problem: why there is none; empty when all is well.
    """

    frame_type = FrameType.STATS
    scheduler: str
    step: int
    started_ns: int
    ended_ns: int
    line: str = ""
    problem: str = ""
