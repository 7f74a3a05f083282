# SPDX-License-Identifier: Apache-2.0
"""Plays the known faults of the kernel, and writes what came of it: docs/kernel_faults.md.

    tools/bazel run //tests/faults:known                 # prints the page
    tools/bazel run //tests/faults:known -- --write      # replaces docs/kernel_faults.md by it
    tools/bazel run //tests/faults:known -- --from DIR   # of results that are there already

Ends with 1 if a fault was not found, found otherwise than it is to be, or seen where there is none.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.known import classes, ext, fair, placing
from tests.faults.known.fault import WITHOUT, Fault
from tests.faults.known.missed import MISSED
from tests.support.page import page_to_write, write_page
from tests.support.running import run_to_end

PAGE = "docs/kernel_faults.md"
PAGES = {"fair": fair, "placing": placing, "classes": classes, "ext": ext}
_TIMEOUT_S = 3600
# of a broken invariant: ktstr/judge/run/invariants.py
_INSTANT = re.compile(r"([0-9.]+) s by its runqueue's clock")
_INTRO = """# Faults of the kernel, and what finds them

Made by `tools/bazel run //tests/faults:known -- --write` from the results of its guests; edit
`tests/faults/known` instead. Linux 6.12 with known faults of its scheduler and of sched_ext put
back, each behind a switch of its own ([//sched/faults](../sched/faults/README.md)). Each fault has
a scenario that was played with it, when it must be found as told here, and without it, when nothing
may be. `tools/bazel test //sched/faults:all_tests` plays all of them.

*Mended by* is the kernel's commit; *rule* is a fault that no commit is known of, which breaks what
the kernel promises. *Guest* are seconds of the guest's from the scenario's beginning until the
fault was there to see: where an invariant was first broken, where a scheduler was thrown out, else
the scenario's end, at which checks are judged. *Host* are those
of the whole test, the clone of its guest among them, on two cores that had other work; they differ
by run. The last column is what kSTEP, which drives a kernel from inside, has for it: the name of
its driver, `planned` where its notes have a plan, `-` where they have nothing.
"""
_MISSED = """
## Not found

Known faults without a test, and why: the list of checks to come. Those with a cross are behind a
switch of the same kernel.

| fault | | mended by | what is wrong | why |
|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Seen:
    """One test's end: its verdict, the kinds and first words of what was found, and its times."""

    verdict: str
    found: str
    guest_s: float | None
    host_s: float | None


def main() -> int:
    """Prints or writes the page; returns the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true", help=f"replace {PAGE}")
    parser.add_argument("--from", dest="source", type=Path, help="DIR/PAGE/TEST/result.json")
    options = parser.parse_args()
    page = page_to_write(parser, PAGE) if options.write else None
    seen: dict[str, Seen] = {}
    for each in PAGES:
        results = _kept(options.source / each) if options.source else _played(each)
        seen |= {name: seen_of(result) for name, result in results.items()}
    text = render(seen)
    if page is not None:
        write_page(page, text)
    else:
        print(text)
    wrong = list(mistakes(seen))
    print("\n".join(wrong) or "every fault was found, and none where there is none")
    return 1 if wrong else 0


def faults() -> tuple[Fault, ...]:
    """All faults with a test."""
    return tuple(fault for page in PAGES.values() for fault in page.FAULTS)


def render(seen: Mapping[str, Seen]) -> str:
    """The page, from what was seen of each test by its name."""
    rows = [
        "\n## Found\n\n| fault | what is wrong, and what users had of it | mended by | found by "
        "| guest | host | kSTEP |\n|---|---|---|---|---|---|---|\n"
    ]
    for fault in faults():
        end = seen.get(fault.name)
        found = "no result" if end is None else end.found
        times = [_seconds(end.guest_s if end else None), _seconds(end.host_s if end else None)]
        cells = [f"`{fault.name}`", f"{fault.what} {fault.users}", _commit(fault.fixed), found]
        rows.append(f"| {' | '.join([*cells, *times, fault.elsewhere or '-'])} |\n")
    rows.append(_MISSED)
    for missed in MISSED:
        cells = [f"`{missed.name}`" if missed.switched else missed.name]
        cells += ["x" if missed.switched else "", _commit(missed.fixed), missed.what, missed.why]
        rows.append(f"| {' | '.join(cells)} |\n")
    return "".join([_INTRO, *rows])


def mistakes(seen: Mapping[str, Seen]) -> Iterable[str]:
    """A line for each test that is missing, or did not end as it is to."""
    for fault in faults():
        for name in (fault.name, fault.name + WITHOUT):
            end = seen.get(name)
            if end is None or end.verdict != "PASS":
                yield f"{name}: {'no result' if end is None else f'{end.verdict} {end.found}'}"


def seen_of(result: Mapping[str, Any]) -> Seen:
    """What a saved result (result.json) comes to; a test that fails as it is to has passed."""
    details = list(result.get("details", ()))
    found = dict.fromkeys(_words(detail) for detail in details)
    wall = {part["name"]: float(part["seconds"]) for part in result.get("host", {}).get("wall", ())}
    return Seen(result["verdict"], ", ".join(found), _until(result, details), wall.get("total"))


def _until(result: Mapping[str, Any], details: Sequence[Mapping[str, Any]]) -> float | None:
    """Guest seconds from the scenario's beginning to the first instant told, or to its end."""
    phases = result.get("timeline", {}).get("phases", ())
    span = next((phase for phase in phases if phase["name"] == "scenario"), None)
    if span is None or "end_ns" not in span:
        return None
    start, end = int(span["start_ns"]) / 1e9, int(span["end_ns"]) / 1e9
    told = [_INSTANT.search(str(detail.get("message", ""))) for detail in details]
    at = [float(found[1]) for found in told if found]
    return min([instant for instant in at if start <= instant <= end] or [end]) - start


def _words(detail: Mapping[str, Any]) -> str:
    kind = str(detail["kind"]).lower()
    subject = detail.get("subject")
    return f"{kind} `{subject}`" if kind == "invariant" and subject else kind


def _commit(fixed: str) -> str:
    return f"`{fixed}`" if re.fullmatch("[0-9a-f]{12}", fixed) else fixed


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _played(page: str) -> dict[str, dict[str, Any]]:
    with run_to_end(f"_main/sched/faults/{page}_test", _TIMEOUT_S) as ended:
        return ended.results()


def _kept(directory: Path) -> dict[str, dict[str, Any]]:
    return {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(directory.glob("*/result.json"))
    }


if __name__ == "__main__":
    sys.exit(main())
