# SPDX-License-Identifier: Apache-2.0
"""Golden reports: what each run of `tests/support/results.py` is rendered to."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ktstr.report.junit import case_of, error_case, junit
from ktstr.report.text import text_report
from ktstr.result.write import to_json
from tests.support.results import RUNS, result

FOLDER = Path("tests/golden/report")


def rendered() -> dict[str, str]:
    """Name and content of every golden file."""
    results = {name: result(run()) for name, run in RUNS.items()}
    cases = [case_of(each) for each in results.values()]
    cases.append(error_case("//sched/fifo:broken", "usage", "steady.py:3: NameError: name 'x'"))
    files = {f"{name}.txt": text_report(each) for name, each in results.items()}
    files["ejected.json"] = to_json(results["ejected"])
    files["all.xml"] = junit("//sched/fifo:pairs_1n1l2c1t", cases).decode()
    return files


def main() -> int:
    """Rewrites the golden files in the workspace that `bazel run` was called in."""
    folder = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"]) / FOLDER
    for name, content in rendered().items():
        (folder / name).write_text(content, encoding="utf-8")
        print(folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
