# SPDX-License-Identifier: Apache-2.0
"""Measures a history: import, comparison, trend, their memory, and what reading JSON would take.

    tools/bazel run //tests/benchmarks:history                     # 10,000 results
    tools/bazel run //tests/benchmarks:history -- --results=2000
    tools/bazel run //tests/benchmarks:history -- --rows=1000000   # and that many more, made in SQL

Results are copies of one with as many figures and as many bytes as those of //sched/... have in the
mean, with other tests and numbers. All is on one disk, with warm caches. `json` is Python's own
reader over JSON files of some of the same results; `pandas` reads these into two frames and
compares them, and is told for as many files as there are results.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from absl import app, flags

from ktstr.history.database import history, writing
from ktstr.result import result_pb2
from ktstr.result.write import to_bytes, to_json
from tests.support.results import RUNS, result

_RESULTS = flags.DEFINE_integer("results", 10_000, "In two runs, half of them each.", 2)
_ROWS = flags.DEFINE_integer("rows", 0, "So many rows of results more, for queries.", 0)
_BOOTS = flags.DEFINE_integer("boots", 1, "Of each test, in real time where more than one.", 1)

_KTSTR = "import os, sys\nfrom ktstr.command.context import Context\n" + (
    "from ktstr.command.main import main\nsys.exit(main(sys.argv[1:], Context.of(os.environ)))"
)
_FIGURES, _BYTES = 90, 37_000
_JSON = 250  # files of each side: they take longer to make than to read
_KIB = 1 << 10


def main(argv: Sequence[str]) -> None:
    """Prints a line for each measurement."""
    with tempfile.TemporaryDirectory(prefix="ktstr-history-") as folder:
        _measure(Path(folder))


def _measure(top: Path) -> None:
    half = _RESULTS.value // 2
    sides = [_make(top / name, half, number) for number, name in enumerate(("base", "new"))]
    environ = {
        **os.environ,
        "KTSTR_HISTORY": str(top / "history.sqlite"),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "BUILD_WORKING_DIRECTORY": str(top),
    }
    for side in sides:
        _timed(f"import {half}", environ, "import", str(side), f"--commit={side.name}")
    _timed(f"import {half} again", environ, "import", str(sides[1]), "--commit=new")
    compared = _timed(
        f"compare {half} with {half}", environ, "compare", "commit=base", "commit=new"
    )
    _timed("trend of a figure", environ, "trend", "wake_p99_us", "--limit=1")
    _timed("list runs", environ, "runs")
    _json(sides)
    print(f"pandas by compare: {_pandas(sides) / compared:.1f} times the CPU seconds")
    size = (top / "history.sqlite").stat().st_size
    print(f"history: {size / 1e6:.1f} MB, {size / _RESULTS.value / 1e3:.1f} kB a result")
    if _ROWS.value:
        _multiply(top / "history.sqlite", _ROWS.value)
        print(f"history: {(top / 'history.sqlite').stat().st_size / 1e6:.0f} MB now")
        _timed("list runs", environ, "runs")
        _timed(f"compare {half} with {half}", environ, "compare", "commit=base", "commit=new")
        where = ("--where=test=t7", "--limit=1")
        _timed("trend of a test", environ, "trend", "wake_p99_us", *where)
        more = _make(top / "more", half, len(sides))
        _timed(f"import {half} more", environ, "import", str(more), "--commit=more")


def _make(folder: Path, count: int, seed: int) -> Path:
    """Results of `count` tests, result.pb and result.json of each."""
    drawing = random.Random(seed)
    base = result(RUNS["passed"]())
    boots = _BOOTS.value
    base.identity.accelerator.name = "virtual" if boots == 1 else "tcg"
    figures = [each for each in base.figures if not each.HasField("step")]
    while len(base.figures) < _FIGURES:
        more = base.figures.add()
        more.CopyFrom(figures[len(base.figures) % len(figures)])
        more.cgroup = f"cg_{len(base.figures)}"
    workers = list(base.workers)
    while len(to_bytes(base)) < _BYTES:
        base.workers.extend(workers)
    values = [each.value for each in base.figures]
    for number in range(count):
        made = result_pb2.Result()
        made.CopyFrom(base)
        made.identity.test = f"t{number // boots}"
        made.host.run = number % boots + 1
        made.host.started_at = f"2026-01-0{seed + 1}T00:00:{number % 60:02d}+00:00"
        # of two sides one test in ten differs; boots all do
        if boots > 1 or (seed and number % 10 == 0):
            for each, value in zip(made.figures, values, strict=True):
                each.value = value * drawing.lognormvariate(0, 0.03)
        where = folder / f"t{number // boots}" / f"run_{number % boots}" / "test.outputs" / "t"
        where.mkdir(parents=True)
        (where / "result.pb").write_bytes(to_bytes(made))
        if number < _JSON:
            (where / "result.json").write_text(to_json(made), encoding="utf-8")
    return folder


def _timed(what: str, environ: dict[str, str], *words: str) -> float:
    """Tells wall and CPU seconds and peak memory of a command, as its own process has them.

    Returns the CPU seconds.
    """
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", _KTSTR, *words],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    if process.returncode == 3 or "Traceback" in said:
        raise RuntimeError(said)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak = usage.ru_maxrss * _KIB / 1e6
    print(f"{what}: {wall:.2f} s, CPU {cpu:.2f} s, peak {peak:.0f} MB", flush=True)
    return cpu


def _json(sides: Sequence[Path]) -> None:
    files = [path for side in sides for path in side.rglob("result.json")]
    began, cpu = time.monotonic(), time.process_time()
    count = 0
    for path in files:
        count += len(json.loads(path.read_text(encoding="utf-8"))["figures"])
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    print(f"json: {count} figures of {len(files)} files: {wall:.2f} s, CPU {cpu:.2f} s")


def _pandas(sides: Sequence[Path]) -> float:
    """CPU seconds for frames of all results, and for their comparison; told of what there was."""
    import pandas  # here, as what a process has loaded counts as its children's memory

    cpu, count = time.process_time(), 0
    frames = []
    for side in sides:
        parts = []
        for path in side.rglob("result.json"):
            data = json.loads(path.read_text(encoding="utf-8"))
            parts.append(pandas.DataFrame(data["figures"]).assign(test=data["identity"]["test"]))
        count += len(parts)
        frames.append(pandas.concat(parts, ignore_index=True))
    by = ["test", "cgroup", "name"]
    base, new = (frame.groupby(by, dropna=False)["value"].mean() for frame in frames)
    apart = (new - base).abs() > 0.01 * base.abs()
    cpu = time.process_time() - cpu
    print(
        f"pandas: {count} files, {int(apart.sum())} of {len(apart)} figures differ: CPU {cpu:.2f} s"
    )
    return cpu / count * _RESULTS.value


def _multiply(file: Path, rows: int) -> None:
    """Facts and results of the first run, again and again, in runs of 1,000."""
    with history(file) as connection:
        for start in range(0, rows, 1000):
            with writing(connection):
                _add(connection, f"copy:{start}", 1000)


def _add(connection: sqlite3.Connection, key: str, count: int) -> None:
    run = connection.execute(
        'INSERT INTO run(key, state, started, imported, source, "commit", branch, dirty,'
        " revision_from, ci, ci_url) VALUES(?, 'whole', '2025-01-01', '', '', ?, 'old', 0, '', '',"
        " '') RETURNING id",
        (key, key),
    ).fetchone()[0]
    first = connection.execute("SELECT max(id) FROM facts").fetchone()[0]
    connection.execute(
        "INSERT INTO facts(digest, variant_id, inputs, seed, release, vmlinux, layer,"
        " schema_version, verdict, cause, message, shape_id, figures)"
        " SELECT randomblob(32), variant_id, inputs, seed, release, vmlinux, layer,"
        " schema_version, verdict, cause, message, shape_id, figures FROM facts LIMIT ?",
        (count,),
    )
    connection.execute(
        "INSERT INTO result(digest, facts_id, host_id, started, wall_s, load)"
        " SELECT randomblob(32), id, 1, '2025-01-01', 1, 1 FROM facts WHERE id > ?",
        (first,),
    )
    connection.execute(
        "INSERT INTO run_result SELECT ?, id, 0 FROM result WHERE facts_id > ?", (run, first)
    )


if __name__ == "__main__":
    app.run(main)
