# SPDX-License-Identifier: Apache-2.0
"""Results: nothing is lost, the host keeps to its part, equal runs give equal bytes."""

import dataclasses
import math
from typing import Any

from absl.testing import absltest, parameterized
from google.protobuf.descriptor import Descriptor
from hypothesis import given

from ktstr import metric
from ktstr.host.accel import Accel
from ktstr.host.context import HostContext
from ktstr.host.disk_clone import DiskBackend, DiskClone
from ktstr.host.sample import HostSample
from ktstr.introspect.monitor.series import IdleLooks, IdleWait
from ktstr.judge.statistics.cgroups import CgroupStats, TotalStats
from ktstr.model import facts
from ktstr.model.errors import InfraError
from ktstr.model.histogram import Histogram
from ktstr.model.machine.disk import Disk, Throttle
from ktstr.model.payload import PayloadEnd, Stream
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.events import EventName
from ktstr.report.files import files_of
from ktstr.result import result_pb2
from ktstr.result.read import from_json
from ktstr.result.write import facts_bytes, to_bytes, to_json
from tests.support import runs
from tests.support.result_strategies import TEXTS
from tests.support.results import RUNS, passed, result

# what the message around it has
_ELSEWHERE: dict[type, set[str]] = {
    # figures of rt-app are in the table of figures
    CgroupStats: {"name", "rt_app"},
    facts.CgroupFacts: {"name", "limits_in_force"},
    facts.DiskFacts: {"name", "serial"},
    Disk: {"index", "name", "serial"},
}


class ResultTest(parameterized.TestCase):
    @parameterized.parameters(*RUNS)
    def test_a_result_is_read_back_from_its_bytes_and_its_json(self, name: str) -> None:
        made = result(RUNS[name]())
        self.assertEqual(result_pb2.Result.FromString(to_bytes(made)), made)
        self.assertEqual(from_json(to_json(made)), made)

    @parameterized.parameters(*RUNS)
    def test_only_the_host_part_tells_of_the_host(self, name: str) -> None:
        run = RUNS[name]()
        elsewhere = HostContext(hostname="other", cpus=64, wall_s={"total": 9.0})
        sampled = dataclasses.replace(
            run, host_samples=(HostSample(0.5, 0, 1, 2),), scenario_host_s=(0.1, 0.9)
        )
        here, there = result(run), result(sampled, elsewhere)
        self.assertNotEqual(to_bytes(here), to_bytes(there))
        if run.accel is Accel.VIRTUAL:
            self.assertEqual(facts_bytes(here), facts_bytes(there))
        here.ClearField("host")
        here.ClearField("post_mortem")  # of when the host's clock ended the guest
        self.assertEqual(facts_bytes(here), to_bytes(here))

    def test_the_schema_has_no_maps_whose_order_could_differ(self) -> None:
        def fields(message: Descriptor) -> list[str]:
            inner = [each for nested in message.nested_types for each in fields(nested)]
            return ([message.full_name] if message.GetOptions().map_entry else []) + inner

        messages = result_pb2.DESCRIPTOR.message_types_by_name.values()
        self.assertEmpty([name for message in messages for name in fields(message)])

    def test_every_kind_and_verdict_has_its_number(self) -> None:
        self.assertEqual({kind.name for kind in Kind}, set(result_pb2.Kind.keys()[1:]))
        self.assertEqual({each.name for each in Verdict}, set(result_pb2.Verdict.keys()[1:]))

    @parameterized.parameters(
        (facts.WorkerFacts, result_pb2.Worker),
        (facts.SchedulerFacts, result_pb2.Scheduler),
        (facts.TestFacts, result_pb2.TestFunction),
        (facts.ScenarioFacts, result_pb2.Scenario),
        (facts.StepFacts, result_pb2.Scenario.Step),
        (facts.TimeoutFacts, result_pb2.Scenario.Timeout),
        (facts.CgroupFacts, result_pb2.Cgroup.Life),
        (facts.LogChunk, result_pb2.Log),
        (facts.End, result_pb2.Transport.End),
        (facts.PayloadFacts, result_pb2.Payload),
        (facts.DiskFacts, result_pb2.Disk.Seen),
        (DiskClone, result_pb2.Host.DiskClone),
        (Throttle, result_pb2.Disk.Throttle),
        (Disk, result_pb2.Disk.Promise),
        (CgroupStats, result_pb2.WorkerStats),
        (TotalStats, result_pb2.TotalStats),
        (IdleLooks, result_pb2.Monitor.IdleLooks),
        (IdleWait, result_pb2.Monitor.IdleWait),
    )
    def test_every_fact_has_its_place(self, cls: Any, message: Any) -> None:
        names = {field.name for field in dataclasses.fields(cls)}
        names -= _ELSEWHERE.get(cls, set())
        made_here = {"failures"} if cls is facts.PayloadFacts else set()
        self.assertEqual(names | made_here, set(message.DESCRIPTOR.fields_by_name))

    @given(TEXTS, TEXTS)
    def test_whatever_a_guest_says_can_be_kept(self, said: str, more: str) -> None:
        run = passed()
        run = dataclasses.replace(
            run,
            workers=(runs.worker(cgroup=said, exit_info=more, errors=(said,)),),
            schedulers=(runs.scheduler(name=said, dump=more, log_tail=said, stats={more: 1}),),
            logs=(facts.LogChunk("scheduler", said), facts.LogChunk("test", more, True)),
            events=(facts.Event(5, EventName.OP, None, more),),
            payloads=(
                runs.payload(
                    cgroup=said,
                    argv=(said, more),
                    end=PayloadEnd.TIMEOUT,
                    stderr_tail=more,
                    notes=(said,),
                    left_behind=(more,),
                    metrics=(facts.Metric(said, 1e300, Stream.STDERR),),
                    checks=(metric.Exists(f"{more}."),),
                ),
            ),
            disks=(runs.disk_facts(name=said, error=more),),
        )
        made = result(run)
        files = files_of(made)
        self.assertEqual(result_pb2.Result.FromString(files["result.pb"]), made)
        self.assertNotEmpty(files["report.txt"])

    def test_a_number_that_does_not_fit_is_our_error_and_named(self) -> None:
        run = runs.good_run(workers=(runs.worker(max_gap_ns=-1),))
        with self.assertRaisesRegex(InfraError, "guest of pairs reported does not fit"):
            result(run)

    def test_metrics_carry_what_their_hints_say(self) -> None:
        made = result(RUNS["loaded"]())
        metrics = {each.name: each for each in made.payloads[0].metrics}
        iops, util = metrics["jobs.0.read.iops"], metrics["jobs.0.util"]
        self.assertEqual(
            (iops.polarity, iops.unit, iops.stream), ("higher_better", "1/s", "stdout")
        )
        self.assertFalse(iops.HasField("target"))
        self.assertEqual((util.polarity, util.target), ("target", 50.0))
        other = metrics["jobs.0.elapsed"]
        self.assertEqual((other.polarity, other.hinted), ("unknown", False))

    def test_metrics_that_are_no_numbers_are_kept(self) -> None:
        odd = (
            facts.Metric("a", math.nan, Stream.STDOUT),
            facts.Metric("b", -math.inf, Stream.STDOUT),
        )
        made = result(runs.good_run(payloads=(runs.payload(metrics=odd),)))
        read = from_json(to_json(made))
        self.assertEqual(to_bytes(read), to_bytes(made))
        self.assertTrue(math.isnan(read.payloads[0].metrics[0].value))

    def test_payloads_are_phases_of_the_time_line(self) -> None:
        phases = {phase.name: phase for phase in result(RUNS["loaded"]()).timeline.phases}
        self.assertEqual(phases["payload fio in cg_0"].start_ns, runs.S)
        unstarted = result(RUNS["wrong_disk"]()).timeline.phases
        self.assertNotIn("payload fio", [phase.name for phase in unstarted])

    def test_how_a_disk_was_copied_stays_with_the_host(self) -> None:
        run = RUNS["loaded"]()
        elsewhere = DiskClone("data", DiskBackend.REFLINK, "reflink", 0.5)
        there = result(dataclasses.replace(run, disk_clones=(elsewhere,)))
        self.assertEqual(facts_bytes(there), facts_bytes(result(run)))
        self.assertEqual(there.host.disk_clones[0].backend, "reflink")

    def test_what_was_not_measured_is_absent(self) -> None:
        made = result(runs.good_run(workers=(runs.worker(run_delay_ns=None, step=None),)))
        (worker,) = made.workers
        self.assertFalse(worker.HasField("run_delay_ns"))
        self.assertFalse(worker.HasField("step"))
        self.assertTrue(worker.HasField("run_count"))

    def test_histograms_travel_with_their_bounds(self) -> None:
        made = result(runs.good_run(workers=(runs.worker(wake=Histogram.of([100, 3])),)))
        wake = made.workers[0].wake
        self.assertEqual((wake.count, wake.total_ns, wake.max_ns), (2, 103, 100))
        bounds = [(bucket.low_ns, bucket.high_ns, bucket.count) for bucket in wake.buckets]
        self.assertEqual(bounds, [(3, 3, 1), (100, 103, 1)])

    def test_logs_that_came_are_files(self) -> None:
        self.assertIn(b"the last line", files_of(result(RUNS["ejected"]()))["scheduler.log"])
        self.assertNotIn("scheduler.log", files_of(result(RUNS["raised"]())))


if __name__ == "__main__":
    absltest.main()
