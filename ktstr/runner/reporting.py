# SPDX-License-Identifier: Apache-2.0
"""Saves results, and tells them to the reader and to Bazel."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree

from ktstr.model.checks import Verdict
from ktstr.model.codec import encode
from ktstr.model.errors import KtstrError
from ktstr.model.target import Target
from ktstr.runner.accel import AccelChoice
from ktstr.runner.bazel import BazelTest
from ktstr.runner.case import Discovery
from ktstr.runner.files import write_text
from ktstr.runner.outcome import Outcome


class Reporter:
    def __init__(self, target: Target, environment: BazelTest, outputs: Path) -> None:
        self.accel: AccelChoice | None = None
        self._target, self._environment, self._outputs = target, environment, outputs

    def begin(self, discovery: Discovery) -> None:
        if not discovery.cases:
            print(f"{self._target.label}: this shard has none of the {len(discovery.names)} tests")

    def done(self, outcome: Outcome) -> None:
        write_text(
            self._outputs / outcome.test / "result.json",
            json.dumps(
                {
                    "verdict": outcome.judgement.verdict,
                    "run": encode(outcome.run),
                    "details": [asdict(d) for d in outcome.judgement.details],
                },
                indent=1,
            ),
        )
        print(self._text(outcome), flush=True)

    def end(self, outcomes: list[Outcome]) -> None:
        self._junit([(o.test, o.judgement.verdict, self._text(o)) for o in outcomes])

    def aborted(self, error: KtstrError) -> None:
        self._junit([(self._target.label, Verdict.INCONCLUSIVE, str(error))])

    def _junit(self, cases: list[tuple[str, Verdict, str]]) -> None:
        if self._environment.xml_file is None:
            return
        suite = ElementTree.Element("testsuite", name=self._target.label)
        for name, verdict, text in cases:
            case = ElementTree.SubElement(suite, "testcase", name=name)
            tag = {Verdict.FAIL: "failure", Verdict.INCONCLUSIVE: "error", Verdict.SKIP: "skipped"}
            if verdict in tag:
                ElementTree.SubElement(case, tag[verdict]).text = text
        write_text(self._environment.xml_file, ElementTree.tostring(suite, "unicode"))

    def _text(self, outcome: Outcome) -> str:
        cause = outcome.judgement.first_cause
        lines = [
            f"{outcome.judgement.verdict.name} {self._target.label}::{outcome.test} {outcome.wall_s.get('total', 0):.1f} s"
            + (f" — {cause.kind}: {cause.message}" if cause else "")
        ]
        lines += [f"  {d.verdict} {d.kind}: {d.message}" for d in outcome.judgement.details[1:]]
        if outcome.judgement.verdict is not Verdict.PASS:
            lines.append(
                f"  next: {self._target.bazel} test {self._target.label} --test_filter={outcome.test}"
            )
        return "\n".join(lines)
