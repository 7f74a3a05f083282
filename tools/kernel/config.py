# SPDX-License-Identifier: Apache-2.0
"""Kernel configuration fragments: reading, joining, and checking what became of every line.

A fragment's line is `CONFIG_NAME=value` or `# CONFIG_NAME is not set`, as in a .config; it may end
in `# nocheck: reason`, which exempts it from the check against the final .config.  Any other
comment stands on a line of its own.  The comment `# ktstr: replaces CONFIG_NAME` has the setting
right below it take the place of what other fragments say of that option.  `# ktstr: no trace events
in DIRECTORY` is for tools/kernel/events.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

# As kconfig writes values (scripts/kconfig/confdata.c of Linux 6.12); a string's may hold a `#`.
_VALUE = r'y|m|n|[+-]?[0-9]+|0[xX][0-9a-fA-F]+|"(?:[^"\\]|\\.)*"'
_SETTING = re.compile(
    rf"(?:CONFIG_(?P<set>[A-Za-z0-9_]+)=(?P<value>{_VALUE})"
    r"|# CONFIG_(?P<unset>[A-Za-z0-9_]+) is not set)(?:\s+# nocheck:(?P<why>.*))?"
)
# What begins as if it unset something, of one option or of several.
_LIKE_UNSET = re.compile(
    r"[#\s]*CONFIG_\w+(?:(?:[\s,;&/+]|\band\b|\bor\b)+CONFIG_\w+)*[\s,;:]+"
    r"(?:(?:(?:is|are)\s+)?(?:not\s+set|unset)|(?:isn't|aren't)\s+set)\b",
    re.IGNORECASE,
)
_DIRECTIVE = re.compile(r"#\s*ktstr\s*:", re.IGNORECASE)
_REPLACES = re.compile(r"# ktstr: replaces CONFIG_([A-Za-z0-9_]+)")
# What tools/kernel/events.py reads: whether "no", and the directory.
EVENTS = re.compile(r"# ktstr: (no )?trace events in (\w[\w.-]*(?:/\w[\w.-]*)*)")
_NOT_BELOW = (
    "{place}: replaces CONFIG_{option}, and the line below does not set it; put this right above "
    "the line that does"
)
_FINAL = re.compile(r"CONFIG_(\w+)=(\S.*)")
_DEFINITION = re.compile(r"^\s*(?:menu)?config\s+(\w+)\s*(?:#.*)?$")
_DEPENDS = re.compile(r"^\s+(depends on .*)$")


class ConfigError(Exception):
    """One or several things are wrong with a configuration; the text names each and its place."""


@dataclass(frozen=True)
class Line:
    """One setting of a fragment; value `n` also stands for `is not set`.

    nocheck: why the final .config may differ; empty when it may not.  replaces: it takes the place
    of what other fragments say of the option.
    """

    option: str
    value: str
    place: str
    nocheck: str = ""
    replaces: bool = False

    def __str__(self) -> str:
        return f"CONFIG_{self.option}={self.value}"


@dataclass(frozen=True)
class Symbol:
    """A Kconfig symbol: where it is defined and what it depends on, as written there."""

    places: tuple[str, ...]
    depends: tuple[str, ...]


def fragment_text(name: str, content: bytes) -> str:
    """The text of a fragment's file.

    Raises:
        ConfigError: it is no UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{name}:{line}: byte {content[error.start]:#04x} is no UTF-8; "
            f"save the fragment as UTF-8"
        ) from None


def parse_fragment(name: str, text: str) -> list[Line]:
    """The settings of one fragment, in order.

    Raises:
        ConfigError: a line is neither exactly a setting nor a comment, a nocheck has no reason, or
            what a comment says is replaced is not set right below it.
    """
    lines: list[Line] = []
    problems: list[str] = []
    awaited: tuple[str, str] | None = None  # the option to be replaced, and the place that says so
    for number, raw in enumerate(text.split("\n"), 1):
        place = f"{name}:{number}"
        try:
            line = _parse(place, raw.strip())
            replaced, awaited = awaited, None
            if isinstance(line, str):
                awaited = (line, place) if line else None
            if replaced:
                line = _replacing(line, *replaced)
            if isinstance(line, Line):
                lines.append(line)
        except ConfigError as error:
            problems.append(str(error))
    if awaited:
        problems.append(_NOT_BELOW.format(option=awaited[0], place=awaited[1]))
    if problems:
        raise ConfigError("\n".join(problems))
    return lines


def _parse(place: str, text: str) -> Line | str:
    """The setting of a line; of a comment, the option that it says is replaced below, or ''."""
    if match := _SETTING.fullmatch(text):
        why = match["why"]
        if why is not None and not why.strip():
            raise ConfigError(f"{place}: nocheck without a reason; write `# nocheck: why`")
        option = match["set"] or match["unset"]
        return Line(option, match["value"] or "n", place, (why or "").strip())
    if match := _REPLACES.fullmatch(text):
        return match[1]
    if _DIRECTIVE.match(text) and not EVENTS.fullmatch(text):
        raise ConfigError(
            f"{place}: {text!r} is no comment for ktstr; write `# ktstr: replaces CONFIG_NAME`, "
            f"right above the line that sets it, or `# ktstr: no trace events in DIRECTORY`"
        )
    # a carriage return inside ends a line for editors, and not for kconfig
    if (text and not text.startswith("#")) or _LIKE_UNSET.match(text) or "\r" in text:
        raise ConfigError(
            f"{place}: {text!r} is neither exactly CONFIG_NAME=value, the value being y, m, n, a "
            f'number or a "text", nor exactly `# CONFIG_NAME is not set`; put one setting on a '
            f"line, and a comment on a line of its own"
        )
    return ""


def _replacing(line: Line | str, option: str, place: str) -> Line:
    """The line below `# ktstr: replaces CONFIG_option`, which stands at `place`."""
    if not isinstance(line, Line) or line.option != option:
        raise ConfigError(_NOT_BELOW.format(option=option, place=place))
    return replace(line, replaces=True)


def join(fragments: Iterable[Sequence[Line]]) -> list[Line]:
    """All settings, each option once, in order of first appearance.

    Raises:
        ConfigError: an option is given two values, and neither line says that it replaces the
            other; both places are shown.  Or a line replaces what no other fragment sets.
    """
    said: dict[str, list[tuple[int, Line]]] = {}
    for index, fragment in enumerate(fragments):
        for line in fragment:
            said.setdefault(line.option, []).append((index, line))
    joined: list[Line] = []
    problems: list[str] = []
    for option, lines in said.items():
        standing = _standing(lines)
        unfounded = [
            line
            for index, line in lines
            if line.replaces and all(other == index for other, _ in lines)
        ]
        problems += [
            f"{line.place}: replaces CONFIG_{option}, which no other fragment sets; remove the "
            f"comment `# ktstr: replaces CONFIG_{option}`, or correct the name"
            for line in unfounded
        ]
        first = standing[0]
        problems += [
            f"CONFIG_{option} is given two values; keep one, or write `# ktstr: replaces "
            f"CONFIG_{option}` right above the one that is to hold:\n"
            f"  {first.place}: {first}\n  {line.place}: {line}"
            for line in standing
            if line.value != first.value
        ]
        joined.append(first)
    if problems:
        raise ConfigError("\n".join(problems))
    return joined


def _standing(lines: Sequence[tuple[int, Line]]) -> list[Line]:
    """What is said of an option, less what another fragment replaces."""
    replacing = {index for index, line in lines if line.replaces}
    if not replacing:
        return [line for _, line in lines]
    return [line for index, line in lines if line.replaces or index in replacing]


def render(lines: Iterable[Line]) -> str:
    """The settings as a .config that kconfig reads."""
    return "".join(
        f"# CONFIG_{line.option} is not set\n" if line.value == "n" else f"{line}\n"
        for line in lines
    )


def parse_config(text: str) -> dict[str, str]:
    """Option -> value of a final .config; what is not set is left out."""
    return {match[1]: match[2] for match in map(_FINAL.fullmatch, text.splitlines()) if match}


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
        found, symbol = final.get(line.option, "n"), symbols.get(line.option)
        # an option that does not exist is not set: a name that was mistyped would go unseen
        if line.nocheck or (found == line.value and symbol is not None):
            continue
        problem = f"{line.place}: {line} did not stick: the final .config has "
        problem += f"CONFIG_{line.option}={found}" if found != "n" else "it not set"
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
