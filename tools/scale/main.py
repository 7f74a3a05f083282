# SPDX-License-Identifier: Apache-2.0
"""What a build would take on a farm: a simulation of its schedule.

    tools/bazel test --execution_log_json_file=LOG --build_event_json_file=BEP ...
    tools/bazel run //tools/scale -- --log=LOG --bep=BEP --cores=64

docs/scale.md says what is measured, what is assumed, and how far it was right.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from absl import app, flags

from ktstr.model.errors import UsageError
from tools.scale.farm import Costs, Farm
from tools.scale.graph import shares, workload_of
from tools.scale.invocation import Invocation, read_invocation
from tools.scale.machines import machines_of
from tools.scale.report import json_of, text_of
from tools.scale.schedule import simulate
from tools.scale.spawns import read_spawns
from tools.scale.workload import Workload, drawn, perturbed

_LOG = flags.DEFINE_multi_string(
    "log",
    None,
    "Bazel's --execution_log_json_file of the build; more of them, of the same tests, say how much "
    "runs differ.",
    required=True,
)
_BEP = flags.DEFINE_string(
    "bep", None, "Its --build_event_json_file: for CPU seconds, and the time of the analysis."
)
_BUSY = flags.DEFINE_bool(
    "busy", False, "The log is of a machine with other work: actions take their CPU seconds."
)
_TESTS = flags.DEFINE_integer(
    "tests", 0, "Draw a build of so many tests; 0: as logged.", lower_bound=0
)
_SHAPES = flags.DEFINE_integer(
    "shapes", 0, "With --tests: saved guests that are made first.", lower_bound=0
)
_SEED = flags.DEFINE_integer("seed", 1, "Of all that is drawn.")
_JSON = flags.DEFINE_bool("json", False, "Print JSON.")

_CORES = flags.DEFINE_integer("cores", 0, "Of all machines, which have 16 each.", lower_bound=0)
_MACHINES = flags.DEFINE_multi_string(
    "machines", [], "Instead: COUNTxCORES:MIB, with MIB for each action; COUNTxCORESxJOBS:MIB."
)
_SHARED = flags.DEFINE_float(
    "shared_cores", 0.0, "The machines are one computer with so many cores."
)
_FOREIGN = flags.DEFINE_float(
    "foreign", 0.0, "Threads of others on each computer.", lower_bound=0.0
)
_KILLS = flags.DEFINE_float("kills", 0.0, "Of each machine an hour.", lower_bound=0.0)
_KEEPALIVE = flags.DEFINE_float("keepalive", 30.0, "Seconds until one is missed.", lower_bound=0.0)

_ANALYSIS = flags.DEFINE_float("analysis", None, "Seconds before the first action; else --bep's.")
_CLIENT = flags.DEFINE_float(
    "client", 0.0, "CPU seconds of the client, an action.", lower_bound=0.0
)
_CLIENT_CORES = flags.DEFINE_float("client_cores", 2.0, "The client's.", lower_bound=0.1)
_JOBS = flags.DEFINE_integer("jobs", 1 << 20, "Bazel's --jobs.", lower_bound=1)
_DISPATCH = flags.DEFINE_float("dispatch", 0.0, "Seconds to a free worker.", lower_bound=0.0)
_STAGE = flags.DEFINE_float("stage", 0.0, "CPU seconds of a worker, an action.", lower_bound=0.0)
_TRANSFER = flags.DEFINE_float("transfer", 1e12, "MB/s of one transfer.", lower_bound=1e-3)
_CAS = flags.DEFINE_float("cas", 1e12, "MB/s of the cache, all transfers.", lower_bound=1e-3)

_MB = 1e6


def main(argv: Sequence[str]) -> int:
    """Prints what would be; returns 3 for a mistake in asking."""
    try:
        if len(argv) > 1:
            raise UsageError(f"scale: unexpected arguments: {' '.join(argv[1:])}")
        told = read_invocation(_path(_BEP.value)) if _BEP.value else None
        workload, farm = _workload(told), _farm(told)
        schedule = simulate(workload, farm, _SEED.value)
        print((json_of if _JSON.value else text_of)(workload, farm, schedule))
    except UsageError as error:
        print(f"ERROR {error}", file=sys.stderr)
        return 3
    return 0


def _workload(told: Invocation | None) -> Workload:
    logs = [read_spawns(_path(each)) for each in _LOG.value]
    if _BUSY.value and told is None:
        raise UsageError("scale: --busy takes CPU seconds, which are in build events: give --bep")
    cpu = shares(logs[0], told.cpu_s) if told else {}
    workload = workload_of(logs, cpu, busy=_BUSY.value)
    if _TESTS.value:
        workload = drawn(workload, _TESTS.value, _SHAPES.value, _SEED.value)
    return perturbed(workload, _SEED.value)


def _farm(told: Invocation | None) -> Farm:
    analysis_s = _ANALYSIS.value
    if analysis_s is None:
        analysis_s = told.analysis_s if told else 0.0
    return Farm(
        machines=machines_of(_CORES.value, _MACHINES.value),
        shared_cores=_SHARED.value,
        foreign=_FOREIGN.value,
        kills_per_hour=_KILLS.value,
        keepalive_s=_KEEPALIVE.value,
        costs=Costs(
            analysis_s=analysis_s,
            client_s=_CLIENT.value,
            client_cores=_CLIENT_CORES.value,
            client_jobs=_JOBS.value,
            dispatch_s=_DISPATCH.value,
            stage_s=_STAGE.value,
            transfer_bytes_s=_TRANSFER.value * _MB,
            cas_bytes_s=_CAS.value * _MB,
        ),
    )


def _path(given: str) -> Path:
    """A path as the caller's shell has it: Bazel runs programs elsewhere."""
    return Path(os.environ.get("BUILD_WORKING_DIRECTORY", ".")) / given


if __name__ == "__main__":
    app.run(main)
