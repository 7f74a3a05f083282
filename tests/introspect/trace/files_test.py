# SPDX-License-Identifier: Apache-2.0
"""The files of a trace: Perfetto's own protos read what is written, and JSON every line."""

import json

from absl.testing import absltest
from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as protos

from ktstr.introspect.trace.events import Decisions, Event
from ktstr.introspect.trace.lines import lines
from ktstr.introspect.trace.perfetto import perfetto

_SWITCH = ("prev", "prev_comm", "prev_prio", "next", "next_comm", "next_prio", "running", "state")
_DSQ = ("pid", "dsq", "depth")
_OP = ("op", "program", "pid", "took_ns", "result")
_EVENTS = (
    Event(1_000, 0, "waking", ("pid", "comm", "by"), (7, 'w"7\n', 0)),
    Event(1_100, 1, "wakeup", ("pid", "comm", "prio", "target"), (7, 'w"7\n', 120, 0)),
    Event(1_200, 0, "op", _OP, ("select_cpu", "fifo_select_cpu", 7, 250, -2)),
    Event(1_300, 0, "dsq_insert", _DSQ, (7, "0", 1)),
    Event(1_400, 1, "dsq_remove", _DSQ, (7, "0", 0)),
    Event(1_500, 1, "switch", _SWITCH, (0, "swapper/1", 120, 7, 'w"7\n', 120, 1, "R")),
    Event(300_000_000_000, 1, "switch", _SWITCH, (7, 'w"7\n', 120, 0, "swapper/1", 120, 0, "I")),
    Event(300_000_000_001, 1, "tick", ("pid",), (0,)),
)
_TRACE = Decisions(2, _EVENTS, {0: "idle", 7: 'w"7\n'}, lacks=("no kick: inlined",))


class FilesTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.trace = protos.Trace.FromString(b"".join(perfetto(_TRACE)))

    def test_switches_and_wakeups_are_the_kernels_own_events(self) -> None:
        bundles = [
            packet.ftrace_events for packet in self.trace.packet if packet.ftrace_events.event
        ]
        events = {each.cpu: list(each.event) for each in bundles}
        (waking,) = events[0]
        self.assertEqual((waking.timestamp, waking.pid), (1_000, 0))
        self.assertEqual((waking.sched_waking.pid, waking.sched_waking.comm), (7, 'w"7\n'))
        wakeup, on, off = events[1]
        self.assertEqual(wakeup.sched_wakeup.target_cpu, 0)
        self.assertEqual((on.sched_switch.prev_pid, on.sched_switch.next_pid), (0, 7))
        self.assertEqual(off.timestamp, 300_000_000_000)
        self.assertEqual((off.sched_switch.prev_state, off.sched_switch.next_prio), (128, 120))

    def test_callbacks_are_slices_and_depths_counters(self) -> None:
        tracks = {
            packet.track_descriptor.uuid: packet.track_descriptor
            for packet in self.trace.packet
            if packet.HasField("track_descriptor")
        }
        self.assertEqual(
            [each.name for each in tracks.values()], ["CPU 0 callbacks", "DSQ 0 depth"]
        )
        said = [packet for packet in self.trace.packet if packet.HasField("track_event")]
        begin, end, one, none = said
        self.assertEqual((begin.timestamp, end.timestamp), (1_200, 1_450))
        self.assertEqual(begin.track_event.type, protos.TrackEvent.TYPE_SLICE_BEGIN)
        self.assertEqual(begin.track_event.name, "select_cpu")
        notes = {each.name: each for each in begin.track_event.debug_annotations}
        self.assertEqual(notes["result"].int_value, -2)
        self.assertEqual(notes["program"].string_value, "fifo_select_cpu")
        self.assertEqual([each.track_event.counter_value for each in (one, none)], [1, 0])
        self.assertTrue(tracks[one.track_event.track_uuid].HasField("counter"))

    def test_every_line_is_json(self) -> None:
        about, *events = map(json.loads, lines(_TRACE))
        self.assertEqual(about["tasks"], {"0": "idle", "7": 'w"7\n'})
        self.assertEqual((about["events"], about["lacks"]), (8, ["no kick: inlined"]))
        self.assertLen(events, len(_EVENTS))
        for line, event in zip(events, _EVENTS, strict=True):
            head = {"ns": event.at_ns, "cpu": event.cpu, "event": event.what}
            self.assertEqual(line, head | event.values)


if __name__ == "__main__":
    absltest.main()
