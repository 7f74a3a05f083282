# SPDX-License-Identifier: Apache-2.0
"""Real guests that fail: what their replays show is what was wrong in them."""

from pathlib import Path
from typing import Any

from absl.testing import absltest

from tests.introspect.replay.pages import PagesTest
from tests.support.running import Ended, Running

_PLACE = "_main/tests/introspect/replay/"
_FAILED = 1
# of these the first run has a snapshot of the instant
_LOOKED_AT_BEFORE = ("ejection", "broken invariant")


class GuestTest(PagesTest):
    def ended(self, target: str, test: str) -> tuple[dict[str, Any], Ended]:
        """The result of a test that fails, and its run."""
        directory = Path(self.create_tempdir().full_path)
        running = Running(_PLACE + target, directory, test_filter=test)
        self.addCleanup(running.close)
        ended = running.wait()
        self.assertEqual(_FAILED, ended.status, ended.text)
        return ended.result(test), ended

    def came_again(self, target: str, test: str, what: str) -> dict[str, Any]:
        """The page of a failure that came again."""
        result, ended = self.ended(target, test)
        page: dict[str, Any] = result["replay"]
        wall = {each["name"]: each.get("seconds", 0.0) for each in result["host"]["wall"]}
        print(f"{test}: {wall['replay']:.2f} s, the run itself {wall['total']:.2f} s")
        self.assertEqual(page["what"], what)
        self.assertTrue(page.get("again"), page)
        self.assertNotIn("problem", page)
        report = (ended.outputs / test / "report.txt").read_text(encoding="utf-8")
        self.assertIn("--- replay ---", report)
        self.assertIn(f"played again: the {what} came again, at ", report)
        self.assertFalse((ended.outputs / test / "replay").exists())
        # one of where it failed, whoever took it; a guest that hangs may fail otherwise after that
        kept = [each["name"] for each in result.get("snapshots", ())]
        was_seen = "post_mortem" in result or what in _LOOKED_AT_BEFORE
        if "post_mortem" not in result:
            self.assertLen(kept, 1)
        self.assertEqual("first-cause" in kept, not was_seen)
        return page

    def test_a_cpu_that_select_cpu_should_not_give(self) -> None:
        page = self.came_again("wrong", "a_cpu_that_there_is_not", "ejection")
        self.assertEqual(page["task"], "w0.0.1")
        self.assertIn("select_task_rq_scx", self.functions(page))
        call = self.call(page, "select_cpu (wrong_select_cp")
        self.assertEqual(call["result"], "999")
        self.assertIn(f"pid=w0.0.1[{page['pid']}]", call["arguments"])
        self.assertNotIn("took_ns", self.call(page, "select_task_rq_scx"))

    def test_a_queue_that_enqueue_should_not_name(self) -> None:
        page = self.came_again("wrong", "a_queue_that_there_is_not", "ejection")
        self.assertEqual(page["task"], "w0.0.2")
        self.assertIn("do_enqueue_task", self.functions(page))
        self.assertIn("dsq_id=99", self.call(page, "scx_bpf_dispatch")["arguments"])

    def test_an_error_of_enqueue(self) -> None:
        page = self.came_again("wrong", "it_gives_up", "ejection")
        self.assertEqual(page["task"], "w0.0.1")
        self.assertEqual(page["function"], "scx_ops_exit_kind")
        self.assertIn("bpf:wrong_enqueue", self.functions(page))
        self.assertNotIn("took_ns", self.call(page, "enqueue (wrong_enqueue)"))
        self.assertIn("kind=SCX_EXIT_ERROR_BPF", self.call(page, "scx_ops_exit_kind")["arguments"])

    def test_a_stall_that_the_watchdog_finds(self) -> None:
        page = self.came_again("faults", "stalled", "ejection")
        self.assertIn("scx_watchdog_workfn", self.functions(page))
        self.assertIn(f"{page['task']}[{page['pid']}]", page["failure"])
        self.waits_in(page, "DSQ 0")
        waited = int(page["at_ns"]) - int(page["events"][-1]["at_ns"])
        self.assertBetween(waited, 10**9, 2 * 10**9)

    def test_an_error_of_a_timer(self) -> None:
        page = self.came_again("faults", "gave_up", "ejection")
        self.assertIn("bpf:on_timer", self.functions(page))
        self.assertEqual(page["stack_of"], f"{page['task']}[{page['pid']}]")

    def test_a_cpu_that_goes_without_a_callback(self) -> None:
        page = self.came_again("faults", "no_hotplug", "ejection")
        self.assertEqual(page["task"], "cpuhp/1")
        self.assertIn("sched_cpu_deactivate", self.functions(page))
        arguments = self.call(page, "scx_ops_exit_kind")["arguments"]
        self.assertIn("kind=SCX_EXIT_UNREG_KERN", arguments)

    def test_a_guest_that_asks_is_answered_again(self) -> None:
        page = self.came_again("faults", "asked_and_gave_up", "ejection")
        self.assertIn("bpf:on_timer", self.functions(page))

    def test_a_worker_that_never_runs(self) -> None:
        page = self.came_again("faults", "starved", "passed limit")
        self.assertEqual(page["task"], "w0.0.1")
        self.waits_in(page, "DSQ 2")

    def test_a_worker_that_goes_without_a_cpu_for_too_long(self) -> None:
        page = self.came_again("faults", "stuck", "passed limit")
        self.assertStartsWith(page["task"], "w0.0.")
        self.waits_in(page, "DSQ 0")
        waited = int(page["at_ns"]) - int(page["events"][-1]["at_ns"])
        # a tick comes each 4 ms
        self.assertBetween(waited, 490 * 10**6, 510 * 10**6)

    def test_runqueues_that_are_not_balanced(self) -> None:
        page = self.came_again("faults", "lopsided", "passed limit")
        self.assertStartsWith(page["task"], "w0.0.")
        self.assertStartsWith(page["why"], "of those it had waited longest: on CPU 0, in ")

    def test_a_cpu_that_goes_idle_beside_a_worker_that_waits(self) -> None:
        page = self.came_again("faults", "idle_beside", "passed limit")
        self.assertStartsWith(page["task"], "w0.0.")
        self.assertEqual(page["function"], "set_next_task_idle")

    def test_a_hang_whose_agent_waits(self) -> None:
        page = self.came_again("dying", "hung", "hang")
        self.assertEqual(page["task"], "ktstr-agent")
        self.assertRegex(page["stack_of"], r"^hog[01]\[")
        self.assertEqual(self.functions(page)[0], "sched_tick")

    def test_a_panic(self) -> None:
        page = self.came_again("dying", "panicked", "panic")
        self.assertEqual((page["task"], page["function"]), ("ktstr-function", "panic"))
        self.assertIn("sysrq_handle_crash", self.functions(page))
        self.assertIn("key=99", self.call(page, "sysrq_handle_crash")["arguments"])

    def test_a_crash_that_the_kernel_survives(self) -> None:
        page = self.came_again("dying", "oopsed", "crash")
        self.assertEqual((page["task"], page["function"]), ("ktstr-function", "oops_enter"))
        self.assertIn("current_clocksource_show", self.functions(page))
        self.assertNotIn("took_ns", self.call(page, "page_fault_oops"))

    def test_a_warning(self) -> None:
        page = self.came_again("dying", "warned", "warning")
        self.assertEqual((page["task"], page["function"]), ("ktstr-function", "__warn"))
        self.assertIn("version_proc_show", self.functions(page))
        self.assertNotIn("took_ns", self.call(page, "report_bug"))

    def test_a_threshold_is_not_played_again(self) -> None:
        _, ended = self.ended("faults", "delayed")
        self.assertNotIn("replay", ended.result("delayed"))


if __name__ == "__main__":
    absltest.main()
