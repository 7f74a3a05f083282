# SPDX-License-Identifier: Apache-2.0
"""A command's output, end and leftovers, as the guest reports them and the host says them."""

from __future__ import annotations

import contextlib
import io
import os

from absl.testing import absltest, parameterized

from ktstr.guest.command import CommandRun
from ktstr.guest.system.reactor import Reactor
from ktstr.model.facts import Event, LogChunk, TestFacts
from ktstr.runner.arguments import Command
from ktstr.runner.cases.planning import shell_plan
from ktstr.runner.shell import command as host
from tests.support import targets
from tests.support.sink import Sink


class _Said(Sink):
    def said(self, source: str) -> bytes:
        texts = [f.text for f in self.facts if isinstance(f, LogChunk) and f.source == source]
        return "".join(texts).encode(errors="surrogateescape")


def _run(text: str, timeout_s: float = 60.0) -> tuple[_Said, TestFacts]:
    sink = _Said()
    plan = shell_plan(targets.target(), command=Command(text, timeout_s))
    CommandRun(plan, Reactor(), sink, "/bin/sh").run()
    first, *_, last = sink.facts
    assert isinstance(first, Event) and first.name == "test_start"
    assert isinstance(last, TestFacts)
    return sink, last


class CommandRunTest(parameterized.TestCase):
    def test_its_output_comes_as_it_was_to_the_byte(self) -> None:
        sink, facts = _run(r"printf 'a\377\n'; printf 'b' >&2")
        self.assertEqual((sink.said("stdout"), sink.said("stderr")), (b"a\xff\n", b"b"))
        self.assertEqual(host.exit_status_of(facts), 0)

    @parameterized.parameters(
        ("exit 7", 7, "exit status 7"),
        ("kill -TERM $$", 143, "killed by SIGTERM"),
        ("no-such-program", 127, "exit status 127"),
    )
    def test_its_end_is_the_shells(self, text: str, status: int, detail: str) -> None:
        _, facts = _run(text)
        self.assertEqual((host.exit_status_of(facts), facts.detail), (status, detail))

    def test_one_that_takes_too_long_is_killed_with_all_it_started(self) -> None:
        said = io.StringIO()
        _, facts = _run("echo begun; sleep 600 | cat", timeout_s=0.2)
        with contextlib.redirect_stderr(said):
            self.assertEqual(host.exit_status_of(facts), host.COMMAND_TIMED_OUT)
        self.assertIn("--exec: killed: it took longer than 0.2 s of guest time", said.getvalue())

    def test_what_it_leaves_behind_holds_nobody_up(self) -> None:
        sink, facts = _run("sleep 600 & echo $!")
        self.assertEqual(host.exit_status_of(facts), 0)
        # reading to the end of its output means that nobody holds it open
        self.assertFalse(os.path.exists(f"/proc/{int(sink.said('stdout'))}/exe"))


if __name__ == "__main__":
    absltest.main()
