# SPDX-License-Identifier: Apache-2.0
"""Arguments on the kernel's command line that had no effect: another machine than was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ktstr.console.findings import ConsoleKind
from ktstr.judge.run.kernel_log import where
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord

# init/main.c, kernel/params.c and fs/proc/proc_sysctl.c of Linux 6.12; a long line is cut
_UNKNOWN = re.compile(r'Unknown kernel command line parameters "(.*?)(?:"|$)')
_SYSCTL = re.compile(r".+ sysctl parameter '([^'=]+)")
_REFUSED = re.compile(r".+ (?:for|Unknown) parameter `([^']+)'|Malformed early option '([^'=]+)")


def boot_parameters(run: RunRecord) -> list[Detail]:
    """INCONCLUSIVE where the kernel took no notice of an argument that the plan asks for.

    What nobody asked for, such as what ktstr passes by itself, is of no account.
    """
    asked = {_name(karg): karg for karg in run.plan.kargs}
    said = {name: words for name, words in _said(run) if name in asked}
    unknown = [karg for name, karg in asked.items() if said.get(name) == ""]
    details = []
    if unknown:
        what = ", ".join(map(repr, unknown))
        message = (
            f"the kernel does not know {what}, asked for by kargs of the target or its scheduler, "
            f"and only passed it on to user space: a typing error, or an option that this kernel "
            f"was built without (see its .config)"
        )
        details.append(Detail(Kind.BOOT_PARAMETER, message, Verdict.INCONCLUSIVE, unknown[0]))
    for name, words in said.items():
        if words:
            message = (
                f"the kernel did not take {asked[name]!r}, asked for by the target or its "
                f"scheduler: {words}"
            )
            found = Detail(Kind.BOOT_PARAMETER, message, Verdict.INCONCLUSIVE, asked[name])
            details.append(found)
    return details


def _said(run: RunRecord) -> Iterator[tuple[str, str]]:
    """Names of arguments that had no effect, each with the kernel's words; none: it is unknown."""
    for argument in run.hello.unknown_arguments if run.hello else ():
        yield _name(argument), ""
    for finding in run.console or ():
        if finding.kind is not ConsoleKind.BOOT_PARAMETER:
            continue
        if match := _UNKNOWN.match(finding.text):
            for argument in match[1].split():
                yield _name(argument), ""
        elif match := _SYSCTL.match(finding.text):
            yield _name(f"sysctl.{match[1]}"), where(finding)
        elif match := _REFUSED.match(finding.text):
            yield _name(match[1] or match[2]), where(finding)


def _name(argument: str) -> str:
    """As the kernel compares them (parameq() of kernel/params.c)."""
    return argument.partition("=")[0].replace("-", "_")
