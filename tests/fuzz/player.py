# SPDX-License-Identifier: Apache-2.0
"""Plays trials without a guest, by a rule: player.py LABEL RULE LOG --play

A trial reaches code by what its ops are. By the rule `knob` one that sets a knob to 1 fails, and by
`once` it does but for when it is shrunk; by `dies` the program ends at such a one, by `hangs` it
never answers, by `deaf` not to SIGTERM either, and by `changes` it ends and is of another kernel
when it is started again. By `slow` each trial takes its time; `blind` cannot tell what code was
reached; `refuses` never gets ready; `noisy` has other programs that say what looks like a message.
LOG gets a line for each.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import zlib

from ktstr.fuzz.protocol import VERSION, Play, Played, Ready, line_of, message_of
from ktstr.fuzz.trial import all_ops
from ktstr.model.scenario.scenario import SetKnob
from tests.fuzz.machines import SCHEDULER

_NOISE = "\n".join(("{ at", "{}", '{"@kind": "Other"}', '{"number": 1}'))


def _played(play: Play, rule: str) -> Played:
    ops = all_ops(play.trial)
    bad = any(isinstance(op, SetKnob) and op.value == 1 for op in ops)
    if bad and rule in ("dies", "changes"):
        print("out of memory", flush=True)
        os._exit(9)
    if bad and rule in ("hangs", "deaf"):
        if rule == "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.pause()
    if rule == "noisy":
        print(_NOISE, flush=True)
    if rule == "slow":
        time.sleep(0.3)
    names = {type(op).__name__ for op in ops}
    ground = tuple((at, at + 16) for at in sorted(zlib.crc32(n.encode()) % 999 * 32 for n in names))
    if bad and (rule == "knob" or (rule == "once" and play.covers)):
        told = (
            "fail",
            "scheduler_ejected",
            "ERROR_BPF",
            f"error at {play.number} ns reached\n\0 \udcff",
        )
    else:
        told = ("pass", "", "", "")
    if rule == "blind":
        return Played(play.number, *told, (), (), (), 0.01, "no room for records")
    return Played(play.number, *told, (), (), ground if play.covers else (), 0.01)


def main(label: str, rule: str, log: str) -> int:
    """Says that it is ready, and plays what comes."""
    if rule == "refuses":
        print("ERROR there is no such machine", flush=True)
        return 3
    kernel = "another" if rule == "changes" and os.path.exists(log) else "kernel"
    ready = Ready(VERSION, label, "1n2l2c1t", None, SCHEDULER, kernel, "subject")
    if rule == "noisy":
        print(_NOISE, flush=True)
    print(line_of(ready), end="", flush=True)
    for line in sys.stdin:
        play = message_of(Play, line)
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{play.number} {play.trial.digest()}\n")
        print(line_of(_played(play, rule)), end="", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
