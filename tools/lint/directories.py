# SPDX-License-Identifier: Apache-2.0
"""Tests that get a directory of sources run where Bazel does: directories.py FILE...

Bazel 7 sends no directory of sources among the runfiles of a remote test: an empty one arrives. As
an input of an action it arrives whole. FILE: BUILD.bazel, which Python's grammar fits.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

_DIRECTORY = re.compile(r"@debian_\w+//:root")
_LOCAL = "no-remote-exec"


def main(arguments: list[str]) -> int:
    """Prints one line for each finding; returns 1 when there are any."""
    findings = [f for name in arguments for f in check(name, Path(name).read_text("utf-8"))]
    for finding in findings:
        print(finding)
    return int(bool(findings))


def check(name: str, text: str) -> Iterator[str]:
    """Yields findings for one BUILD file, as NAME:LINE: what is wrong and what to do."""
    for call in ast.walk(ast.parse(text, name)):
        if not isinstance(call, ast.Call) or not ast.unparse(call.func).endswith("_test"):
            continue
        given = {each.arg: set(_strings(each.value)) for each in call.keywords}
        for directory in sorted(filter(_DIRECTORY.fullmatch, given.get("data", ()))):
            if _LOCAL not in given.get("tags", ()):
                yield (
                    f"{name}:{call.lineno}: {directory} among data arrives empty on a remote "
                    f'worker; tag the test "{_LOCAL}", or let an action read the directory'
                )


def _strings(node: ast.expr) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
