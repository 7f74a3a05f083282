# SPDX-License-Identifier: Apache-2.0
"""Guest and host agree on events: what one awaits the other sends, and by one list of names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from absl.testing import absltest

import ktstr.execute
import ktstr.guest
import ktstr.judge
import ktstr.record
import ktstr.report
import ktstr.result
import ktstr.runner
from ktstr.model.facts import Event
from ktstr.model.wire.events import EventName
from ktstr.result.make.timeline import timeline
from tests.support.runs import S, good_run


def _trees(package: str) -> Iterator[ast.Module]:
    for path in sorted(Path(package).rglob("*.py")):
        yield ast.parse(path.read_text())


def _names(node: ast.AST) -> Iterator[EventName]:
    for each in ast.walk(node):
        match each:
            case ast.Attribute(value=ast.Name(id="EventName")):
                yield EventName[each.attr]


def _sent(node: ast.AST) -> Iterator[ast.expr]:
    """The names in calls that send an event: Event(at_ns, NAME, ...), x.event(NAME, ...)."""
    for each in ast.walk(node):
        match each:
            case ast.Call(func=ast.Name(id="Event"), args=[_, name, *_]):
                yield name
            case ast.Call(func=ast.Attribute(attr="event" | "_event"), args=[name, *_]):
                yield name


class EventsTest(absltest.TestCase):
    def test_the_guest_sends_every_event_that_there_is(self) -> None:
        sent = {
            name
            for tree in _trees(ktstr.guest.__path__[0])
            for expression in _sent(tree)
            for name in _names(expression)
        }
        self.assertEqual(sent, set(EventName))

    def test_the_guest_sends_no_event_of_another_name(self) -> None:
        for tree in _trees(ktstr.guest.__path__[0]):
            for name in _sent(tree):
                passed_on = isinstance(name, ast.Name) and name.id == "name"
                self.assertTrue(passed_on or list(_names(name)), ast.unparse(name))

    def test_the_host_awaits_events_of_the_list_only(self) -> None:
        awaited = set()
        host = (ktstr.execute, ktstr.runner, ktstr.judge, ktstr.record, ktstr.result, ktstr.report)
        for package in host:
            for tree in _trees(package.__path__[0]):
                awaited |= set(_names(tree))
                for each in ast.walk(tree):
                    match each:
                        case ast.MatchClass(
                            cls=ast.Attribute(attr="Event"), kwd_patterns=[ast.MatchValue(value)]
                        ):
                            self.assertIsInstance(value, ast.Attribute, ast.unparse(each))
        self.assertEqual(awaited, set(EventName))

    def test_the_time_line_takes_every_event_that_the_guest_sends(self) -> None:
        for name in EventName:
            events = (Event(S, name, 0), Event(2 * S, EventName.STEP_END, 0))
            moments = timeline(good_run(events=events)).moments
            self.assertIn(name, [moment.name for moment in moments])


if __name__ == "__main__":
    absltest.main()
