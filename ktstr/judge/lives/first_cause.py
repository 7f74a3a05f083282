# SPDX-License-Identifier: Apache-2.0
"""Why a scheduler did not load or attach, found in what it and the kernel said.

The formats are those of libbpf 1.0 to 1.6 (src/libbpf.c), the verifier (kernel/bpf/verifier.c, and
diagnostics.c of 7.3), sched_ext (kernel/sched/ext.c), SCX_BUG_ON (tools/sched_ext/include/scx/
common.h), the chains of causes of anyhow and color-eyre, panics of Rust and Go, and what clap and
getopt(3) refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ktstr.console.verifier_log import rejection

_LONGEST = 300
_VERIFIER = "the verifier said: "

# From what names the thing that lacks to what says only where it went wrong; of several matches of
# one the last counts, for a program may have tried something else before.
_CAUSES = tuple(
    (re.compile(pattern, re.MULTILINE), words)
    for pattern, words in (
        (r"extern \(func ksym\) '(.+?)': not found", "the kernel has no kfunc {0}"),
        (r"kfunc '(.+?)' is referenced but wasn't resolved", "the kernel has no kfunc {0}"),
        (
            r"extern \(func ksym\) '(.+?)': func_proto .*incompatible",
            "the kernel's kfunc {0} takes other arguments",
        ),
        (r"extern \(var ksym\) '(.+?)': not found", "the kernel has no variable {0}"),
        (
            r"extern \(var ksym\) '(.+?)': incompatible types",
            "the kernel's variable {0} has another type",
        ),
        (r"extern \(kcfg\) '(.+?)': (.+)", "the kernel's configuration: {0}: {1}"),
        (r"extern '(.+?)' \(strong\): not resolved", "the kernel does not give {0}"),
        (
            r"struct_ops init_kern \S+: Cannot find member (\S+) in kernel BTF",
            "the kernel's struct sched_ext_ops has no field {0}",
        ),
        (
            r"struct_ops init_kern: struct (\S+) is not found in kernel BTF",
            "the kernel has no struct {0}: was it built with CONFIG_SCHED_CLASS_EXT?",
        ),
        (
            r"struct_ops init_kern (\S+(?: func ptr \S+)?: .+)",
            "the kernel's struct sched_ext_ops does not fit {0}",
        ),
        (
            r"attach to unsupported member (\S+) of struct (\S+)",
            "the kernel's struct {1} takes no program for {0}",
        ),
        (
            r"failed to resolve CO-RE relocation (.+)",
            "the kernel lacks what a CO-RE relocation asks for: {0}",
        ),
        (r"map '(.+?)': failed to create: (.+)", "the kernel did not create map {0}: {1}"),
        (
            r"(?:failed to find valid kernel BTF|kernel BTF is missing at) *(.*)",
            "the kernel has no BTF (CONFIG_DEBUG_INFO_BTF) {0}",
        ),
        # 7.3 explains itself below its reason (kernel/bpf/diagnostics.c bpf_diag_header)
        (r"^(?!\d+: |; |\s)(.+)\n\nVerification failed: ", _VERIFIER + "{0}"),
        (r"^Verification failed: (.+)", _VERIFIER + "{0}"),
        # the verifier's reason stands before its closing statistics (print_verification_stats)
        (r"^(.+)\nprocessed \d+ insns", _VERIFIER + "{0}"),
        (r"^(?!.*-- BEGIN PROG LOAD LOG)(.+)\n-- END PROG LOAD LOG --", _VERIFIER + "{0}"),
        (
            r"prog '(.+?)': BPF program load failed: (.+)",
            "the kernel did not load program {0}: {1}",
        ),
        (r"prog '(.+?)': (failed to .+)", "program {0}: {1}"),
    )
)
# its indented lines, up to the blank one behind them (diag_suggestion)
_SUGGESTION = re.compile(r"^Suggestion:\n((?: +\S.*\n)+)", re.MULTILINE)
# colours, and the line breaks of a terminal
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\r(?=\n)")
_PANIC = re.compile(
    r"(?<!\S)thread '[^'\n]*' (?:\(\d+\) )?panicked at "
    r"(?:'(?P<old>[^\0]{0,2000}?)', (?P<at>\S+:\d+)$|(?P<place>\S+):\n(?P<new>.*)$)",
    re.MULTILINE,
)
# what follows a panic's message
_AFTER_PANIC = re.compile(r"^(?:note: |stack backtrace:|(?:\S* )?Error: )", re.MULTILINE)
_GO_PANIC = re.compile(r"^panic: (.+)$", re.MULTILINE)
_BUG = re.compile(r"^\[SCX_BUG\] (\S+?)(?: \((.+)\))?\n(.+)$", re.MULTILINE)
_CHAIN = re.compile(r"^(?:\S* )?[Ee]rror:(?: +(.*))?$", re.MULTILINE)
_CAUSE = re.compile(r"\s+(?:(\d+): )?(.*\S)")
_OPTION = re.compile(
    r"^\S+: ((?:invalid|unrecognized|ambiguous) option\b.*|option\b.* requires an argument.*)$",
    re.MULTILINE | re.IGNORECASE,
)

# What an error means where a scheduler is loaded; `os error N` is Rust's way to say it.
_PERMISSION = (
    re.compile(r"Operation not permitted|\bEPERM\b|os error 1\b"),
    "a permission lacks: bpf(2) wants CAP_BPF and CAP_PERFMON, and no lockdown",
)
_ERRNOS = (
    _PERMISSION,
    (
        re.compile(r"Argument list too long|\bE2BIG\b|os error 7\b"),
        "the kernel takes 30000 as ops.timeout_ms at most, 2147483647 as ops.dispatch_max_batch",
    ),
    (
        re.compile(r"Permission denied|\bEACCES\b|os error 13\b"),
        "a permission lacks, or the verifier refused a program without its log",
    ),
    (re.compile(r"Device or resource busy|\bEBUSY\b|os error 16\b"), "another is attached"),
    (
        re.compile(r"Invalid argument|\bEINVAL\b|os error 22\b"),
        "the kernel refuses ops.flags that it does not know, an ops.name with others than letters, "
        "digits, _ and ., and the parameter isolcpus",
    ),
)
# errors of other things than loading are not explained
_LOADING = re.compile(r"attach|load|struct.?ops|skel|bpf|scheduler|\bmap\b|program", re.IGNORECASE)


def causes(said: str, kernel_words: Iterable[str]) -> tuple[str, ...]:
    """The first cause, and what it means where that is known; empty where nothing was said.

    Args:
        said: the scheduler's own output.
        kernel_words: lines of the kernel's log during its life, as in `SchedulerFacts`.
    """
    said = _ESCAPES.sub("", said)
    named = _named(said)
    if named:
        return tuple(filter(None, (named, _meaning(named, _PERMISSION), _suggested(said))))
    told = last_words(said)
    parts = [told, _meaning(told, *_ERRNOS)]
    parts += [f"the kernel's log says: {_short(line)}" for line in list(kernel_words)[-2:]]
    return tuple(filter(None, parts))


def last_words(said: str) -> str:
    """What a program said last of itself: the end of its chain of causes, or its last line."""
    said = _ESCAPES.sub("", said)
    told = _told(said)
    if told:
        return told
    lines = [line for line in said.splitlines() if line.strip()]
    return f"it last said: {_short(lines[-1])}" if lines else ""


def _named(said: str) -> str:
    for pattern, words in _CAUSES:
        found = list(pattern.finditer(said))
        if found:
            named = words.format(*map(_short, found[-1].groups())).strip()
            return f"{named}{_where(said)}" if words.startswith(_VERIFIER) else named
    return ""


def _where(said: str) -> str:
    """The line of the source that the verifier was at; empty where that is not known."""
    refused = rejection(said)
    if refused is None or not refused.at:
        return ""
    return f" ({refused.program}, {_short(refused.at)})"


def _suggested(said: str) -> str:
    """What the verifier would have changed in the program that it refused last."""
    found = list(_SUGGESTION.finditer(said))
    return f"it suggests: {_short(' '.join(found[-1][1].split()))}" if found else ""


def _told(said: str) -> str:
    """What its language's or library's way of giving up says; empty where it has none."""
    if panics := list(_PANIC.finditer(said)):
        return f"it panicked: {_panic(panics[-1], said[panics[-1].end() :])}"
    if panics := list(_GO_PANIC.finditer(said)):
        return f"it panicked: {_short(panics[-1][1])}"
    if chains := list(_CHAIN.finditer(said)):
        chain = _chain(chains[-1][1] or "", said[chains[-1].end() :])
        return f"it said: {chain}" if chain else ""
    if bugs := list(_BUG.finditer(said)):
        place, errno, text = bugs[-1].groups()
        return f"it said: {_short(text)} ({', '.join(filter(None, (place, errno)))})"
    if options := list(_OPTION.finditer(said)):
        return f"it said: {_short(options[-1][1])}"
    return ""


def _panic(panic: re.Match[str], rest: str) -> str:
    """A panic's message, with the last cause of an error that was unwrapped; else its place."""
    message = panic["new"] if panic["old"] is None else panic["old"]
    top, _, more = message.partition("\n")
    after = _AFTER_PANIC.search(rest)
    said = _chain(top, f"\n{more}\n{rest[: after.start()] if after else rest}")
    return said or f"without a message, at {panic['place'] or panic['at']}"


def _chain(top: str, rest: str) -> str:
    """`top: last cause` of a chain of causes; `rest` is what follows its first line.

    Without `top` the list follows at once, as color-eyre has it, and begins with it.  Of a cause of
    several lines the first is told.
    """
    top = top.strip()
    listed = rest.partition("\nCaused by:\n")[2] if top else rest
    told = [top] if top else []
    count = 0
    for line in listed.splitlines():
        match = _CAUSE.match(line)
        if match is None and line.strip():
            break
        if match and (match[1] == f"{count}" or not count):
            told.append(match[2])
            count += 1
    return _short(": ".join([*told[:1], *told[1:][-1:]]))


def _meaning(text: str, *known: tuple[re.Pattern[str], str]) -> str:
    if not _LOADING.search(text):
        return ""
    return next((words for pattern, words in known if pattern.search(text)), "")


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
