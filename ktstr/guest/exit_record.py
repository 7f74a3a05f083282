# SPDX-License-Identifier: Apache-2.0
"""Why a scheduler ended: from the loader's output, the kernel's log, or the scheduler's own words.

Kinds are those of `ktstr.model.exit_kind`, or the reason that was told where that is none of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from ktstr.model.exit_kind import ExitKind
from ktstr.model.ops_name import ops_matches

_KINDS = {kind.reason: kind for kind in ExitKind if kind.reason}
_EXIT = re.compile(
    r'exit kind=-?\d+ kind_name=(\S+) code=-?\d+ reason="((?:[^"\\]|\\.)*)" msg="((?:[^"\\]|\\.)*)"'
)
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|.)")
_DISABLED = re.compile(r'sched_ext: BPF scheduler "([^"]*)" disabled \(([^)]*)\)')
# libbpf programs of the kernel's tools say `EXIT: ...`, Rust ones the same behind `Error: `, the
# prefix of a log line, or the number in a chain of causes; scx_utils 1.1 adds the CPU, if known
_OWN_WORDS = re.compile(
    r"^(?:.*[\s\]])?EXIT: ([^(\n]*?)(?: \((.*)\))?( on CPU \d+)?$", re.MULTILINE
)
# colours, and the line breaks of a terminal
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\r(?=\n)")
_MOST_WORDS = 20
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
    verified: what the verifier said of programs, line by line: name and words.
    """

    attached: str = ""
    verified: list[tuple[str, str]] = field(default_factory=list)
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
        elif line.startswith("verified "):
            name, _, words = line.removeprefix("verified ").partition(" ")
            self.verified.append((name, words))
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
    """What the kernel's log says of the end of the scheduler `ops`, a name or a pattern of it.

    One that was thrown out may come back by itself, and leave in order: the first ejection counts,
    and where there is none, the last end.
    """
    return _first_cause(_ends(lines, ops))


def ejections(lines: list[str], ops: str, own_words: str = "") -> tuple[str, ...]:
    """Each ejection of the scheduler `ops` in the kernel's log: `reason: message`.

    Messages that the kernel does not log, as those of UNREG_KERN, come from what the scheduler
    printed (`own_words`), if it printed as many reports of the same reasons.
    """
    thrown, told = _thrown(_ends(lines, ops)), _thrown(_reports(own_words))
    if [each.reason for each in thrown] == [each.reason for each in told]:
        thrown = [combine(each, own) for each, own in zip(thrown, told, strict=True)]
    return tuple(": ".join(filter(None, (each.reason, each.message))) for each in thrown)


def from_own_words(log: str) -> ExitRecord:
    """What a scheduler printed through UEI_REPORT (tools/sched_ext/include/scx), as above."""
    record = _first_cause(_reports(log))
    dump = _DUMP.search(log)
    if dump is None:
        return record
    return ExitRecord(record.kind, record.reason, record.message, dump[1])


def kernel_words(lines: list[str], pid: int) -> tuple[str, ...]:
    """The lines of the kernel's log that may say why the process `pid` could not load, or died.

    Beside those of `from_kernel_log`: sched_ext's own (kernel/sched/ext.c), lockdown's
    (security/lockdown/lockdown.c), and faults of the process (arch/x86/mm/fault.c, traps.c).
    """
    found = [
        line
        for line in lines
        if (line.startswith("sched_ext: ") and not line.startswith("sched_ext: BPF scheduler "))
        or line.startswith("Lockdown: ")
        or (f"[{pid}]" in line and ("segfault at" in line or line.startswith("traps: ")))
    ]
    return tuple(found[:_MOST_WORDS])


def _reports(log: str) -> list[ExitRecord]:
    """Each report that a scheduler printed, in order."""
    return [
        ExitRecord(_KINDS.get(match[1], match[1]), match[1], _with_cpu(match[2], match[3]))
        for match in _OWN_WORDS.finditer(_ESCAPES.sub("", log))
    ]


def _with_cpu(message: str | None, cpu: str | None) -> str:
    return f"{message or ''}{cpu or ''}".strip()


def _ends(lines: list[str], ops: str) -> list[ExitRecord]:
    """Each end of the scheduler `ops`, in order."""
    ends: list[ExitRecord] = []
    name = ops
    for line in lines:
        match = _DISABLED.search(line)
        if match is not None and ops_matches(ops, match[1]):
            name = match[1]
            ends.append(ExitRecord(_KINDS.get(match[2], match[2]), match[2]))
        elif ends and not ends[-1].message and f"sched_ext: {name}: " in line:
            ends[-1] = replace(ends[-1], message=line.partition(f"{name}: ")[2])
    return ends


def _thrown(ends: list[ExitRecord]) -> list[ExitRecord]:
    """Those of the ends that were no leaving in order."""
    return [
        each for each in ends if not (isinstance(each.kind, ExitKind) and each.kind.is_in_order)
    ]


def _first_cause(ends: list[ExitRecord]) -> ExitRecord:
    thrown = _thrown(ends)
    return thrown[0] if thrown else ends[-1] if ends else ExitRecord()


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
