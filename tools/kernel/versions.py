# SPDX-License-Identifier: Apache-2.0
"""Which options of fragments hold for which versions of Linux: `CONFIG_NAME from 6.13 until 7.3`.

One option stands on a line, with the version that it came with, the one that it went with, or both;
what begins with `#` is a comment.  It holds in versions from the first on, and before the second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.kernel.config import ConfigError, parse_fragment

# of a kernel's Makefile: VERSION and PATCHLEVEL
Version = tuple[int, int]

_NUMBERS = r"(\d+)\.(\d+)"
_RANGE = re.compile(
    rf"CONFIG_(?P<option>[A-Za-z0-9_]+)(?: from {_NUMBERS})?(?: until {_NUMBERS})?(?:\s+#.*)?"
)
_MAKEFILE = re.compile(r"^(VERSION|PATCHLEVEL) = (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Range:
    """The versions that an option is in: from `since` on, before `until`; None: without an end."""

    option: str
    place: str
    since: Version | None
    until: Version | None

    def holds(self, version: Version) -> bool:
        """Whether a kernel of that version has the option."""
        after = self.since is None or self.since <= version
        return after and (self.until is None or version < self.until)


def parse_versions(name: str, text: str) -> dict[str, Range]:
    """Ranges by option.

    Raises:
        ConfigError: a line is no such range, its end is not after its begin, or an option has two.
    """
    found: dict[str, Range] = {}
    problems = []
    for number, raw in enumerate(text.splitlines(), 1):
        place, line = f"{name}:{number}", raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _RANGE.fullmatch(line)
        if match is None or not (match[2] or match[4]):
            problems.append(
                f"{place}: {line!r} says no versions; write `CONFIG_NAME from 6.13`, "
                f"`CONFIG_NAME until 7.3`, or both"
            )
            continue
        since, until = _version(match[2], match[3]), _version(match[4], match[5])
        each = Range(match["option"], place, since, until)
        if since and until and since >= until:
            problems.append(f"{place}: {line!r} holds for no version: it ends before it begins")
        elif before := found.get(each.option):
            problems.append(
                f"{place}: CONFIG_{each.option} has versions at {before.place}, too; keep one"
            )
        else:
            found[each.option] = each
    if problems:
        raise ConfigError("\n".join(problems))
    return found


def _version(major: str | None, minor: str | None) -> Version | None:
    return (int(major), int(minor)) if major and minor else None


def version_of(makefile: str) -> Version:
    """A kernel's version by the text of its top Makefile.

    Raises:
        ConfigError: it does not say.
    """
    numbers = {name: int(value) for name, value in _MAKEFILE.findall(makefile)}
    if len(numbers) < 2:
        raise ConfigError(
            "the kernel's Makefile says no VERSION and PATCHLEVEL, which it begins with"
        )
    return numbers["VERSION"], numbers["PATCHLEVEL"]


def of_version(name: str, text: str, ranges: dict[str, Range], version: Version) -> str:
    """A fragment without the lines of options that a kernel of that version does not have.

    What stands in their places are comments, so that all other lines keep their numbers.

    Raises:
        ConfigError: the fragment is not well-formed.
    """
    lines = text.split("\n")
    for each in parse_fragment(name, text):
        known = ranges.get(each.option)
        if known is None or known.holds(version):
            continue
        at = int(each.place.rpartition(":")[2]) - 1
        said = ".".join(map(str, version))
        lines[at] = f"# {each.option}: not in {said} ({known.place})"
        if each.replaces:
            lines[at - 1] = f"# it would replace {each.option}"
    return "\n".join(lines)
