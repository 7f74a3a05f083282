# SPDX-License-Identifier: Apache-2.0
"""Kernel configuration fragments: reading, joining, and checking what became of every line.

A fragment's line is `CONFIG_NAME=value` or `# CONFIG_NAME is not set`, as in a .config; it may end
in `# nocheck: reason`, which exempts it from the check against the final .config.  Any other
comment stands on a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_SET = re.compile(r"CONFIG_(\w+)=(\S.*)")
_UNSET = re.compile(r"# CONFIG_(\w+) is not set")
_NOCHECK = re.compile(r"\s+# nocheck:(.*)$")
_DEFINITION = re.compile(r"^(?:menu)?config\s+(\w+)\s*$")
_DEPENDS = re.compile(r"^\s+(depends on .*)$")


class ConfigError(Exception):
    """One or several things are wrong with a configuration; the text names each and its place."""


@dataclass(frozen=True)
class Line:
    """One setting of a fragment; value `n` also stands for `is not set`.

    nocheck: why the final .config may differ; empty when it may not.
    """

    option: str
    value: str
    place: str
    nocheck: str = ""

    def __str__(self) -> str:
        return f"CONFIG_{self.option}={self.value}"


@dataclass(frozen=True)
class Symbol:
    """A Kconfig symbol: where it is defined and what it depends on, as written there."""

    places: tuple[str, ...]
    depends: tuple[str, ...]


def parse_fragment(name: str, text: str) -> list[Line]:
    """The settings of one fragment, in order.

    Raises:
        ConfigError: a line is neither a setting nor a comment, or a nocheck has no reason.
    """
    lines: list[Line] = []
    problems: list[str] = []
    for number, raw in enumerate(text.splitlines(), 1):
        place, reason = f"{name}:{number}", ""
        stripped = raw.strip()
        nocheck = _NOCHECK.search(stripped)
        if nocheck:
            reason, stripped = nocheck.group(1).strip(), stripped[: nocheck.start()]
            if not reason:
                problems.append(f"{place}: nocheck without a reason; write `# nocheck: why`")
        if match := _SET.fullmatch(stripped):
            lines.append(Line(match[1], match[2], place, reason))
        elif match := _UNSET.fullmatch(stripped):
            lines.append(Line(match[1], "n", place, reason))
        elif stripped and not stripped.startswith("#"):
            problems.append(
                f"{place}: {stripped!r} is neither CONFIG_NAME=value nor "
                f"`# CONFIG_NAME is not set`; a comment needs a line of its own"
            )
    if problems:
        raise ConfigError("\n".join(problems))
    return lines


def join(fragments: Iterable[Sequence[Line]]) -> list[Line]:
    """All settings, each option once, in order of first appearance.

    Raises:
        ConfigError: an option is given two values; both places are shown.
    """
    joined: dict[str, Line] = {}
    problems: list[str] = []
    for line in (line for fragment in fragments for line in fragment):
        first = joined.setdefault(line.option, line)
        if first.value != line.value:
            problems.append(
                f"CONFIG_{line.option} is given two values; keep one:\n"
                f"  {first.place}: {first}\n  {line.place}: {line}"
            )
    if problems:
        raise ConfigError("\n".join(problems))
    return list(joined.values())


def render(lines: Iterable[Line]) -> str:
    """The settings as a .config that kconfig reads."""
    return "".join(
        f"# CONFIG_{line.option} is not set\n" if line.value == "n" else f"{line}\n"
        for line in lines
    )


def parse_config(text: str) -> dict[str, str]:
    """Option -> value of a final .config; what is not set is left out."""
    return {match[1]: match[2] for match in map(_SET.fullmatch, text.splitlines()) if match}


def parse_kconfig(name: str, text: str, symbols: dict[str, Symbol]) -> None:
    """Adds the symbols that one Kconfig file defines to `symbols`."""
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        if match := _DEFINITION.match(line):
            current = match[1]
            known = symbols.get(current, Symbol((), ()))
            symbols[current] = Symbol((*known.places, f"{name}:{number}"), known.depends)
        elif current and (match := _DEPENDS.match(line)):
            known = symbols[current]
            symbols[current] = Symbol(known.places, (*known.depends, match[1]))
        elif line and not line[0].isspace() and not line.startswith("#"):
            current = ""


def verify(
    lines: Iterable[Line], final: Mapping[str, str], symbols: Mapping[str, Symbol]
) -> list[str]:
    """What did not stick: one text per line of a fragment that the final .config contradicts."""
    problems = []
    for line in lines:
        found = final.get(line.option, "n")
        if line.nocheck or found == line.value:
            continue
        problem = f"{line.place}: {line} did not stick: the final .config has "
        problem += f"CONFIG_{line.option}={found}" if found != "n" else "it not set"
        symbol = symbols.get(line.option)
        if symbol is None:
            problem = (
                f"{line.place}: {line}: this kernel knows no option CONFIG_{line.option}; "
                f"correct its name or remove the line"
            )
        else:
            problem += f"\n  defined at {', '.join(symbol.places)}"
            problem += "".join(f"\n  {depends}" for depends in symbol.depends)
            problem += (
                "\n  Set what it depends on (or unset what selects it), or end the line with "
                "`# nocheck: reason`."
            )
        problems.append(problem)
    return problems
