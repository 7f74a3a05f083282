# SPDX-License-Identifier: Apache-2.0
"""JUnit XML with one case for each test function, as Bazel and CI systems read it.

Bazel's own form: https://bazel.build/reference/test-encyclopedia, XML_OUTPUT_FILE.  It is also one
that the schemas of Surefire (surefire-test-report.xsd) and of Jenkins (junit-10.xsd of its xUnit
plugin) allow: marks of failures have a type, those of skipped tests have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from ktstr.report.text import headline, kind_name, text_report
from ktstr.result import result_pb2
from ktstr.result.characters import one_line, printable

# A test that could not be judged is an error: neither passed nor the scheduler's failure.
_TAGS = {
    result_pb2.FAIL: "failure",
    result_pb2.INCONCLUSIVE: "error",
    result_pb2.SKIP: "skipped",
}


@dataclass(frozen=True)
class Case:
    """One test case.  `kind` and `message` are its first cause; `text` the report."""

    name: str
    verdict: result_pb2.Verdict
    kind: str
    message: str
    text: str
    seconds: float


def case_of(result: result_pb2.Result) -> Case:
    """The case of a test that has a result."""
    seconds = sum(phase.seconds for phase in result.host.wall if phase.name == "total")
    kind = kind_name(result.details[0].kind) if result.details else ""
    return Case(
        name=result.identity.test,
        verdict=result.verdict,
        kind=kind,
        message=headline(result),
        text=text_report(result),
        seconds=seconds,
    )


def error_case(name: str, kind: str, message: str) -> Case:
    """The case of something that never came to be a test, e.g. a module that cannot be imported."""
    return Case(name, result_pb2.INCONCLUSIVE, kind, message, message, 0.0)


def junit(label: str, cases: Sequence[Case]) -> bytes:
    """The XML document of one target.  Characters that XML cannot hold are shown as `\\x1b`."""
    tags = [_TAGS.get(case.verdict, "") for case in cases]
    suite = ElementTree.Element(
        "testsuite",
        name=label,
        tests=str(len(cases)),
        failures=str(tags.count("failure")),
        errors=str(tags.count("error")),
        skipped=str(tags.count("skipped")),
        time=f"{sum(case.seconds for case in cases):.3f}",
    )
    for case, tag in zip(cases, tags, strict=True):
        _add(suite, label, case, tag)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return document + b"\n"


def _add(suite: ElementTree.Element, label: str, case: Case, tag: str) -> None:
    element = ElementTree.SubElement(
        suite,
        "testcase",
        name=printable(case.name),
        classname=label,
        time=f"{case.seconds:.3f}",
    )
    if tag:
        cause = ElementTree.SubElement(element, tag, message=one_line(case.message))
        if tag != "skipped":
            cause.set("type", case.kind or tag)
        cause.text = printable(case.text)
    else:
        ElementTree.SubElement(element, "system-out").text = printable(case.text)
