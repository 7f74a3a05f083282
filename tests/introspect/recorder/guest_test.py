# SPDX-License-Identifier: Apache-2.0
"""Real guests that fail in real time: what their second runs come to, and what these recorded."""

from pathlib import Path
from typing import Any

from absl.testing import absltest

from tests.introspect.replay.pages import PagesTest
from tests.support.running import Ended, Running

_PLACE = "_main/tests/introspect/recorder/"
_FAILED = 1


class _Guests(PagesTest):
    # for two guests, beside whatever else this machine does
    seconds = 400

    def ended(self, target: str, test: str) -> tuple[dict[str, Any], Ended]:
        """The page of a test that fails, and its run."""
        directory = Path(self.create_tempdir().full_path)
        running = Running(_PLACE + target, directory, test_filter=test, timeout_s=self.seconds)
        self.addCleanup(running.close)
        ended = running.wait(self.seconds)
        self.assertEqual(_FAILED, ended.status, ended.text)
        result = ended.result(test)
        self.assertIn("replay", result, ended.text)
        page: dict[str, Any] = result["replay"]
        wall = {each["name"]: each.get("seconds", 0.0) for each in result["host"]["wall"]}
        print(f"{test}: {wall['replay']:.2f} s, the first run {wall['total']:.2f} s")
        print(*page.get("missing", ()), sep="\n")
        self.assertEqual(page["way"], "programs in the guest")
        self.assertFalse((ended.outputs / test / "replay").exists())
        return page, ended

    def came_again(self, target: str, test: str, what: str) -> dict[str, Any]:
        """The page of a failure that came again."""
        page, ended = self.ended(target, test)
        self.assertEqual((page["what"], page.get("again")), (what, True), page)
        self.assertNotIn("problem", page)
        report = (ended.outputs / test / "report.txt").read_text(encoding="utf-8")
        self.assertIn(f"second run in real time: the {what} came again", report)
        return page


class GuestTest(_Guests):
    def test_an_error_of_enqueue(self) -> None:
        page = self.came_again("wrong", "it_gives_up", "ejection")
        self.assertEqual(page["task"], "w0.0.1")
        self.assertIn(page["function"], ("scx_ops_exit_kind", "scx_vexit"))
        self.assertEqual(self.functions(page)[0], page["function"])
        self.assertIn("bpf:wrong_enqueue", self.functions(page))
        enqueue = self.call(page, "enqueue (wrong_enqueue)")
        self.assertNotIn("took_ns", enqueue)
        self.assertIn(f"pid=w0.0.1[{page['pid']}]", enqueue["arguments"])
        self.assertNotIn("took_ns", self.call(page, "do_enqueue_task"))
        self.assertNotEmpty(page["events"])

    def test_a_queue_that_enqueue_should_not_name(self) -> None:
        page = self.came_again("wrong", "a_queue_that_there_is_not", "ejection")
        self.assertEqual(page["task"], "w0.0.2")
        self.assertIn("dsq_id=99", self.call(page, "scx_bpf_d")["arguments"])

    def test_a_panic_leaves_what_came_before_it(self) -> None:
        page = self.came_again("dying", "panicked", "panic")
        self.assertEqual(page["task"], "ktstr-function")
        self.assertIn(page["function"], ("oops_enter", "panic", "vpanic"))
        self.assertIn("sysrq_handle_crash", self.functions(page))
        self.assertIn("key=99", self.call(page, "sysrq_handle_crash")["arguments"])

    def test_a_failure_that_does_not_come_where_somebody_watches(self) -> None:
        page, ended = self.ended("dying", "shy")
        self.assertEqual((page["what"], page.get("again", False)), ("panic", False))
        self.assertNotIn("second", page)
        self.assertNotIn("problem", page)
        report = (ended.outputs / "shy" / "report.txt").read_text(encoding="utf-8")
        self.assertIn("the panic did not come again, and nothing else failed", report)


class HangTest(_Guests):
    """A guest that hangs does so for as long as it may, in time of its CPU: twice."""

    seconds = 1500

    def test_a_hang_whose_agent_waits(self) -> None:
        page = self.came_again("dying", "hung", "hang")
        self.assertStartsWith(page["compared_by"], "who does not go on: ktstr-agent waits in ")
        self.assertEqual((page["task"], page["function"]), ("ktstr-agent", "sched_tick"))
        self.assertStartsWith(page["stack_of"], "hog0[")
        self.assertEqual(self.functions(page)[0], "sched_tick")


class WaitTest(_Guests):
    """Where the host lets the guest's CPU wait for long, nobody knows whose fault a wait is."""

    def test_a_worker_that_never_runs_is_known_by_its_wait(self) -> None:
        page = self.came_again("faults", "starved", "passed limit")
        self.assertEqual((page["task"], page["function"]), ("w0.0.1", "sched_tick"))
        self.waits_in(page, "DSQ 2")

    def test_a_stall_that_the_watchdog_finds(self) -> None:
        page = self.came_again("faults", "stalled", "ejection")
        self.assertIn("scx_watchdog_workfn", self.functions(page))
        self.assertEqual(page["compared_by"], "the kernel's own kind, SCX_EXIT_ERROR_STALL")
        self.assertIn(f"{page['task']}[{page['pid']}]", page["second"])
        self.assertNotEmpty(page["events"])


if __name__ == "__main__":
    absltest.main()
