# SPDX-License-Identifier: Apache-2.0
"""What Bazel knows of test targets: a query's answer, and where results lie."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ktstr.command.workspace.answer import answer, program_of
from ktstr.model.codec import decode
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.machine.numa import NumaLayout
from ktstr.model.machine.topology import Topology
from tools.select.candidates import Target

_RULE_CLASS = "_ktstr_test"


@dataclass(frozen=True)
class Bazel:
    """Bazel in a workspace; `directory` is what relative patterns begin at."""

    workspace: Path
    directory: Path

    def targets(self, patterns: Sequence[str]) -> list[Target]:
        """The ktstr_tests among the targets that the patterns, and suites among them, mean.

        A pattern that begins with `-` takes targets away.

        Raises:
            UsageError: Bazel does not understand a pattern, or a BUILD file.
        """
        wanted = " ".join(each for each in patterns if not each.startswith("-"))
        unwanted = " ".join(each[1:] for each in patterns if each.startswith("-"))
        expression = f"tests(set({wanted}))"
        if unwanted:
            expression += f" except tests(set({unwanted}))"
        kind = f'kind("^{_RULE_CLASS} rule$", {expression})'
        return list(parse(self._run("query", "--output=streamed_jsonproto", kind)))

    def testlogs(self) -> Path:
        """The directory of results.

        Raises:
            UsageError: Bazel does not run here.
        """
        return Path(self._run("info", "bazel-testlogs").strip())

    def _run(self, command: str, *arguments: str) -> str:
        words = [command, "--noshow_progress", "--ui_event_filters=-info", *arguments]
        done = answer(program_of(self.workspace), words, self.directory)
        if done.returncode:
            raise UsageError(f"bazel {command} {' '.join(arguments)}:\n{done.stderr.strip()}")
        return done.stdout


def parse(answer: str) -> Iterator[Target]:
    """Reads what `bazel query --output=streamed_jsonproto` prints: a JSON object on each line.

    Raises:
        UsageError: a topology cannot be read, e.g. as it is a select().
        InfraError: the rule is not the one that we know.
    """
    for line in answer.splitlines():
        rule = json.loads(line)["rule"]
        values = {each["name"]: each for each in rule["attribute"]}
        label = rule["name"]
        try:
            topology = Topology.parse(_text(values, "topology"), _numa(values))
        except UsageError as error:
            raise UsageError(
                f"{label}: {error}; a target whose topology depends on the configuration cannot be "
                f"selected by a query, take it away with -{label}"
            ) from error
        yield Target(
            label=label,
            topology=topology,
            sources=_list(values, "srcs"),
            scheduler=_text(values, "scheduler"),
            kernel=_text(values, "kernel"),
            accel=_text(values, "accel"),
            staged=bool(_list(values, "staged_schedulers")),
            disks=bool(_list(values, "disks")),
            payloads=bool(_list(values, "payloads")),
            tags=_list(values, "tags"),
        )


def _numa(values: dict[str, Any]) -> NumaLayout | None:
    text = _text(values, "numa")
    return decode(NumaLayout, json.loads(text)) if text else None


def _text(values: dict[str, Any], name: str) -> str:
    return str(_value(values, name).get("stringValue", ""))


def _list(values: dict[str, Any], name: str) -> tuple[str, ...]:
    return tuple(_value(values, name).get("stringListValue", ()))


def _value(values: dict[str, Any], name: str) -> dict[str, Any]:
    """An attribute of a rule; one that nobody has set is there, too, without a value."""
    try:
        found: dict[str, Any] = values[name]
    except KeyError:
        raise InfraError(
            f"a {_RULE_CLASS} has no attribute {name}; found: {', '.join(sorted(values))}. Run the "
            f"//tools/select of the ktstr that the targets are of"
        ) from None
    return found
