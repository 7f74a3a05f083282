# SPDX-License-Identifier: Apache-2.0
"""What Bazel tells a test and what it wants back, by its test encyclopedia.

https://bazel.build/reference/test-encyclopedia names the variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ktstr.model.errors import UsageError
from ktstr.runner.cases.selection import Selection, Shard
from ktstr.runner.repetition import Repetition

# More than any number of Bazel's has.
_DIGITS = 30


@dataclass(frozen=True)
class BazelTest:
    """The test environment.  Paths are None where Bazel (or whoever started us) gave none.

    timeout_s: Bazel's limit for the whole run; None outside of Bazel.  packs_outputs: whether
    what is left in outputs_dir becomes a zip archive there.
    """

    selection: Selection
    repetition: Repetition
    outputs_dir: Path | None
    xml_file: Path | None
    premature_exit_file: Path | None
    warnings_file: Path | None
    shard_status_file: Path | None
    temp_dir: Path | None
    timeout_s: float | None
    packs_outputs: bool = False

    @classmethod
    def read(cls, environ: Mapping[str, str], *, packs_outputs: bool = False) -> BazelTest:
        """Reads the variables out of `environ`.

        Raises:
            UsageError: one of them is malformed.
        """
        shard = Shard(
            _integer(environ, "TEST_SHARD_INDEX", 0),
            # Bazel leaves the variable out, or empty, where a test is not sharded.
            _integer(environ, "TEST_TOTAL_SHARDS", 1),
        )
        return cls(
            selection=Selection(environ.get("TESTBRIDGE_TEST_ONLY", ""), shard),
            repetition=_repetition(environ),
            outputs_dir=_path(environ, "TEST_UNDECLARED_OUTPUTS_DIR"),
            xml_file=_path(environ, "XML_OUTPUT_FILE"),
            premature_exit_file=_path(environ, "TEST_PREMATURE_EXIT_FILE"),
            warnings_file=_path(environ, "TEST_WARNINGS_OUTPUT_FILE"),
            shard_status_file=_path(environ, "TEST_SHARD_STATUS_FILE"),
            temp_dir=_path(environ, "TEST_TMPDIR"),
            timeout_s=float(seconds)
            if (seconds := _integer(environ, "TEST_TIMEOUT", 0)) > 0
            else None,
            packs_outputs=packs_outputs,
        )

    def enter(self) -> None:
        """Says that shards are understood, and leaves the mark that an early exit is no pass."""
        for path in (self.shard_status_file, self.premature_exit_file):
            if path is not None:
                path.touch()

    def leave(self) -> None:
        """Takes the mark of `enter` away: the exit status tells the truth from here on."""
        if self.premature_exit_file is not None:
            self.premature_exit_file.unlink(missing_ok=True)

    def warn(self, message: str) -> None:
        """Adds a line to what Bazel shows beside the test's result."""
        if self.warnings_file is not None:
            with self.warnings_file.open("a", encoding="utf-8") as file:
                file.write(message.replace("\n", " ") + "\n")


def _repetition(environ: Mapping[str, str]) -> Repetition:
    """Bazel sets both where it runs a test several times; TEST_RANDOM_SEED may be the user's."""
    number = _integer(environ, "TEST_RUN_NUMBER", 0)
    return Repetition(number, _integer(environ, "TEST_RANDOM_SEED", number or 1))


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(name, "")
    return Path(value) if value else None


def _integer(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name) or str(default)
    if not value.isdecimal() or len(value) > _DIGITS:
        shown = value if len(value) <= _DIGITS else f"{value[:_DIGITS]}..."
        raise UsageError(
            f"{name} is {shown!r}; a whole number is expected, of {_DIGITS} digits at most"
        )
    return int(value)
