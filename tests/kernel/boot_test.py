# SPDX-License-Identifier: Apache-2.0
"""The kernel boots, from the file it is given as, and offers what scheduler tests rest on."""

from __future__ import annotations

from pathlib import Path

from absl import flags
from absl.testing import absltest

from tests.bpf import guest

_RELEASE = flags.DEFINE_string("release", None, "The kernel's release file.", required=True)

# Each line of output: a name, "=", what the guest has.
_SCRIPT = """
say() { echo "$1=$(echo $2)"; }
read_file() { say "$1" "$(cat "$2" 2>&1)"; }
mount -t debugfs none /sys/kernel/debug
mount -t tracefs none /sys/kernel/tracing
say release "$(uname -r)"
read_file controllers /sys/fs/cgroup/cgroup.controllers
read_file sched_ext /sys/kernel/sched_ext/state
say btf "$(wc -c </sys/kernel/btf/vmlinux)"
read_file pressure /proc/pressure/cpu
say filesystems "$(grep -v nodev /proc/filesystems)"
read_file schedstats /proc/sys/kernel/sched_schedstats
say sched_debug "$(ls /sys/kernel/debug/sched)"
read_file nodes /sys/devices/system/node/online
read_file siblings /sys/devices/system/cpu/cpu0/topology/thread_siblings_list
say virtio "$(ls /sys/bus/virtio/drivers)"
say pvpanic "$(ls -d /sys/bus/pci/drivers/pvpanic-pci)"
echo 'p:ktstr/probe wake_up_process' >/sys/kernel/tracing/kprobe_events
read_file kprobes /sys/kernel/tracing/kprobe_events
say events "$(ls /sys/kernel/tracing/events)"
say tracers "$(cat /sys/kernel/tracing/available_tracers)"
read_file soft_lockup /proc/sys/kernel/soft_watchdog
read_file hung_task /proc/sys/kernel/hung_task_timeout_secs
read_file rcu_stall /sys/module/rcupdate/parameters/rcu_cpu_stall_timeout
"""
_BTF_BYTES = 1 << 20


class BootTest(absltest.TestCase):
    def test_it_offers_what_tests_rest_on(self) -> None:
        text = guest.run_script(_SCRIPT, topology="2n2l2c2t")
        has = dict(line.partition("=")[::2] for line in text.splitlines() if "=" in line)
        self.assertEqual(has["release"], Path(_RELEASE.value).read_text(encoding="utf-8").strip())
        self.assert_words(has["controllers"], "cpuset", "cpu", "io", "memory", "pids")
        self.assertEqual(has["sched_ext"], "disabled")
        self.assertGreater(int(has["btf"]), _BTF_BYTES)
        self.assertIn("some avg10", has["pressure"])
        self.assert_words(has["filesystems"], "ext4", "xfs", "btrfs")
        self.assertIn(has["schedstats"], ("0", "1"))
        self.assert_words(has["sched_debug"], "debug", "features")
        self.assertEqual(has["nodes"], "0-1")
        self.assertEqual(has["siblings"], "0-1")
        self.assert_words(has["virtio"], "virtio_blk", "virtio_console", "virtio_rng")
        self.assertIn("pvpanic-pci", has["pvpanic"])
        self.assertEqual(has["kprobes"], "p:ktstr/probe wake_up_process")
        self.assert_words(has["events"], "sched", "sched_ext", "syscalls", "block", "irq", "tcp")
        self.assertNoCommonElements(has["events"].split(), ("btrfs", "ext4", "jbd2", "xfs"))
        self.assert_words(has["tracers"], "function", "function_graph")
        self.assertEqual(has["soft_lockup"], "1")
        self.assertGreater(int(has["hung_task"]), 0)
        self.assertGreater(int(has["rcu_stall"]), 0)

    def assert_words(self, found: str, *wanted: str) -> None:
        self.assertContainsSubset(wanted, found.split())


if __name__ == "__main__":
    absltest.main()
