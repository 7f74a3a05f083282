# SPDX-License-Identifier: Apache-2.0
"""The report for people, made of the record alone."""

from __future__ import annotations

import collections

from ktstr.report.advice import commands, files_to_read
from ktstr.report.logs import log_text
from ktstr.report.sections.checks import check_lines, claim_lines, relative_lines
from ktstr.report.sections.disk import disk_lines
from ktstr.report.sections.invariants import invariant_lines
from ktstr.report.sections.looked import cost_lines, coverage_lines, decision_lines
from ktstr.report.sections.monitor import monitor_lines
from ktstr.report.sections.payload import payload_lines
from ktstr.report.sections.post_mortem import memory_log_lines, wait_lines
from ktstr.report.sections.program import program_lines, refusal_lines
from ktstr.report.sections.replay import replay_lines
from ktstr.report.sections.sample import sample_lines
from ktstr.report.sections.snapshot import snapshot_lines
from ktstr.report.sections.told import told_lines
from ktstr.report.sections.witness import witness_lines
from ktstr.report.tables import cgroup_table, more_lines, step_table, timeline_table
from ktstr.result import result_pb2
from ktstr.result.characters import one_line, printable

_DETAILS_SHOWN = 20
_LOG_LINES = 25
_DUMP_LINES = 60
_FINDINGS_SHOWN = 5
_REMARKS_SHOWN = 10
_LINE_CHARS = 300
_TELL_NO_SETTINGS = frozenset({result_pb2.PASS, result_pb2.SKIP})


def headline(result: result_pb2.Result) -> str:
    """One line: verdict, test, and the first cause."""
    name = one_line(f"{result.identity.label}::{result.identity.test}")
    start = f"{verdict_name(result.verdict)} {name}"
    if result.verdict == result_pb2.PASS:
        return f"{start} — {one_line(result.expectation)}" if result.expectation else start
    if not result.details:
        return start
    first = result.details[0]
    if result.verdict == result_pb2.SKIP:
        return f"{start} — {one_line(first.message)}"
    # a failure that was not the expected one: the words on it hold what came instead
    failed = result.verdict == result_pb2.FAIL
    message = result.expectation if failed and result.expectation else first.message
    return f"{start} — {kind_name(first.kind)}: {_shortened(one_line(message))}"


def text_report(result: result_pb2.Result) -> str:
    """The whole report: the headline, then sections, each only when it has something to say.

    Control characters of the guest are shown, not sent to the terminal.
    """
    parts = [headline(result)]
    if result.expectation and one_line(result.expectation) not in parts[0]:
        parts.append(f"  {one_line(result.expectation)}")
    told = result.verdict in _TELL_NO_SETTINGS
    sections = [
        ("details", _details(result)),
        ("shown", [one_line(words) for words in result.evidence] if told else []),
        ("remarks", _remarks(result)),
        ("run", _run(result)),
        ("statistics", cgroup_table(result.cgroups)),
        ("by step", step_table(result.steps)),
        ("tracepoints", sample_lines(result)),
        ("classes and CPUs", witness_lines(result)),
        ("runqueues", monitor_lines(result)),
        ("decisions", decision_lines(result)),
        ("what calls cost", cost_lines(result)),
        ("code reached", coverage_lines(result)),
        ("told by the scheduler", told_lines(result)),
        ("checks", check_lines(result)),
        ("BPF programs", program_lines(result.bpf)),
        ("refused by the verifier", refusal_lines(result)),
        ("invariants", invariant_lines(result)),
        ("claims", claim_lines(result)),
        ("against others", relative_lines(result)),
        ("payloads", payload_lines(result.payloads)),
        ("disks", disk_lines(result)),
        ("time line", timeline_table(result.timeline)),
        ("who waits for what", wait_lines(result.post_mortem)),
        ("replay", replay_lines(result.replay)),
        ("snapshots", [] if told else snapshot_lines(result.snapshots)),
        ("kernel log", _findings(result)),
        ("kernel log in memory", memory_log_lines(result.post_mortem)),
        ("scheduler log", [] if told else _tail(log_text(result, "scheduler"), _LOG_LINES)),
        ("sched_ext dump", [] if told else _head(_dump(result), _DUMP_LINES)),
        ("test output", [] if told else _tail(log_text(result, "test"), _LOG_LINES)),
        ("agent log", [] if told else _tail(log_text(result, "agent"), _LOG_LINES)),
        ("next", [] if told else _next(result)),
    ]
    for title, lines in sections:
        if lines:
            parts.append(f"--- {title} ---")
            parts += [f"  {line}".rstrip() for line in lines]
    return "\n".join(parts) + "\n"


def verdict_name(verdict: result_pb2.Verdict) -> str:
    """E.g. `FAIL`."""
    return result_pb2.Verdict.Name(verdict)


def kind_name(kind: result_pb2.Kind) -> str:
    """E.g. `scheduler_ejected`, as `ktstr.Kind` spells it."""
    return result_pb2.Kind.Name(kind).lower()


def _next(result: result_pb2.Result) -> list[str]:
    found = (files_to_read(result), *commands(result))
    return [printable(line).replace("\n", " ") for line in found]


def _details(result: result_pb2.Result) -> list[str]:
    if len(result.details) == 1 and result.details[0].message in headline(result):
        return []
    lines = []
    for detail in result.details[:_DETAILS_SHOWN]:
        first, *rest = printable(detail.message).strip().splitlines() or [""]
        lines.append(f"{verdict_name(detail.verdict)} {kind_name(detail.kind)}: {first}")
        lines += [f"  {line}" for line in rest]
    return lines + more_lines(len(result.details), _DETAILS_SHOWN)


def _remarks(result: result_pb2.Result) -> list[str]:
    lines = [_shortened(one_line(words)) for words in result.remarks[:_REMARKS_SHOWN]]
    return lines + more_lines(len(result.remarks), _REMARKS_SHOWN)


def _run(result: result_pb2.Result) -> list[str]:
    identity, ending = result.identity, result.ending
    topology = identity.topology
    seen = "" if topology.seen in ("", topology.asked) else f", seen {topology.seen}"
    rows = {
        "kernel": _kernel(identity.kernel),
        "patches": ", ".join(f"{each.name} {each.sha256[:12]}" for each in identity.patches),
        "scheduler": _scheduler(result),
        "places": _places(result),
        "topology": topology.asked + seen,
        "accelerator": f"{identity.accelerator.name}: {identity.accelerator.reason}",
        "seed": _seed(result),
        "start": _start(result.host),
        "guest": ending.kind + (f": {ending.detail}" if ending.detail else ""),
        "host": _took(result.host),
    }
    return [f"{name:<11} {one_line(text)}" for name, text in rows.items() if text]


def _kernel(kernel: result_pb2.Kernel) -> str:
    release = kernel.release or "(never came up)"
    label = kernel.label.removeprefix("@@")
    return f"{release}, {label}, vmlinux {kernel.vmlinux.sha256[:12] or 'unread'}"


def _scheduler(result: result_pb2.Result) -> str:
    lives = [life for life in result.schedulers if life.name]
    if not result.identity.HasField("scheduler"):
        return "; ".join(["none: the kernel's own class", *_lives(lives)])
    choice = result.identity.scheduler
    command = " ".join(choice.argv) or "; ".join(choice.enable) or choice.label.removeprefix("@@")
    ran = f"{command}, layer {choice.layer.sha256[:12] or 'unread'}"
    if len(lives) > 1:
        return "; ".join([ran, *_lives(lives)])
    life = result.schedulers[0] if result.schedulers else None
    return f"{ran}; {_came_to(life)}" if life is not None and life.phase else ran


def _places(result: result_pb2.Result) -> str:
    """Where scheduler and test looked, as far as the target says so."""
    choice, places = result.identity.scheduler, result.places
    parts = []
    if places.made_before_scheduler:
        parts.append(f"cgroups below {places.workload_root_cgroup}")
    if choice.cgroup_parent:
        parts.append(f"scheduler in {choice.cgroup_parent}")
    if choice.config:
        parts.append(f"configuration {choice.config}")
    if places.data:
        parts.append(f"files {', '.join(places.data)}")
    return "; ".join(parts)


def _lives(lives: list[result_pb2.Scheduler]) -> list[str]:
    """Who ran and what became of each; those alike once, with their number."""
    alike = collections.Counter(f"{facts.name} {_came_to(facts)}" for facts in lives)
    return [f"{words} ({count} times)" if count > 1 else words for words, count in alike.items()]


def _came_to(facts: result_pb2.Scheduler) -> str:
    status = f", ended with {facts.exit_status}" if facts.exit_status else ""
    return f"came to: {facts.phase}{status}"


def _dump(result: result_pb2.Result) -> str:
    return next((life.dump for life in result.schedulers if life.dump), "")


def _seed(result: result_pb2.Result) -> str:
    seed, run = result.identity.seed, result.host.run
    if not run:
        return str(seed)
    return f"{seed}, in run {run} of --runs_per_test; --@ktstr//rules:seed={seed} repeats it"


def _took(host: result_pb2.Host) -> str:
    phases = {phase.name: phase.seconds for phase in host.wall}
    total = phases.pop("total", None)
    if total is None:
        return ""
    parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in phases.items())
    return f"took {total:.1f} s" + (f": {parts}" if parts else "")


def _start(host: result_pb2.Host) -> str:
    start = host.start
    if not start.kind:
        return ""
    template = f" from {start.template[:12]}" if start.template else ""
    hello = f" in {start.hello_s:.2f} s" if start.HasField("hello_s") else ", no hello"
    return f"{start.kind}{template}{hello}: {_shortened(one_line(start.reason))}"


def _findings(result: result_pb2.Result) -> list[str]:
    lines = []
    for finding in result.console.findings[:_FINDINGS_SHOWN]:
        lines.append(f"{finding.kind} at line {finding.line_number} of console.log:")
        lines += [f"  {line}" for line in _lines(finding.excerpt or finding.text)]
    return lines + more_lines(len(result.console.findings), _FINDINGS_SHOWN)


def _tail(text: str, limit: int) -> list[str]:
    lines = _lines(text)
    left_out = len(lines) - limit
    return [f"({left_out} lines before)", *lines[-limit:]] if left_out > 0 else lines


def _lines(text: str) -> list[str]:
    return [_shortened(line) for line in printable(text).splitlines()]


def _shortened(line: str) -> str:
    if len(line) <= _LINE_CHARS:
        return line
    return f"{line[:_LINE_CHARS]}... ({len(line)} characters)"


def _head(text: str, limit: int) -> list[str]:
    lines = _lines(text)
    left_out = len(lines) - limit
    return [*lines[:limit], f"({left_out} lines more in result.json)"] if left_out > 0 else lines
