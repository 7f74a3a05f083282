# SPDX-License-Identifier: Apache-2.0
"""Results as tests leave them in bazel-testlogs, and build events that tell of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from ktstr.result import result_pb2
from ktstr.result.write import SCHEMA_VERSION, to_bytes

FIGURES: Mapping[str, tuple[float, str, str]] = {
    "iterations": (1000.0, "", "higher_better"),
    "wake_p99_us": (40.0, "us", "lower_better"),
    "cpus": (2.0, "", "unknown"),
}


def made(
    test: str = "pairs",
    *,
    label: str = "//my:some_test",
    accel: str = "virtual",
    verdict: result_pb2.Verdict = result_pb2.PASS,
    scheduler: str = "//my:mine",
    kernel: str = "@@//sched/kernels:linux_6_12",
    seed: int = 1,
    run: int = 0,
    started: str = "2026-01-02T03:04:05+00:00",
    figures: Mapping[str, float] | None = None,
    message: str = "worker 1 did no work",
    plan: str = "p1",
    brought: Mapping[str, str] | None = None,
    own_layer: str = "",
    machine: str = "",
    patches: Mapping[str, str] | None = None,
) -> result_pb2.Result:
    """A result; `figures` replace those of FIGURES by name, `brought` and `patches` have SHA-256s
    by file."""
    result = result_pb2.Result(schema_version=SCHEMA_VERSION, verdict=verdict)
    identity = result.identity
    identity.label, identity.test, identity.seed = label, test, seed
    identity.bazel, identity.plan_digest = "tools/bazel", plan
    identity.kernel.label, identity.kernel.release = kernel, "6.12.0"
    identity.topology.asked, identity.accelerator.name = "1n2l2c1t", accel
    identity.own_layer, identity.machine = own_layer, machine
    for name, sha256 in (brought or {}).items():
        identity.brought.add(name=name, sha256=sha256)
    for name, sha256 in (patches or {}).items():
        identity.patches.add(name=name, sha256=sha256)
    if scheduler:
        identity.scheduler.label = scheduler
    if verdict in (result_pb2.FAIL, result_pb2.INCONCLUSIVE):
        result.details.add(kind=result_pb2.STARVED, verdict=verdict, message=message)
    for name, (value, unit, polarity) in FIGURES.items():
        number = (figures or {}).get(name, value)
        result.figures.add(name=name, value=number, unit=unit, polarity=polarity, cgroup="cg_0")
    result.host.hostname, result.host.cpu_model = "builder", "A CPU"
    result.host.started_at, result.host.run = started, run
    result.host.load_average.extend([0.5])
    result.host.notes.add(name="cpu governor", text="performance")
    return result


def save(result: result_pb2.Result, testlogs: Path, *, run: int = 0) -> Path:
    """Leaves it where Bazel would have it; the folder of its target."""
    package, _, name = result.identity.label.removeprefix("//").partition(":")
    target = testlogs / package / name
    target = target / f"run_{run}_of_9" if run else target
    folder = target / "test.outputs" / result.identity.test
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.pb").write_bytes(to_bytes(result))
    (target / "test.log").touch()
    return target


def events(
    path: Path,
    targets: Iterable[Path],
    *,
    uuid: str = "u-1",
    status: Mapping[str, str] | None = None,
    end: bool = True,
    finish: str = "",
    cached: bool = False,
) -> Path:
    """Writes a file of --build_event_json_file that tells of these targets' tests."""
    lines: list[object] = [
        {"id": {"started": {}}, "started": {"uuid": uuid, "startTime": "2026-01-02T03:00:00Z"}},
        {
            "id": {"workspaceStatus": {}},
            "workspaceStatus": {
                "item": [{"key": key, "value": value} for key, value in (status or {}).items()]
            },
        },
    ]
    for target in targets:
        lines.append(
            {
                "id": {"testResult": {"label": "//my:some_test", "run": 1}},
                "testResult": {
                    "status": "PASSED",
                    "cachedLocally": cached,
                    "testActionOutput": [
                        {"name": "test.log", "uri": (target / "test.log").as_uri()},
                        {"name": "test.xml", "uri": (target / "test.xml").as_uri()},
                    ],
                },
            }
        )
    if finish:
        lines.append({"id": {"buildFinished": {}}, "finished": {"finishTime": finish}})
    if end:
        lines.append({"id": {"buildMetrics": {}}, "lastMessage": True})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
