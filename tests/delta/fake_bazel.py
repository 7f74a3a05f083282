# SPDX-License-Identifier: Apache-2.0
"""A Bazel for workspaces without targets: what it `tests` is as good as a file there says.

speed: of its tests, whose figures are as large.  accel: what they run with.  broken: nothing can
be built.  cached: tests come from the cache, unless that is forbidden.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.saved_results import events, made, save

_SEED = "TEST_RANDOM_SEED"
_FAILED, _NO_TESTS, _BAD_QUERY = 1, 4, 7


def main(log: Path, arguments: Sequence[str]) -> int:
    """Does what a command line asks, and notes it in `log`; the exit code."""
    startup = [each for each in arguments if each.startswith("--output_base=")]
    command, *words = arguments[len(startup) :]
    here = Path.cwd()
    with log.open("a", encoding="utf-8") as file:
        seed = f"seed={os.environ.get(_SEED)}"
        file.write(json.dumps([str(here), *arguments, seed]) + "\n")
    if command == "shutdown":
        return 0
    if command == "query":
        return _query(words[-1])
    targets = words[words.index("--") + 1 :]
    options = dict(word.partition("=")[::2] for word in words[: words.index("--")])
    bep = Path(options["--build_event_json_file"])
    if "//my:nowhere" in targets or (here / "broken").exists():
        name = "BUILD_FAILURE" if (here / "broken").exists() else "PARSING_FAILURE"
        events(bep, [])
        with bep.open("a", encoding="utf-8") as file:
            finished = {"exitCode": {"name": name, "code": _FAILED}}
            file.write(json.dumps({"id": {"buildFinished": {}}, "finished": finished}) + "\n")
        return _FAILED
    if command == "build":
        if (here / "slow").exists():
            log.with_name("pid").touch()
            time.sleep(60)
        events(bep, [])
        return 0
    if "//my:library" in targets:
        return _NO_TESTS
    outputs = Path(startup[0].partition("=")[2]) if startup else here / "out"
    _test(here, outputs / f"{time.monotonic_ns()}", targets, options, bep)
    return 0


def _query(expression: str) -> int:
    labels = expression.removeprefix("tests(set(").removesuffix("))").split()
    if "//my:nowhere" in labels:
        print("no such target //my:nowhere", file=sys.stderr)
        return _BAD_QUERY
    print("\n".join(each for each in labels if "library" not in each))
    return 0


def _test(
    here: Path, outputs: Path, targets: Sequence[str], options: dict[str, str], bep: Path
) -> None:
    accel = (here / "accel").read_text(encoding="utf-8").strip()
    speed = float((here / "speed").read_text(encoding="utf-8"))
    speed *= float(options.get("--my_speed", 1))
    seed = os.environ.get(_SEED, "1") if options.get("--test_env") == _SEED else "1"
    left = []
    for target in targets:
        noise = random.Random(f"{target} {seed} {here.name}").gauss(1, 0.02)
        value = 1000.0 * speed * (1 if accel == "virtual" else noise)
        value *= 2 if "fast" in target else 1
        result = made("pairs", label=target, accel=accel, figures={"iterations": value})
        left.append(save(result, outputs))
    cached = (here / "cached").exists() and "--nocache_test_results" not in options
    events(bep, left, uuid=str(outputs), cached=cached)
    text = bep.read_text(encoding="utf-8")
    for target in targets:
        text = text.replace('"//my:some_test"', json.dumps(target), 1)
    bep.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
