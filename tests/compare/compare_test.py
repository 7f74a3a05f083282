# SPDX-License-Identifier: Apache-2.0
"""Two sets of results compared, from files in testlogs to the exit code."""

from __future__ import annotations

import json
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.result import result_pb2
from tests.compare.comparing import CompareTest
from tests.support.commanding import Said
from tests.support.saved_results import made


class ExactTest(CompareTest):
    def test_equal_results_are_the_same(self) -> None:
        self.keep("base", made("one"))
        self.keep("new", made("one", run=2))
        found = self.compared()
        self.assertEqual((found["pairs"], found["findings"]), (1, []))
        self.assertEqual(found["counts"]["same"], 4)  # three figures and the verdict
        self.assertLen(self.compared("--all")["findings"], 4)

    @parameterized.parameters(
        ("iterations", 980.0, "worse", 1),
        ("iterations", 1020.0, "better", 0),
        ("wake_p99_us", 42.0, "worse", 1),
        ("wake_p99_us", 38.0, "better", 0),
        ("wake_p99_us", 40.9, "", 0),  # below the absolute gate of 1 us
        ("iterations", 991.0, "", 0),  # below the relative one of 1 %
        ("cpus", 4.0, "changed", 0),
    )
    def test_a_change_is_one_with_its_direction(
        self, figure: str, value: float, outcome: str, code: int
    ) -> None:
        self.keep("base", made("one"), made("two"))
        self.keep("new", made("one", figures={figure: value}), made("two"))
        expected = {f"one cg_0.{figure}": outcome} if outcome else {}
        self.assertEqual(self.outcomes(code=code), expected)

    def test_a_baseline_of_zero_leaves_the_absolute_gate(self) -> None:
        self.keep("base", made("one", figures={"wake_p99_us": 0.0, "iterations": 0.0}))
        self.keep("new", made("one", figures={"wake_p99_us": 0.9, "iterations": 1.0}))
        found = self.compared()["findings"]
        self.assertEqual([each["figure"] for each in found], ["cg_0.iterations"])
        self.assertIsNone(found[0]["ratio"])
        self.assertEqual(found[0]["change"], 1.0)

    def test_a_baseline_next_to_zero_has_no_ratio(self) -> None:
        self.keep("base", made("one", figures={"wake_p99_us": 5e-324}))
        self.keep("new", made("one", figures={"wake_p99_us": 1e100}))
        (found,) = self.compared(code=1)["findings"]
        self.assertIsNone(found["ratio"])
        for form in ("text", "markdown", "html"):
            said = self.run_ktstr("compare", "base", "new", f"--format={form}")
            self.assertEqual(said.code, 1, said.err)
            self.assertNotIn("inf %", said.out)

    def test_gates_of_a_command_line(self) -> None:
        self.keep("base", made("one"))
        self.keep("new", made("one", figures={"wake_p99_us": 44.0, "iterations": 980.0}))
        self.assertLen(self.outcomes(code=1), 2)
        self.assertLen(self.outcomes("--gate=wake_*=5", code=1), 1)
        self.assertEmpty(self.outcomes("--relative=3", "--gate=cg_0.wake_p99_us=20%"))
        self.assertLen(self.outcomes("--gate=cg_0.wake_*=50%", code=1), 1)
        self.assertEmpty(self.outcomes("--figure=cpus"))

    @parameterized.parameters("--figure=wake_p99", "--gate=wake_p99=50%", "--figure=cg_1.*")
    def test_a_pattern_that_fits_nothing(self, option: str) -> None:
        self.keep("base", made("one"))
        self.keep("new", made("one"))
        said = self.run_ktstr("compare", "base", "new", option)
        self.assertEqual(said.code, 3)
        self.assertIn("fits no figure of base and new", said.err)

    @parameterized.parameters("wake_*", "=5%", "x=much", "x=-1", "x=nan")
    def test_what_is_no_gate(self, text: str) -> None:
        self.keep("base", made("one"))
        self.keep("new", made("one"))
        said = self.run_ktstr("compare", "base", "new", f"--gate={text}")
        self.assertEqual(said.code, 3)
        self.assertIn("FIGURE=AMOUNT is expected", said.err)

    @parameterized.parameters(
        (result_pb2.PASS, result_pb2.FAIL, "worse", 1),
        (result_pb2.FAIL, result_pb2.PASS, "better", 0),
        (result_pb2.PASS, result_pb2.SKIP, "missing", 2),
        (result_pb2.PASS, result_pb2.INCONCLUSIVE, "undecided", 0),
    )
    def test_verdicts(
        self, was: result_pb2.Verdict, now: result_pb2.Verdict, outcome: str, code: int
    ) -> None:
        self.keep("base", made("one", verdict=was))
        self.keep("new", made("one", verdict=now, figures={"iterations": 1000.0}))
        self.assertEqual(self.outcomes(code=code), {"one verdict": outcome})

    def test_what_one_side_alone_has_is_missing(self) -> None:
        less = made("both")
        del less.figures[0]
        self.keep("base", made("both"), made("gone"))
        self.keep("new", less, made("added"))
        self.assertEqual(
            self.outcomes(code=2),
            {
                "added verdict": "missing",
                "gone verdict": "missing",
                "both cg_0.iterations": "missing",
            },
        )
        self.assertLen(self.outcomes("--fail_on=worse"), 3)

    def test_what_is_not_repeatable_is_undecided(self) -> None:
        self.keep("base", made("one"), made("one", figures={"iterations": 5.0}))
        self.keep("new", made("one"))
        self.assertEqual(self.outcomes(), {"one verdict": "undecided"})

    @parameterized.parameters(
        {"brought": {"_main/payload.cpio": "ab"}},
        {"own_layer": "ab"},
        {"machine": "ab"},
        {"patches": {"_main/fix.patch": "ab"}},
    )
    def test_other_inputs_are_no_repetition(self, **inputs: Any) -> None:
        late = "2026-02-05T00:00:00+00:00"
        changed = made("one", figures={"iterations": 5.0}, started=late, **inputs)
        self.keep("base", made("one"), changed)
        self.keep("new", made("one"))
        self.assertEqual(self.outcomes(), {"one cg_0.iterations": "better"})

    def test_the_latest_of_a_set_counts(self) -> None:
        old = made("one", plan="p0", figures={"iterations": 5.0}, started="2025-01-01T00:00:00Z")
        self.keep("base", old, made("one"))
        self.keep("new", made("one"))
        self.assertEmpty(self.outcomes())

    def test_seeds_are_pairs_of_their_own(self) -> None:
        slow = {"iterations": 500.0}
        self.keep("base", made("one", seed=1), made("one", seed=2, figures=slow))
        self.keep("new", made("one", seed=1, run=1), made("one", seed=2, run=1, figures=slow))
        self.assertEmpty(self.outcomes())

    def test_kernels_and_schedulers_are_compared_across(self) -> None:
        self.keep(
            "base",
            made("one"),
            made("one", kernel="//sched/kernels:linux_7_2", figures={"iterations": 1.0}),
            made("one", label="//my:other_test", scheduler="", figures={"iterations": 2.0}),
        )
        for words, value in (
            (("kernel=linux_6_12,scheduler=mine", "kernel=linux_7_2,scheduler=mine"), 1.0),
            (("scheduler=mine,kernel=linux_6_12", "scheduler=eevdf,kernel=linux_6_12"), 2.0),
        ):
            said = self.run_ktstr("compare", *words, "--json")
            self.assertEqual(said.code, 1, said.err)
            (found,) = json.loads(said.out)["findings"]
            self.assertEqual(found["new"], value)

    @parameterized.parameters(
        ((10, 22, 37), "spawned, +2.000 ms; most from spawned to done, +5.000 ms"),
        ((10, 28, 39), "spawned, +8.000 ms; most from attached to spawned, +8.000 ms"),
        ((16, 26, 36), "attached, +6.000 ms; most from the guest's start to attached, +6.000 ms"),
    )
    def test_from_which_event_on(self, moved: tuple[int, ...], expected: str) -> None:
        base, new = made("one"), made("one", figures={"iterations": 900.0})
        for result, times in ((base, (10, 20, 30)), (new, moved)):
            for name, at in zip(("attached", "spawned", "done"), times, strict=True):
                result.timeline.moments.add(name=name, at_ns=at * 1_000_000)
        self.keep("base", base)
        self.keep("new", new)
        (found,) = self.compared(code=1)["findings"]
        self.assertEqual(found["first"], f"first at {expected}")

    def test_nothing_in_common(self) -> None:
        self.keep("base", made("one"))
        self.keep("new", made("two"))
        self.assertEqual(self.run_ktstr("compare", "base", "new", "--fail_on=").code, 2)
        said = self.run_ktstr("compare", "base", "new", "--where=accel=kvm")
        self.assertEqual(said.code, 3)
        self.assertIn("the history has no result of base and of --where", said.err)


class BranchTest(CompareTest):
    """A job of main compares its commit with main, which has it already."""

    def main_and_commit(self, *arguments: str, base: str = "main") -> Said:
        return self.run_ktstr("compare", base, "commit=bbbb", *arguments)

    @parameterized.parameters("main", "branch=main")
    def test_a_commit_is_not_compared_with_itself(self, base: str) -> None:
        self.keep("main", made("one"), commit="aaaa")
        self.keep("main", self.failing(), commit="bbbb")
        said = self.main_and_commit(base=base)
        self.assertEqual(said.code, 1, said.out + said.err)
        self.assertIn("was PASS, is FAIL", said.out)

    @parameterized.parameters("main", "branch=main")
    def test_nor_are_its_boots(self, base: str) -> None:
        values = list(NoisyTest._QUIET)
        self.keep("main", *self.boots("one", values), commit="aaaa")
        self.keep("main", *self.boots("one", values, verdict=result_pb2.FAIL), commit="bbbb")
        self.assertEqual(self.main_and_commit(base=base).code, 1)

    def test_a_test_that_is_no_more_was_missing_once(self) -> None:
        self.keep("main", made("gone"), made("one"), commit="aaaa")
        later = "2026-02-05T00:00:00+00:00"
        self.keep("main", made("one", started=later), commit="bbbb")
        self.keep("new", made("one", plan="p2"))
        self.assertEqual(self.run_ktstr("compare", "main", "new").code, 0)
        self.assertEqual(self.run_ktstr("compare", "branch=main", "new").code, 2)

    @parameterized.parameters("main", "branch=main")
    def test_another_judge_of_the_same_inputs_hides_nothing(self, base: str) -> None:
        self.keep("main", made("one"), commit="aaaa")
        more = made("one", started="2026-02-05T00:00:00+00:00")
        more.figures.add(name="more", value=1.0, polarity="unknown", cgroup="cg_0")
        self.keep("main", more, commit="bbbb")
        self.keep("new", self.failing())
        self.assertEqual(self.run_ktstr("compare", base, "new").code, 1)

    def test_a_test_is_not_repeatable_within_a_run_alone(self) -> None:
        self.keep("main", made("one"), commit="aaaa")
        # the same inputs and figures, and another judge
        strict = made("one", verdict=result_pb2.FAIL, started="2026-02-05T00:00:00+00:00")
        self.keep("main", strict, commit="bbbb")
        self.keep("new", made("one", plan="p2"))
        said = self.run_ktstr("compare", "branch=main", "new", "--json")
        (found,) = json.loads(said.out)["findings"]
        self.assertEqual(found["outcome"], "better")

    def test_boots_of_older_commits_are_of_another_state(self) -> None:
        slow = [each / 2 for each in NoisyTest._QUIET]
        self.keep("main", *self.boots("one", slow), commit="aaaa")
        late = "2026-02-05T00:00:00+00:00"
        fast = self.boots("one", list(NoisyTest._QUIET), started=late)
        self.keep("main", *fast, commit="bbbb")
        self.keep("new", *self.boots("one", [each * 0.9 for each in NoisyTest._QUIET]))
        said = self.run_ktstr("compare", "main", "new", "--json")
        (found,) = json.loads(said.out)["findings"]
        self.assertEqual((found["outcome"], found["boots"]), ("worse", [6, 6]))

    def test_a_set_with_itself(self) -> None:
        self.keep("main", made("one"), commit="bbbb")
        for base, words in (
            ("branch=main", "each run of branch=main is one of commit=bbbb, too"),
            ("main", "the branch 'main' has no whole run but those"),
        ):
            said = self.main_and_commit(base=base)
            self.assertEqual(said.code, 3)
            self.assertIn(words, said.err)

    def failing(self) -> result_pb2.Result:
        return made("one", verdict=result_pb2.FAIL, plan="p2", started="2026-03-01T00:00:00+00:00")


class NoisyTest(CompareTest):
    _QUIET = (1000.0, 1001.0, 999.0, 1002.0, 998.0, 1000.5)

    def slower(self, factor: float) -> list[float]:
        return [each * factor + number / 10 for number, each in enumerate(self._QUIET)]

    def test_a_slowdown_is_told_with_its_interval(self) -> None:
        self.keep("base", *self.boots("one", list(self._QUIET)))
        self.keep("new", *self.boots("one", self.slower(0.8)))
        (found,) = self.compared(code=1)["findings"]
        self.assertEqual((found["outcome"], found["boots"]), ("worse", [6, 6]))
        self.assertLess(found["p"], 0.05)
        self.assertLess(found["interval"]["low"], -200)
        self.assertGreater(found["interval"]["low"], -210)
        self.assertLess(found["interval"]["high"], -190)

    def test_noise_below_the_gate_is_the_same(self) -> None:
        self.keep("base", *self.boots("one", list(self._QUIET)))
        self.keep("new", *self.boots("one", self.slower(0.999)))
        self.assertEqual(self.compared()["counts"]["same"], 3)  # cpus has no better

    def test_noise_beyond_it_is_undecided(self) -> None:
        values = [500.0, 1500.0, 800.0, 1200.0, 1000.0, 600.0]
        self.keep("base", *self.boots("one", values))
        self.keep("new", *self.boots("one", [each + 80 for each in reversed(values)]))
        self.assertEqual(self.outcomes(), {"one cg_0.iterations": "undecided"})
        self.assertEqual(self.run_ktstr("compare", "base", "new", "--fail_on=undecided").code, 2)

    def test_one_boot_says_nothing(self) -> None:
        self.keep("base", *self.boots("one", [1000.0]))
        self.keep("new", *self.boots("one", [10.0]))
        self.assertEqual(set(self.outcomes().values()), {"undecided"})

    def test_too_few_boots_are_told_with_how_many_would_do(self) -> None:
        self.keep("base", *self.boots("one", [1000.0, 1001.0, 999.0]))
        self.keep("new", *self.boots("one", [500.0, 501.0, 499.0]))
        found = self.compared()
        self.assertEqual([each["outcome"] for each in found["findings"]], ["undecided"])
        self.assertRegex(found["notes"][0], r"with 5 \(--runs_per_test=5\)")

    def test_failing_boots_are_worse(self) -> None:
        self.keep("base", *self.boots("one", list(self._QUIET)))
        self.keep("new", *self.boots("one", list(self._QUIET), verdict=result_pb2.FAIL))
        (found,) = self.compared(code=1)["findings"]
        self.assertEqual(found["figure"], "verdict")
        self.assertEqual(found["why"], "0 of 6 boots failed before, 6 of 6 now")

    @parameterized.parameters(
        (result_pb2.SKIP, result_pb2.SKIP, {}, 0),
        (result_pb2.SKIP, result_pb2.INCONCLUSIVE, {"one verdict": "undecided"}, 0),
    )
    def test_boots_that_came_to_no_verdict(
        self, was: result_pb2.Verdict, now: result_pb2.Verdict, found: dict[str, str], code: int
    ) -> None:
        self.keep("base", *self.boots("one", [1.0] * 3, verdict=was))
        new = self.boots("one", [1.0] * 3, verdict=now, started="2026-02-01T00:00:00+00:00")
        self.keep("new", *new)
        self.assertEqual(self.outcomes(code=code), found)

    def test_what_bazel_had_cached_is_no_evidence(self) -> None:
        results = self.boots("one", list(self._QUIET))
        self.keep("base", *results)
        self.keep("new", *results)
        found = self.compared()
        self.assertEqual((found["pairs"], found["findings"]), (1, []))
        self.assertEqual(found["counts"]["same"], 1)
        (found,) = self.compared("--all")["findings"]
        self.assertIn("Bazel took from its cache", found["why"])

    def test_words_of_guests_fill_no_comment(self) -> None:
        self.keep("base", *(made(f"t{i:02}", label="//my:t") for i in range(60)))
        bad = [
            made(f"t{i:02}", label="//my:t", verdict=result_pb2.FAIL, message="|" * 300)
            for i in range(60)
        ]
        self.keep("new", *bad)
        said = self.run_ktstr("compare", "base", "new", "--format=markdown", "--limit=50")
        self.assertLess(len(said.out), 65_536)
        self.assertRegex(said.out, r"\.\.\. and \d+ more\.")
        for test in ("t00", "t20"):
            self.assertIn(test, said.out)
        said = self.run_ktstr("compare", "base", "new", "--format=markdown", "--limit=0")
        self.assertIn("t59", said.out)

    def test_the_same_twice_in_every_form(self) -> None:
        self.keep("base", *self.boots("one", list(self._QUIET)))
        self.keep("new", *self.boots("one", self.slower(0.7)))
        for form in ("text", "markdown", "json"):
            words = ("compare", "base", "new", f"--format={form}")
            first, second = self.run_ktstr(*words), self.run_ktstr(*words)
            self.assertEqual(first, second)
            self.assertIn("worse", first.out)


if __name__ == "__main__":
    absltest.main()
