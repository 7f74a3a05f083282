# SPDX-License-Identifier: Apache-2.0
"""Saves each test's result, and tells it to the reader and to Bazel."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ktstr.execute.outcome import Outcome
from ktstr.machine.output import write_atomically
from ktstr.machine.prepared.accel import AccelChoice
from ktstr.machine.prepared.store_use import NO_STORE, StoreUse
from ktstr.machine.target import Target
from ktstr.model.errors import InfraError, KtstrError, UsageError
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.identity import Identity
from ktstr.report.advice import PACKED
from ktstr.report.closing import failed, failure_lines
from ktstr.report.files import files_of
from ktstr.report.junit import Case, case_of, error_case, junit
from ktstr.report.text import headline, text_report
from ktstr.result.make.whole import result_of
from ktstr.runner.bazel import BazelTest
from ktstr.runner.host.context import host_context
from ktstr.runner.host.tuning import tuning_notes
from ktstr.runner.traces import write_trace

# What stays of a test where the runner is killed before it can say more.
_DID_NOT_END = (
    "the test did not end: the runner was killed, or ended, before it did (SIGKILL, the kernel's "
    "out-of-memory killer, a timeout); run it again, and with fewer jobs if memory was short"
)
_QUIET = frozenset({Verdict.PASS, Verdict.SKIP})


class Reporter:
    """Reports the tests of one run, below `outputs` and on standard output.

    `problems` are results that could not be saved: a run with any is no success.
    """

    def __init__(
        self,
        environment: BazelTest,
        outputs: Path,
        identity: Identity,
        choice: AccelChoice,
        use: StoreUse,
        names: Sequence[str],
    ) -> None:
        """names: of the tests that are to run, in their order."""
        self.problems: list[InfraError] = []
        self._environment, self._outputs = environment, outputs
        self._identity, self._choice, self._use = identity, choice, use
        self._told_of_store = False
        self._bad: list[list[str]] = []
        self._cases = {name: error_case(name, Kind.INFRA.value, _DID_NOT_END) for name in names}

    def done(self, outcome: Outcome) -> None:
        """Reports a test that has ended; its JUnit case is on disk at once, should we be killed."""
        notes = {"probe": self._choice.probe, "store": self._use.text, **tuning_notes()}
        if self._environment.packs_outputs:
            notes[PACKED] = "Bazel packs what the test leaves (--zip_undeclared_test_outputs)"
        notes = {name: text for name, text in notes.items() if text}
        repetition = self._environment.repetition
        host = host_context(outcome.wall_s, notes, repetition.number)
        try:
            result = result_of(outcome.run, outcome.judgement, self._identity, host)
            self._cases[outcome.test] = case_of(result)
            if failed([result]):
                self._bad.append(list(failure_lines(result)))
            quiet = outcome.judgement.verdict in _QUIET
            seconds = outcome.wall_s.get("total", 0.0)
            took = f" ({seconds:.1f} s{repetition.words(self._identity.seed)})"
            print(headline(result) + took if quiet else text_report(result), flush=True)
            for name, content in files_of(result).items():
                with write_atomically(self._outputs / outcome.test / name) as file:
                    file.write(content)
            write_trace(outcome.run.decisions, self._outputs / outcome.test)
            self._write_coverage(outcome)
            self._tell_of_store()
            self.save()
        except InfraError as error:
            print(f"ERROR {self._identity.label}::{outcome.test}: {error}", flush=True)
            self.problems.append(error)

    def _write_coverage(self, outcome: Outcome) -> None:
        if outcome.run.coverage is None:
            return
        # few tests ask for it
        from ktstr.runner.coverage import write_coverage

        folder = self._outputs / outcome.test
        write_coverage(outcome.run.coverage, outcome.test, folder, os.environ)

    def _tell_of_store(self) -> None:
        if self._use.text and not self._told_of_store:
            self._told_of_store = True
            why = "why: the note `store` of each result.json, under `host`"
            print(f"{self._identity.label}: {NO_STORE} of the host's was used; {why}", flush=True)

    def close(self) -> None:
        """Tells again what did not pass, where that is far above by now."""
        if not self._bad or len(self._cases) == 1:
            return
        print(f"--- {len(self._bad)} of {len(self._cases)} tests did not pass ---")
        print("\n".join(line for lines in self._bad for line in lines), flush=True)

    def save(self) -> None:
        """Writes the JUnit file: the tests that have ended, and those that have not, as errors.

        Raises:
            InfraError: it cannot be written.
        """
        write_junit(self._environment, self._identity.label, list(self._cases.values()))


def report_abort(target: Target, environment: BazelTest, error: KtstrError) -> None:
    """Writes the JUnit file of a run that ended before its first test; its one case is the target.

    A file that cannot be written is told and no more: `error` is what the caller ends with.
    """
    kind = Kind.USAGE if isinstance(error, UsageError) else Kind.INFRA
    try:
        write_junit(environment, target.label, [error_case(target.label, kind.value, str(error))])
    except InfraError as problem:
        print(f"ERROR {target.label}: {problem}", flush=True)


def write_junit(environment: BazelTest, label: str, cases: list[Case]) -> None:
    """Writes XML_OUTPUT_FILE where Bazel wants one.

    Raises:
        InfraError: it cannot be written.
    """
    if environment.xml_file is not None:
        with write_atomically(environment.xml_file) as file:
            file.write(junit(label, cases))
