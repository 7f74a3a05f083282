# SPDX-License-Identifier: Apache-2.0
"""Why a scheduler ended: from the loader's output, the kernel's log, or the scheduler's own words.

Kinds are those of enum scx_exit_kind (include/linux/sched/ext.h) without their SCX_EXIT_.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ktstr.model.ops_name import ops_matches

# scx_exit_reason() of kernel/sched/ext.c
_KINDS = {
    "unregistered from user space": "UNREG",
    "unregistered from BPF": "UNREG_BPF",
    "unregistered from the main kernel": "UNREG_KERN",
    "disabled by sysrq-S": "SYSRQ",
    "runtime error": "ERROR",
    "scx_bpf_error": "ERROR_BPF",
    "runnable task stall": "ERROR_STALL",
}
_EXIT = re.compile(
    r'exit kind=-?\d+ kind_name=(\S+) code=-?\d+ reason="((?:[^"\\]|\\.)*)" msg="((?:[^"\\]|\\.)*)"'
)
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|.)")
_DISABLED = re.compile(r'sched_ext: BPF scheduler "([^"]*)" disabled \(([^)]*)\)')
_OWN_WORDS = re.compile(r"^EXIT: ([^(\n]*?)(?: \((.*)\))?$", re.MULTILINE)
_DUMP = re.compile(r"^DEBUG DUMP\n=+\n\n(.*?)\n=+$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class ExitRecord:
    """The kernel's exit record; empty where nothing is known."""

    kind: str = ""
    reason: str = ""
    message: str = ""
    dump: str = ""


@dataclass
class LoaderOutput:
    """Reads the lines of scx-loader's standard output.

    attached: the ops' name once it says so.  replies: answers to commands, oldest first.
    """

    attached: str = ""
    stats: dict[str, int] = field(default_factory=dict)
    replies: list[str] = field(default_factory=list)
    record: ExitRecord = ExitRecord()
    _line: str = ""
    _dump: list[str] | None = None

    def feed(self, text: str) -> None:
        """Takes more of the output."""
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._take(line)

    def _take(self, line: str) -> None:
        if self._dump is not None:
            self._in_dump(line, self._dump)
        elif line.startswith("attached ops="):
            self.attached = line.partition("=")[2]
        elif line.startswith("stat "):
            name, _, value = line.removeprefix("stat ").partition("=")
            if re.fullmatch(r"-?\d+", value):
                self.stats[name] = int(value)
        elif line.startswith("exit "):
            self._exit(line)
        elif line == "dump-begin":
            self._dump = []
        elif line == "ok" or line.startswith(("ok ", "error")):
            self.replies.append(line)

    def _in_dump(self, line: str, dump: list[str]) -> None:
        if line != "dump-end":
            dump.append(line)
            return
        known = self.record
        self.record = ExitRecord(known.kind, known.reason, known.message, "\n".join(dump))
        self._dump = None

    def _exit(self, line: str) -> None:
        match = _EXIT.match(line)
        if match is not None:
            kind, reason, message = match.groups()
            self.record = ExitRecord(kind, _unescape(reason), _unescape(message))


def from_kernel_log(lines: list[str], ops: str) -> ExitRecord:
    """What the kernel's log says of the end of the scheduler `ops`; the last one counts.

    ops: its name, or a pattern of it.
    """
    record, name = ExitRecord(), ops
    for line in lines:
        match = _DISABLED.search(line)
        if match is not None and ops_matches(ops, match[1]):
            name, record = match[1], ExitRecord(_KINDS.get(match[2], match[2]), match[2])
        elif record.reason and not record.message and f"sched_ext: {name}: " in line:
            record = ExitRecord(record.kind, record.reason, line.partition(f"{name}: ")[2])
    return record


def from_own_words(log: str) -> ExitRecord:
    """What a scheduler printed through UEI_REPORT (tools/sched_ext/include/scx)."""
    record = ExitRecord()
    for match in _OWN_WORDS.finditer(log):
        record = ExitRecord(_KINDS.get(match[1], match[1]), match[1], match[2] or "")
    dump = _DUMP.search(log)
    if dump is None:
        return record
    return ExitRecord(record.kind, record.reason, record.message, dump[1])


def combine(first: ExitRecord, *others: ExitRecord) -> ExitRecord:
    """Each part from the first record that has it."""
    every = (first, *others)
    return ExitRecord(
        kind=next((one.kind for one in every if one.kind), ""),
        reason=next((one.reason for one in every if one.reason), ""),
        message=next((one.message for one in every if one.message), ""),
        dump=next((one.dump for one in every if one.dump), ""),
    )


def _unescape(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        what = match[1]
        return chr(int(what[1:], 16)) if len(what) == 3 else "\n" if what == "n" else what

    return _ESCAPE.sub(plain, text)
