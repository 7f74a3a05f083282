# SPDX-License-Identifier: Apache-2.0
"""Shell functions for guest scripts that load schedulers, and what they print taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

# start NAME ARGUMENTS...: starts scx-loader and waits until it has attached or ended.
# finish: waits for its end and prints everything it said, between markers.
# spin N: starts N shells that never sleep, so that there is something to schedule.
SHELL = """
state() { cat /sys/kernel/sched_ext/state; }
start() {
  rm -f /tmp/in /tmp/out /tmp/err
  mkfifo /tmp/in
  home=/scheduler/$1
  object=$home/$1.bpf.o
  shift
  /sampler/scx-loader $object --control "$@" </tmp/in >/tmp/out 2>/tmp/err &
  loader=$!
  exec 3>/tmp/in
  while [ -d /proc/$loader ] && ! grep -q attached /tmp/out; do usleep 20000; done
  echo "session state_started=$(state) ops=$(cat /sys/kernel/sched_ext/root/ops 2>/dev/null)"
}
say() { echo "$@" >&3; }
finish() {
  wait $loader
  echo "session status=$? state_ended=$(state)"
  exec 3>&-
  cat /tmp/out
  sed 's/^/stderr: /' /tmp/err
  echo "session-end"
}
spin() {
  for i in $(seq $1); do (while :; do :; done) & echo $! >>/tmp/spinners; done
}
migrations() {
  for pid in $(cat /tmp/spinners); do awk '/se.nr_migrations/ {print $3}' /proc/$pid/sched; done |
    awk '{sum += $1} END {print sum}'
}
"""


@dataclass(frozen=True)
class Session:
    """One run of scx-loader in a guest.

    Attributes:
      state_started: /sys/kernel/sched_ext/state when it had attached, or ended without.
      ops: /sys/kernel/sched_ext/root/ops at that time.
      status: exit status.
      state_ended: /sys/kernel/sched_ext/state after its end.
      output: lines of its standard output.
      errors: its standard error.
    """

    state_started: str
    ops: str
    status: int
    state_ended: str
    output: tuple[str, ...]
    errors: str

    @property
    def exit_line(self) -> str:
        """The `exit` line, or nothing."""
        return next((line for line in self.output if line.startswith("exit ")), "")

    @property
    def stats(self) -> dict[str, str]:
        """The last value of each `stat` line."""
        pairs = (line[len("stat ") :].partition("=") for line in self.output if line[:5] == "stat ")
        return {name: value for name, _, value in pairs}

    @property
    def dump(self) -> tuple[str, ...]:
        """The lines of the debug dump."""
        if "dump-begin" not in self.output:
            return ()
        begin, end = self.output.index("dump-begin"), self.output.index("dump-end")
        return self.output[begin + 1 : end]


_SESSION = re.compile(
    r"session state_started=(?P<started>\S*) ops=(?P<ops>\S*)\n"
    r".*?session status=(?P<status>\d+) state_ended=(?P<ended>\S*)\n"
    r"(?P<output>.*?)session-end\n",
    re.DOTALL,
)


def sessions(text: str) -> list[Session]:
    """All sessions in the output of a script, in order."""
    found = []
    for match in _SESSION.finditer(text):
        lines = match["output"].splitlines()
        errors = [line.removeprefix("stderr: ") for line in lines if line.startswith("stderr: ")]
        found.append(
            Session(
                state_started=match["started"],
                ops=match["ops"],
                status=int(match["status"]),
                state_ended=match["ended"],
                output=tuple(line for line in lines if not line.startswith("stderr: ")),
                errors="\n".join(errors),
            )
        )
    return found
