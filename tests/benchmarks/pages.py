# SPDX-License-Identifier: Apache-2.0
"""Measures a page of many results: its bytes, what making it takes, and loading it in a browser.

    tools/bazel run //tests/benchmarks:pages                       # 1,000 results, made here
    tools/bazel run //tests/benchmarks:pages -- --results=5000
    tools/bazel run //tests/benchmarks:pages -- --place=$PWD/bazel-testlogs

Results that are made have as many figures as those of //sched/... in the mean, and a monitor's 450
samples of four CPUs, at random, which is more than most have to say.  Those of a place are repeated
with other seeds until there are so many.
"""

from __future__ import annotations

import itertools
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from absl import app, flags

from ktstr.history.places import places_below
from ktstr.page.suite import suite_page
from ktstr.result import result_pb2
from ktstr.result.packed import packed
from ktstr.result.read import result_of_bytes
from tests.page.browser import Browser
from tests.support.located import located
from tests.support.results import RUNS, result

_RESULTS = flags.DEFINE_integer("results", 1_000, "So many.", 1)
_PLACE = flags.DEFINE_string("place", "", "Where results lie; empty: they are made.")
_TIMES = flags.DEFINE_integer("times", 5, "So many times the page is loaded.", 1)

_FIGURES, _CPUS, _SAMPLES, _TASKS = 90, 4, 450, 9
_PERIOD_NS = 4_000_000
_PAGE = "suite.html"


def main(argv: Sequence[str]) -> None:
    """Prints a line for each measurement."""
    found = _placed(Path(_PLACE.value)) if _PLACE.value else _made()
    results = list(itertools.islice(found, _RESULTS.value))
    start = time.process_time()
    content = suite_page(results, f"{len(results)} results").encode()
    took = time.process_time() - start
    print(f"page of {len(results)} results: {len(content) / 1e6:.2f} MB, made in {took:.1f} CPU s")
    with tempfile.TemporaryDirectory(prefix="ktstr-page-") as folder:
        Path(folder, _PAGE).write_bytes(content)
        for _ in range(_TIMES.value):
            _load(Path(folder))


def _load(folder: Path) -> None:
    with Browser(located("debian_browser/root"), folder) as browser:
        browser.emulate(1300, 900)
        before = browser.cpu_s()
        wall = browser.open(_PAGE)
        loaded = browser.cpu_s()
        browser.press("j")
        browser.press("Enter")
        browser.until("document.querySelector('#result .plot svg path')")
        opened = browser.cpu_s()
        print(
            f"loaded after {wall:.2f} s, {loaded - before:.2f} CPU s; a result opened and drawn in "
            f"{opened - loaded:.2f} CPU s"
        )


def _placed(place: Path) -> Iterator[result_pb2.Result]:
    read = [result_of_bytes(each.content(), str(each)) for each in places_below(place)]
    yield from read
    for number in itertools.count(2):
        for each in read:
            again = result_pb2.Result()
            again.CopyFrom(each)
            again.identity.seed = number
            yield again


def _made() -> Iterator[result_pb2.Result]:
    draws = random.Random(1)
    first = result(RUNS["watched"]())
    for number in itertools.count():
        made = result_pb2.Result()
        made.CopyFrom(first)
        made.identity.test = f"test_{number}"
        if number % 20:
            made.verdict = result_pb2.PASS
            del made.details[:]
        del made.figures[:]
        for i in range(_FIGURES):
            value = draws.lognormvariate(5, 2)
            made.figures.add(name=f"figure_{i}", value=value, unit="us", cgroup=f"cg_{i % 4}")
        _watch(made, draws)
        yield made


def _watch(made: result_pb2.Result, draws: random.Random) -> None:
    """A monitor's series in which a task runs for some samples, and queues rise and fall."""
    start = made.scenarios[0].started_ns
    made.scenarios[0].ended_ns = start + _SAMPLES * _PERIOD_NS
    made.monitor.Clear()
    made.monitor.how, made.monitor.period_ns, made.monitor.samples = "plugin", _PERIOD_NS, _SAMPLES
    made.monitor.at_ns.packed = packed([[start + i * _PERIOD_NS for i in range(_SAMPLES)]])
    for pid in range(100, 100 + _TASKS):
        made.monitor.tasks.add(pid=pid, comm=f"w0.0.{pid}")
    for quantity, lowest, highest in (("pid", 100, 99 + _TASKS), ("nr_running", 0, 4)):
        rows = [_walk(draws, lowest, highest) for _ in range(_CPUS)]
        series = made.monitor.series.add(quantity=quantity, of=range(_CPUS))
        series.rows.packed = packed(rows)


def _walk(draws: random.Random, lowest: int, highest: int) -> list[int]:
    row: list[int] = []
    while len(row) < _SAMPLES:
        row += [draws.randint(lowest, highest)] * draws.randint(1, 12)
    return row[:_SAMPLES]


if __name__ == "__main__":
    app.run(main)
