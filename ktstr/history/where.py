# SPDX-License-Identifier: Apache-2.0
"""Conditions on results, as a command line has them, e.g. `accel=tcg` or `test=wake*`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ktstr.history.moment import checked_moment
from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean
from ktstr.result import result_pb2

# dimension -> its column
DIMENSIONS: dict[str, str] = {
    "run": "run.id",
    "commit": 'run."commit"',
    "branch": "run.branch",
    "dirty": "run.dirty",
    "ci": "run.ci",
    "imported": "run.imported",
    "label": "variant.label",
    "test": "variant.test",
    "source": "variant.source",
    "topology": "variant.topology",
    "kernel": "variant.kernel",
    "scheduler": "variant.scheduler",
    "accel": "variant.accel",
    "release": "facts.release",
    "vmlinux": "facts.vmlinux",
    "layer": "facts.layer",
    "seed": "facts.seed",
    "verdict": "facts.verdict",
    "cause": "facts.cause",
    "started": "result.started",
    "load": "result.load",
    "hostname": "host.hostname",
    "cpu_model": "host.cpu_model",
    "governor": "host.governor",
    "mitigations": "host.mitigations",
    "thp": "host.thp",
}
TAG = "tag."
_TAGGED = re.compile(rf"{re.escape(TAG)}.+")
# Of a label its name alone will do, of a digest its beginning.
_LABELS = frozenset({"label", "kernel", "scheduler"})
_DIGESTS = frozenset({"commit", "vmlinux", "layer"})
_HAPPENED = frozenset({"started", "imported"})
_NUMBERS = frozenset({"run", "dirty"})
# Of these there are >= and <=, too.
_ORDERED = frozenset({*_HAPPENED, "run", "load"})
_LOAD = re.compile(r"[0-9]+(\.[0-9]+)?")
_EEVDF = "eevdf"
_BOOLEANS = {"yes": "1", "no": "0", "true": "1", "false": "0", "1": "1", "0": "0"}
# Of these dimensions all that there is; results that passed have no cause.
_VALUES: dict[str, tuple[str, ...]] = {
    "dirty": tuple(_BOOLEANS),
    "verdict": tuple(each.lower() for each in result_pb2.Verdict.DESCRIPTOR.values_by_name),
    "cause": ("", *(each.lower() for each in result_pb2.Kind.DESCRIPTOR.values_by_name)),
}
_CONDITION = re.compile(r"([\w.-]+)(!=|>=|<=|=)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Condition:
    """One condition; `operator` is =, !=, >= or <=."""

    dimension: str
    operator: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Reads `DIMENSION=VALUE`.

        Raises:
            UsageError: it is none, or there is no such dimension.
        """
        match = _CONDITION.fullmatch(text.strip())
        if match is None:
            raise UsageError(
                f"{text!r} is no condition; DIMENSION=VALUE is, with =, !=, >= or <=, e.g. "
                f"accel=tcg"
            )
        dimension, operator, value = match.groups()
        if dimension not in DIMENSIONS and not _TAGGED.fullmatch(dimension):
            raise UsageError(
                f"there is no dimension {dimension!r}{did_you_mean(dimension, DIMENSIONS)}; there "
                f"are {', '.join(sorted(DIMENSIONS))}, and {TAG}NAME"
            )
        if operator in (">=", "<=") and dimension not in _ORDERED:
            raise UsageError(
                f"{text!r}: {operator} is of {', '.join(sorted(_ORDERED))}; of others "
                f"there are = and !="
            )
        _check_value(text, dimension, value)
        return cls(dimension, operator, value)

    def sql(self) -> tuple[str, list[str]]:
        """The condition over the tables that `queries` joins, and its parameters."""
        if self.dimension.startswith(TAG):
            tagged = (
                "EXISTS(SELECT 1 FROM run_tag WHERE run_tag.run_id = run.id AND key = ? AND"
                " value GLOB ?)"
            )
            key = self.dimension.removeprefix(TAG)
            return (tagged if self.operator == "=" else f"NOT {tagged}"), [key, self.value]
        column = DIMENSIONS[self.dimension]
        if self.operator in (">=", "<="):
            number = {"run": "CAST(? AS INTEGER)", "load": "CAST(? AS REAL)"}
            return f"{column} {self.operator} {number.get(self.dimension, '?')}", [self.value]
        test, value = self._equal(column)
        # what is not known differs from all
        return (test if self.operator == "=" else f"coalesce(NOT {test}, 1)"), [value]

    def _equal(self, column: str) -> tuple[str, str]:
        value = self.value
        if self.dimension == "scheduler" and value == _EEVDF:
            value = ""
        if self.dimension == "dirty":
            value = _BOOLEANS[value.lower()]
        if self.dimension == "verdict":
            value = value.upper()
        if self.dimension == "cause":
            value = value.lower()
        if self.dimension in _NUMBERS:
            return f"{column} = CAST(? AS INTEGER)", value
        if self.dimension == "load":
            return f"{column} = CAST(? AS REAL)", value
        if self.dimension in _DIGESTS and value:
            value = f"{value}*"
        if self.dimension in _LABELS and value and "//" not in value:
            value = f"*:{value}"
        if _is_pattern(value):
            return f"{column} GLOB ?", value
        return f"{column} = ?", value


def _check_value(text: str, dimension: str, value: str) -> None:
    """Refuses what no result can have: nothing found would be told as nothing there.

    Raises:
        UsageError: the value is none of the dimension's.
    """
    if dimension == "run" and not (value.isascii() and value.isdecimal()):
        raise UsageError(f"{text!r}: {value!r} is no number of a run; `ktstr runs` lists them")
    if dimension == "load" and not _LOAD.fullmatch(value):
        raise UsageError(f"{text!r}: {value!r} is no load; 1.5 is")
    if dimension in _HAPPENED and not _is_pattern(value):
        checked_moment(value)
    known = _VALUES.get(dimension, ())
    fits = value.lower() in known or (_is_pattern(value) and dimension not in _NUMBERS)
    if known and not fits:
        raise UsageError(
            f"{text!r}: of {dimension} there are only {', '.join(filter(None, known))}"
            f"{did_you_mean(value.lower(), known)}"
        )


def _is_pattern(value: str) -> bool:
    return any(each in value for each in "*?[")


def parse_conditions(texts: Iterable[str]) -> tuple[Condition, ...]:
    """Conditions that must all hold; a text may have several, with commas.

    Raises:
        UsageError: one of them is none.
    """
    parts = [part for text in texts for part in text.split(",") if part.strip()]
    return tuple(Condition.parse(part) for part in parts)


def sql_of(conditions: Sequence[Condition]) -> tuple[str, list[str]]:
    """All conditions as one, `1` where there are none, and the parameters."""
    found = [each.sql() for each in conditions]
    if not found:
        return "1", []
    return (
        " AND ".join(f"({text})" for text, _ in found),
        [value for _, values in found for value in values],
    )
