# SPDX-License-Identifier: Apache-2.0
"""What a recorder has told, and what is no recorder's."""

import json
import re
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.introspect.recorder import layout
from ktstr.introspect.recorder.events import events_of
from ktstr.introspect.recorder.layout import RUNNABLE, Flag, Happens, How
from ktstr.introspect.recorder.told import Element, Told, told_by, told_of
from ktstr.model.errors import InfraError
from tests.introspect.recorder.support import ENQUEUE, PUT, entry, log, put, stack, state, stood

_HEADER = Path("ktstr/sampler/recording.h")


def _told(*elements: Element) -> Told:
    return told_of(elements, lambda _: None)


def _line(element: Element) -> bytes:
    said = {"map": element.map, "key": element.key, "raw": element.raw.hex()}
    return json.dumps(said).encode()


class ToldTest(parameterized.TestCase):
    def test_records_come_in_their_order_up_to_the_last(self) -> None:
        told = _told(entry(3, 0), entry(1, 0), entry(2, 0), state(3, ended=2), stood(0, PUT))
        self.assertEqual([each.ticket for each in told.entries], [1, 2])
        assert told.last is not None
        self.assertEqual(told.last.ticket, 2)
        self.assertIsNone(_told(entry(1, 0), state(1)).last)
        # a guest that told all before it panicked
        told = _told(entry(1, 0), state(1, ended=(1 << 64) - 1))
        self.assertEqual((told.state.ended, told.last, len(told.entries)), (0, None, 1))

    def test_a_record_that_is_being_written_is_none(self) -> None:
        self.assertEqual(_told(state(), entry(0, 0)).entries, [])

    def test_where_each_target_stood(self) -> None:
        told = _told(
            state(),
            stood(1, ENQUEUE, How.NOT, -22, "mine_enqueue"),
            stood(0, PUT, How.KPROBE),
        )
        self.assertEqual([each.name for each in told.stood], ["put", "enqueue"])
        self.assertEqual(told.stood[0].how, How.KPROBE)
        self.assertEqual((told.stood[1].program, told.stood[1].error), ("mine_enqueue", -22))

    def test_lines_say_the_same_and_name_programs(self) -> None:
        elements = (state(5), put(5), stack(1, 0x1010, 0x9), log(61, "w0"))
        names = [
            b'{"symbol":"bpf_prog_0123456789abcdef_mine_enqueue","address":4096}',
            b'{"symbol":"bpf_trampoline_7","address":8192}',
        ]
        told = told_by([*map(_line, elements), *names])
        self.assertEqual(told.stacks, {1: (0x1010, 0x9)})
        self.assertEqual(told.name_of(0x1010), "bpf:mine_enqueue+0x10")
        self.assertEqual(told.name_of(8192), "bpf_trampoline_7+0x0")
        self.assertIsNone(told.name_of(9))
        self.assertIsNone(told.name_of(1 << 40))

    @parameterized.parameters(
        (b"{", "the guest's recorder says b'{'"),
        (b'{"map":"ktstr_stacks","key":"x","raw":""}', "'x' is no number"),
        (b'{"symbol":5,"address":null}', "None is no number"),
        (b'{"map":"ktstr_state","key":0,"raw":"0"}', "the guest's recorder says"),
        (
            b'{"map":"ktstr_state","key":0,"raw":"00"}',
            "104 bytes of the recorder's were due, and 1",
        ),
        (b'{"map":"ktstr_tasks","key":0,"raw":"%s"}' % (b"00" * 40), "has 40 bytes, of 808"),
        (b'{"symbol":"x","address":1}', "the guest's recorder has left no state"),
    )
    def test_what_is_no_recorders(self, line: bytes, why: str) -> None:
        with self.assertRaisesRegex(InfraError, re.escape(why)):
            told_by([line])

    def test_a_way_to_watch_that_there_is_not(self) -> None:
        raw = bytearray(stood(0, PUT).raw)
        raw[146] = 9
        with self.assertRaisesRegex(InfraError, "target 'put': 9 is not a valid How"):
            _told(state(), Element("ktstr_targets", 0, bytes(raw)))

    def test_what_became_of_a_task_in_the_words_of_a_trace(self) -> None:
        told = _told(
            state(),
            log(70, "hog"),
            log(
                61,
                "w0",
                (1, Happens.NEW, 70, 0),
                (2, Happens.MIGRATES, 3, 1),
                (3, Happens.WAKING, 0, 0),
                (4, Happens.QUEUED, 2, 5),
                (5, Happens.RUNS, 70, 0),
                (6, Happens.STOPS, 70, RUNNABLE),
                (7, Happens.STOPS, 99, 1),
            ),
        )
        self.assertEqual(
            [each.event for each in events_of(told, 61)],
            [
                "is new, a child of hog[70]",
                "is moved from CPU 1 to CPU 3",
                "is woken by idle[0]",
                "goes into DSQ 5, then 3 deep",
                "runs, after hog[70]",
                "stops running, in state R; then hog[70]",
                "stops running, in state S; then ?[99]",
            ],
        )
        self.assertEqual(events_of(told, 5), ())

    def test_a_log_that_is_nobodys_is_no_tasks(self) -> None:
        told = _told(state(), log(0, "gone", (1, Happens.RUNS, 0, 0)), log(61, "w0"))
        self.assertEqual(list(told.tasks), [61])

    def test_of_many_events_the_last_are_there(self) -> None:
        count = layout.MOST_EVENTS + 2
        told = _told(state(), log(61, "w0", *((at, Happens.RUNS, 0, 0) for at in range(count))))
        times = [each.at_ns for each in events_of(told, 61)]
        self.assertEqual(times, list(range(2, count)))

    def test_the_header_of_the_guests_side_has_the_same_numbers(self) -> None:
        text = _HEADER.read_text(encoding="utf-8")
        said = {name: int(value, 0) for name, value in re.findall(
            r"#define RECORDING_(\w+) (0x[0-9a-f]+|\d+)", text)}  # fmt: skip
        self.assertEqual(
            said,
            {
                "MAGIC": layout.MAGIC,
                "VERSION": layout.VERSION,
                "TARGETS": layout.MOST_TARGETS,
                "RECORDS": layout.MOST_RECORDS,
                "STACKS": layout.MOST_STACKS,
                "FRAMES": layout.MOST_FRAMES,
                "TASKS": layout.MOST_TASKS,
                "EVENTS": layout.MOST_EVENTS,
                "READS": layout.MOST_READS,
                "OFFSETS": layout.MOST_OFFSETS,
                "NAME": layout.NAME_BYTES,
                "COMM": layout.COMM_BYTES,
                "DATA": layout.MOST_DATA,
                "LONGEST": layout.LONGEST_READ,
                "ARGUMENTS": layout.MOST_ARGUMENTS,
                "RESULT": layout.RESULT,
                "NONE": layout.NONE,
            },
        )
        events = re.findall(r"EVENT_(\w+),", text)
        self.assertEqual(events, ["NONE", *(each.name for each in Happens)])
        flags = re.findall(r"TARGET_(\w+) = 1 << (\d)", text)
        self.assertEqual(
            {name: 1 << int(bit) for name, bit in flags}, {each.name: each.value for each in Flag}
        )
        self.assertEqual(re.findall(r"\tHOW_(\w+),", text), [each.name for each in How])


if __name__ == "__main__":
    absltest.main()
