# SPDX-License-Identifier: Apache-2.0
"""Writes how the schedulers of //sched/production did into docs/production.md, from results.

    tools/bazel test --keep_going //sched/production:all_tests
    tools/bazel run //tests/production:table                # prints the tables of that kernel
    tools/bazel run //tests/production:table -- --write     # puts them into docs/production.md

Tables of other kernels stay in the page; `--config=linux_7_2` for both commands makes those of 7.2.
`--from DIR` takes results from elsewhere than bazel-testlogs. Ends with 1 if a test that failed is
not accounted for in sched/production/known.bzl, or one passed that is.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runfiles import Runfiles

from tests.support.page import page_to_write, write_page

PAGE = "docs/production.md"
_BEGIN, _END = "<!-- made by //tests/production:table -->", "<!-- end -->"
_KNOWN = "_main/sched/production/known.json"
_PACKAGE = "sched/production"
# SCHEDULER_SCENARIOS_TOPOLOGY_test, as sched/production/BUILD.bazel names them
_TARGET = re.compile(r"//sched/production:(scx_[a-z0-9]+)_(\w+)_(\d+n\d+l\d+c\d+t)_test")
_CATALOGUE = "catalogue_"
_ALL = "*"
_SECTION = re.compile(r"^(?=### Linux )", re.MULTILINE)
_HEADING = re.compile(r"### Linux (\d+\.\d+)")


@dataclass(frozen=True)
class Ran:
    """One test's end: where it ran, its verdict, and the kinds of what was found, in order."""

    scheduler: str
    scenarios: str
    topology: str
    test: str
    kernel: str
    verdict: str
    kinds: tuple[str, ...]

    @property
    def series(self) -> str:
        """The kernel's, as 6.12 of 6.12.107."""
        return ".".join(self.kernel.split(".")[:2])

    def __str__(self) -> str:
        where = f"{self.scheduler}, {self.scenarios} on {self.topology}, Linux {self.kernel}"
        return f"{where}: {self.test}"


@dataclass(frozen=True)
class Known:
    """Tests that fail, whose it is, and how that is known; an entry of known.bzl.

    `scenarios` is a page (empty: all of them), `topologies` and `kernels` are where (empty:
    everywhere), `tests` maps functions, or `*` for all, to the kind that is found first.
    """

    scheduler: str
    scenarios: str
    tests: Mapping[str, str]
    whose: str
    why: str
    topologies: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()

    def covers(self, ran: Ran) -> bool:
        """Whether this test was to fail there."""
        return (
            self.scheduler == ran.scheduler
            and self.scenarios in ("", ran.scenarios)
            and self.kind(ran) is not None
            and (not self.topologies or ran.topology in self.topologies)
            and (not self.kernels or ran.series in self.kernels)
        )

    def kind(self, ran: Ran) -> str | None:
        """What is found first in this test."""
        return self.tests.get(ran.test, self.tests.get(_ALL))


def ran_of(result: Mapping[str, Any]) -> Ran | None:
    """What a saved result (result.json) comes to; None for one of another package."""
    identity = result["identity"]
    target = _TARGET.fullmatch(identity["label"].removeprefix("@@"))
    if target is None:
        return None
    return Ran(
        scheduler=target[1],
        scenarios=target[2],
        topology=target[3],
        test=identity["test"],
        # without what the build put behind the version
        kernel=identity.get("kernel", {}).get("release", "").partition("-")[0] or "unknown",
        verdict=result["verdict"],
        kinds=tuple(dict.fromkeys(each["kind"].lower() for each in result.get("details", ()))),
    )


def render(found: Sequence[Ran], known: Iterable[Known]) -> str:
    """The section of one kernel: scenarios by topology, the catalogue by scheduler, what fails."""
    kernel = found[0].kernel
    schedulers = sorted({each.scheduler for each in found})
    plain = [each for each in found if not each.scenarios.startswith(_CATALOGUE)]
    pages = [each for each in found if each.scenarios.startswith(_CATALOGUE)]
    topologies = sorted({each.topology for each in plain})
    rows = [f"### Linux {kernel}\n\n"]
    if plain:
        rows.append(_heading("scheduler", "scenarios", *topologies))
        for scheduler in schedulers:
            mine = [each for each in plain if each.scheduler == scheduler]
            for scenarios in sorted({each.scenarios for each in mine}):
                ones = [each for each in mine if each.scenarios == scenarios]
                cells = [_cell(e for e in ones if e.topology == where) for where in topologies]
                rows.append(_row(scheduler, scenarios, *cells))
    if pages:
        where = ", ".join(sorted({each.topology for each in pages}))
        rows.append(f"\nThe catalogue, on {where}:\n\n" + _heading("page", *schedulers))
        for page in sorted({each.scenarios for each in pages}):
            cells = [
                _cell(e for e in pages if (e.scenarios, e.scheduler) == (page, scheduler))
                for scheduler in schedulers
            ]
            rows.append(_row(page.removeprefix(_CATALOGUE), *cells))
    return "".join([*rows, *_accounts(found, known)])


def _accounts(found: Sequence[Ran], known: Iterable[Known]) -> Iterator[str]:
    here = [each for each in known if any(each.covers(ran) for ran in found)]
    if not here:
        return
    yield "\nWhat does not pass, and whose it is:\n\n"
    yield _heading("scheduler", "scenarios", "test, and what is found", "whose", "why")
    for each in here:
        tests = ", ".join(
            f"{'all' if test == _ALL else f'`{test}`'} ({kind})"
            for test, kind in each.tests.items()
        )
        where = each.scenarios.removeprefix(_CATALOGUE) or "all"
        where += f" on {', '.join(each.topologies)}" if each.topologies else ""
        yield _row(each.scheduler, where, tests, each.whose, each.why)


def mistakes(found: Iterable[Ran], known: Sequence[Known]) -> Iterator[str]:
    """A line for each test that did not end as known.bzl has it."""
    for ran in found:
        # one that names the test before one of all tests
        covering = sorted(
            (each for each in known if each.covers(ran)),
            key=lambda each: ran.test not in each.tests,
        )
        entry = covering[0] if covering else None
        if ran.verdict in ("PASS", "SKIP"):
            if entry is not None and ran.verdict == "PASS":
                yield f"{ran}: it passes, and known.bzl has it as {entry.kind(ran)}"
        elif entry is None:
            yield f"{ran}: {ran.verdict} {', '.join(ran.kinds)}; known.bzl does not have it"
        elif entry.kind(ran) not in ran.kinds[:1]:
            told = ", ".join(ran.kinds)
            yield f"{ran}: {told}, and known.bzl has it as {entry.kind(ran)}"


def merged(page: str, section: str) -> str:
    """The page with a kernel's section in place of that of its series, or as one more.

    Raises:
      ValueError: the page has no place for them.
    """
    before, begin, rest = page.partition(_BEGIN)
    middle, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{PAGE} has no {_BEGIN} with {_END} behind it")
    sections = {_series(text): text for text in [*_SECTION.split(middle)[1:], section]}
    ordered = sorted(sections.items(), key=lambda pair: [int(part) for part in pair[0].split(".")])
    made = "\n".join(f"{text.strip()}\n" for _, text in ordered)
    return f"{before}{begin}\n\n{made}\n{end}{after}"


def _series(section: str) -> str:
    match = _HEADING.match(section)
    assert match is not None
    return match[1]


def _heading(*cells: str) -> str:
    return _row(*cells) + "|---" * len(cells) + "|\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _cell(found: Iterable[Ran]) -> str:
    """`2 of 2`, or with the tests that did not pass; those that were skipped do not count."""
    ran = [each for each in found if each.verdict != "SKIP"]
    if not ran:
        return "-"
    failed = [each for each in ran if each.verdict != "PASS"]
    count = f"{len(ran) - len(failed)} of {len(ran)}"
    told = ", ".join(f"`{each.test}` {each.kinds[0] if each.kinds else '?'}" for each in failed)
    return f"{count}: {told}" if failed else count


def results_below(folder: Path) -> list[Ran]:
    """The results at or below a folder, each test once."""
    found = {}
    for path in sorted(folder.rglob("result.json")):
        ran = ran_of(json.loads(path.read_text(encoding="utf-8")))
        if ran is not None:
            found[str(ran)] = ran
    return list(found.values())


def known_of(text: str) -> list[Known]:
    """The entries of known.bzl, which a BUILD file writes as JSON."""
    return [
        Known(
            **{
                "scenarios": "",
                **entry,
                **{name: tuple(entry.get(name, ())) for name in ("topologies", "kernels")},
            }
        )
        for entry in json.loads(text)
    ]


def main() -> int:
    """Prints or writes the tables; returns the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE}")
    parser.add_argument("--from", dest="source", type=Path, help="a folder with results")
    options = parser.parse_args()
    page = page_to_write(parser, PAGE) if options.write else None
    workspace = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"])
    source = options.source or workspace / "bazel-testlogs" / _PACKAGE
    found = results_below(source)
    kernels = sorted({each.kernel for each in found})
    if len(kernels) != 1:
        what = (
            f"results of Linux {', '.join(kernels)}"
            if kernels
            else "no result of //sched/production"
        )
        print(f"{source}: {what}; run //sched/production:all_tests on one kernel", file=sys.stderr)
        return 1
    runfiles = Runfiles.Create()
    assert runfiles is not None
    known = known_of(Path(str(runfiles.Rlocation(_KNOWN))).read_text(encoding="utf-8"))
    section = render(found, known)
    if page is not None:
        write_page(page, merged(page.read_text(encoding="utf-8"), section))
    else:
        print(section)
    wrong = list(mistakes(found, known))
    print("\n".join(wrong) or "every failure is accounted for, and none that does not happen")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
