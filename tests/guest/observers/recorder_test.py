# SPDX-License-Identifier: Apache-2.0
"""What becomes of a run whose recorder cannot be had, or dies: an error in its facts."""

from __future__ import annotations

from unittest import mock

from absl.testing import absltest

from ktstr.guest.observers import recorder as recorder_module
from ktstr.guest.observers.recorder import Recorder
from ktstr.guest.system.reactor import Reactor
from ktstr.model.codec import decode, encode
from ktstr.model.facts import Event
from ktstr.model.wire.events import EventName
from ktstr.model.wire.recording import LABOUR_S, Labour, Recorded
from tests.guest.observers.observer import ObserverTest
from tests.support.sink import Sink

_BEGIN, _END = EventName.RECORDER_BEGIN, EventName.RECORDER_END
_LABOURS = [(name, labour) for labour in Labour for name in (_BEGIN, _END)]


class RecorderTest(ObserverTest):
    def told(self, script: str) -> Recorded:
        """What is told where the recorder is a program that does what the shell script says."""
        sink = Sink()
        recorder = Recorder(Reactor(), sink, self.program(script))
        recorder.start()
        recorder.follow()
        recorder.finish()
        events = [each for each in sink.facts if isinstance(each, Event)]
        self.assertEqual([(each.name, each.detail) for each in events], _LABOURS)
        # the host waits for what is told as long as for the telling
        fact, end = sink.facts[-2:]
        self.assertIs(end, events[-1])
        assert isinstance(fact, Recorded)
        self.assertEqual(decode(Recorded, encode(fact)), fact)
        return fact

    def test_what_it_tells_is_passed_on(self) -> None:
        told = self.told(
            'echo ok; read a; echo ok; read b; echo "{\\"said\\": \\"$a $b\\"}"; echo ok'
        )
        self.assertEqual((told.lines(), told.error), ([b'{"said": "callbacks tell"}'], ""))

    def test_one_that_cannot_start_says_why(self) -> None:
        told = self.told('echo "error cannot load the programs: no BPF"')
        why = "nothing was recorded in the guest: cannot load the programs: no BPF"
        self.assertEqual((told.lines(), told.error), ([], why))

    def test_one_that_refuses_callbacks_tells_the_rest(self) -> None:
        told = self.told('echo ok; read a; echo "error oh"; read b; echo "{}"; echo ok')
        self.assertEqual(told.lines(), [b"{}"])
        self.assertEqual(told.error, "callbacks of the scheduler were not recorded: oh")

    def test_callbacks_that_take_too_long_are_missed_and_the_rest_is_told(self) -> None:
        limits = dict(LABOUR_S) | {Labour.CALLBACKS: 0.2}
        self.enter_context(mock.patch.object(recorder_module, "LABOUR_S", limits))
        told = self.told(
            'echo ok; read a; read b; echo "{\\"late\\": 1}"; echo ok; '
            'echo "{\\"told\\": 1}"; echo ok'
        )
        self.assertEqual(told.lines(), [b'{"told": 1}'])
        why = "no answer to 'callbacks': 0.2 s were not enough"
        self.assertEqual(told.error, f"callbacks of the scheduler were not recorded: {why}")

    def test_one_that_ends_is_missed(self) -> None:
        told = self.told("echo ok; read a; echo ok")
        # its pipe may be broken before its end is seen
        self.assertStartsWith(told.error, "the guest does not tell what it recorded: ")


if __name__ == "__main__":
    absltest.main()
