# SPDX-License-Identifier: Apache-2.0
"""Other people's programs: fio on a disk, and stress-ng, beside load and with their own metrics.

A target needs the payloads fio and stress_ng of //sched/payloads and a disk that can be written.
The limits are for virtual time, and far from what schedulers reach there: on 1n2l2c1t fio reads
some 400 times a second under EEVDF, and some 90 times under fifo.
"""

from ktstr import (
    AddCgroup,
    Backdrop,
    CgroupDef,
    Checks,
    CpuSpin,
    Fixed,
    RunPayload,
    Scenario,
    Step,
    TopologyView,
    WaitPayload,
    Work,
    metric,
    scenario,
)

_FIO = (
    "--name=mixed",
    "--directory=/mnt/disk0",
    "--size=4M",
    "--rw=randrw",
    "--bs=4k",
    "--ioengine=libaio",
    "--direct=1",
    "--iodepth=4",
    "--time_based",
    "--runtime=1",
)


@scenario(checks=Checks(max_gap_ms=3000))
def fio_beside_spinners(machine: TopologyView) -> Scenario:
    """A task that waits for a disk gets to run although every CPU has a spinner."""
    spinners = CgroupDef("spinners", works=(Work(CpuSpin(), workers=len(machine.cpus)),))
    checks = (
        metric.Min("jobs.0.read.iops", 20),
        metric.Min("jobs.0.write.iops", 20),
        metric.Max("jobs.0.read.lat_ns.mean", 100e6),
        metric.Max("jobs.0.write.lat_ns.mean", 200e6),
    )
    run = RunPayload("fio", args=_FIO, checks=checks, cgroup="disk", timeout=30)
    wait = WaitPayload("fio", timeout=30)
    return Scenario(
        backdrop=Backdrop(cgroups=(spinners,), ops=(AddCgroup("disk"),)),
        steps=(Step(ops=(run, wait), hold=Fixed(0.1)),),
    )


@scenario(checks=Checks(max_gap_ms=3000))
def stress_ng_beside_spinners(machine: TopologyView) -> Scenario:
    """Stressors that compute, switch, wake each other and yield all get on beside two spinners."""
    stressors = ("--matrix", "1", "--switch", "1", "--pipe", "1", "--yield", "1", "--timeout", "1")
    checks = (
        metric.Min("passed", 4),
        metric.Min("matrix.bogo_ops", 1),
        metric.Min("switch.bogo_ops_per_s", 10),
        metric.Min("pipe.bogo_ops_per_s", 50),
        metric.Min("yield.bogo_ops_per_s", 50),
        metric.Max("switch.ns_per_switch", 100e6),
    )
    run = RunPayload("stress_ng", args=stressors, checks=checks, cgroup="stress", timeout=30)
    return Scenario(
        backdrop=Backdrop(
            cgroups=(CgroupDef("spinners", works=(Work(CpuSpin(), workers=2),)),),
            ops=(AddCgroup("stress"),),
        ),
        steps=(Step(ops=(run, WaitPayload("stress_ng", timeout=30)), hold=Fixed(0.1)),),
    )
