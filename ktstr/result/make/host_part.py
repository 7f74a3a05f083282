# SPDX-License-Identifier: Apache-2.0
"""The part of a result that may differ between two runs of the same inputs."""

from __future__ import annotations

from ktstr.host.context import HostContext
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.characters import encodable
from ktstr.result.make.mirror import mirrored


def host_part(run: RunRecord, host: HostContext) -> result_pb2.Host:
    """The machine, what the run cost it, how the guest came up, vCPU threads' times, disks."""
    message = result_pb2.Host(
        hostname=encodable(host.hostname),
        kernel=encodable(host.kernel),
        cpu_model=encodable(host.cpu_model),
        cpus=host.cpus,
        load_average=host.load_average,
        started_at=host.started_at,
        run=host.run,
    )
    for name, seconds in host.wall_s.items():
        message.wall.add(name=name, seconds=seconds)
    for name in sorted(host.notes):
        message.notes.add(name=name, text=encodable(host.notes[name]))
    for sample in run.host_samples:
        message.samples.add(
            at_s=sample.at_s, vcpu=sample.vcpu, run_ns=sample.run_ns, wait_ns=sample.wait_ns
        )
    message.disk_clones.extend(
        [mirrored(result_pb2.Host.DiskClone(), clone) for clone in run.disk_clones]
    )
    if run.start is not None:
        mirrored(message.start, run.start)
    if run.probes is not None:
        mirrored(message.probes, run.probes)
    if run.scenario_host_s is not None:
        message.scenario.start_s, message.scenario.end_s = run.scenario_host_s
    return message
