# SPDX-License-Identifier: Apache-2.0
"""From Bazel's files to a workload, and to what is printed."""

import pathlib

from absl.testing import absltest

from ktstr.model.errors import UsageError
from tests.scale.logs import KERNEL, a_template, a_test, spawn, write_events, write_log
from tools.scale.farm import Costs, Farm
from tools.scale.graph import shares, workload_of
from tools.scale.invocation import read_invocation
from tools.scale.machines import machines_of
from tools.scale.report import json_of, text_of
from tools.scale.schedule import simulate
from tools.scale.spawns import read_spawns
from tools.scale.workload import Kind, Workload, drawn

_GOLDEN = pathlib.Path(__file__).parent / "golden.txt"
_ACTIONS = {"mnemonic": "TestRunner", "userTime": "9s", "systemTime": "3s"}
_METRICS = {
    "timingMetrics": {"wallTimeInMs": "90000", "analysisPhaseTimeInMs": "4500"},
    "memoryMetrics": {"usedHeapSizePostBuild": "1000"},
    "actionSummary": {"actionData": [_ACTIONS, {"mnemonic": "FileWrite"}]},
}


class LogsTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.create_tempdir().full_path)

    def workload(self, *spawns: dict[str, object], name: str = "log") -> Workload:
        return workload_of([read_spawns(write_log(self.folder / name, spawns))], {})

    def build(self) -> Workload:
        """Two saved guests, of which one has two tests and the other one, and a cached kernel."""
        return self.workload(
            spawn("//k:k", "KernelImage", "01:00:00", 0, {}, KERNEL, cacheHit=True),
            a_test("a_test", "01:01:00", 8, "1n1l2c1t_0"),
            a_test("b_test", "01:01:10", 16, "1n1l2c1t_0"),
            a_test("c_test", "01:01:30", 12, "2n2l2c1t_1"),
            a_template("1n1l2c1t_0", "01:00:01.5", 20),
            a_template("2n2l2c1t_1", "01:00:30", 25),
        )


class GraphTest(LogsTest):
    def test_tests_need_the_guest_that_they_are_cloned_from(self) -> None:
        tasks = self.build().tasks
        self.assertEqual(
            [(task.name, task.kind, task.seconds, task.needs, task.guests) for task in tasks],
            [
                ("//rules/private/test:saved_guest 1n1l2c1t_0", Kind.TEMPLATE, 20.0, (), 0),
                ("//rules/private/test:saved_guest 2n2l2c1t_1", Kind.TEMPLATE, 25.0, (), 0),
                ("//p:a_test", Kind.TEST, 8.0, (0,), 2),
                ("//p:b_test", Kind.TEST, 16.0, (0,), 2),
                ("//p:c_test", Kind.TEST, 12.0, (1,), 2),
            ],
        )
        self.assertEqual([task.output_bytes for task in tasks[1:3]], [20_000_000, 1000])

    def test_files_that_the_same_read_are_one_bundle(self) -> None:
        workload = self.build()
        everybodys = workload.tasks[0].bundles
        self.assertLen(everybodys, 1)
        self.assertEqual(workload.bundles[everybodys[0]].size, sum(KERNEL.values()))
        sizes = sorted(workload.bundles[each].size for each in workload.tasks[2].bundles)
        self.assertEqual(sizes, [5000, 20_000_000, 120_000_000])
        makers = {workload.bundles[each].maker for each in workload.tasks[4].bundles}
        self.assertEqual(makers, {-1, 1})

    def test_what_was_saved_before_is_needed_from_nobody(self) -> None:
        template = a_template("g.template", "01:00:00", 20, cacheHit=True)
        (task,) = self.workload(template, a_test("a_test", "01:01:00", 8, "g.template")).tasks
        self.assertEqual((task.needs, task.seconds), ((), 8.0))

    def test_shards_and_runs_are_tasks_of_their_own(self) -> None:
        first, second = (
            a_test("a_test", f"01:0{each}:00", 8, "g", env={"TEST_SHARD_INDEX": str(each)})
            for each in range(2)
        )
        run = a_test("a_test", "01:05:00", 8, "g", env={"TEST_RUN_NUMBER": "2"})
        names = [task.name for task in self.workload(first, second, run).tasks]
        self.assertEqual(names, ["//p:a_test shard 0", "//p:a_test shard 1", "//p:a_test run 2"])

    def test_memory_is_what_the_platform_says(self) -> None:
        properties = [{"name": "ktstr-memory", "value": "4096"}]
        large = a_test("a_test", "01:00:00", 8, "g", properties=properties)
        small = a_test("b_test", "01:01:00", 8, "g")
        tasks = self.workload(large, small).tasks
        self.assertEqual([task.memory_mib for task in tasks], [4096, 1024])

    def test_of_a_busy_machine_only_cpu_seconds_count(self) -> None:
        path = write_log(self.folder / "log", [a_test("a_test", "01:00:00", 16, "g")])
        told = read_invocation(write_events(self.folder / "bep", _METRICS))
        spawns = read_spawns(path)
        cpu = shares(spawns, told.cpu_s)
        self.assertEqual(cpu, {"TestRunner": 0.75})
        (idle,), (busy,) = (workload_of([spawns], cpu, busy=each).tasks for each in (False, True))
        self.assertEqual((idle.seconds, idle.cpu), (16.0, 0.75))
        self.assertEqual((busy.seconds, busy.cpu), (12.0, 1.0))

    def test_several_logs_say_how_much_runs_differ(self) -> None:
        logs = [
            read_spawns(
                write_log(
                    self.folder / "log",
                    [
                        a_test("a_test", "01:00:00", first, "g"),
                        a_test("b_test", "01:01:00", second, "g"),
                    ],
                )
            )
            # the last on a machine that was twice as slow
            for first, second in ((10, 10), (8, 12), (20, 20))
        ]
        ratios = workload_of(logs, {}).ratios
        self.assertEqual([round(each, 9) for each in ratios], [0.8, 1.0, 1.0, 1.0, 1.0, 1.2])
        self.assertEqual(workload_of(logs[:1], {}).ratios, (1.0,))

    def test_runs_of_one_log_differ_too(self) -> None:
        runs = [
            a_test("a_test", f"01:0{run}:00", each, "g", env={"TEST_RUN_NUMBER": str(run)})
            for run, each in enumerate((10, 8, 15), 1)
        ]
        ratios = self.workload(*runs).ratios
        self.assertEqual([round(each, 9) for each in ratios], [0.8, 1.0, 1.5])


class DrawnTest(LogsTest):
    def test_as_many_as_are_asked_for_and_each_as_often(self) -> None:
        workload = drawn(self.build(), 30, 6, seed=1)
        kinds = [task.kind for task in workload.tasks]
        self.assertEqual((kinds.count(Kind.TEST), kinds.count(Kind.TEMPLATE)), (30, 6))
        names = [task.name.partition("#")[0] for task in workload.tasks]
        self.assertEqual({names.count(f"//p:{each}_test") for each in "abc"}, {10})
        self.assertLen({task.name for task in workload.tasks}, 36)

    def test_tests_get_the_copies_of_their_saved_guest_in_turns(self) -> None:
        workload = drawn(self.build(), 30, 6, seed=1)
        used: dict[int, list[str]] = {}
        for task in workload.tasks:
            for each in task.needs:
                used.setdefault(each, []).append(task.name.partition("#")[0])
        self.assertLen(used, 6)
        for template, names in used.items():
            of_first = workload.tasks[template].name.split("#")[0].endswith("1n1l2c1t_0")
            self.assertEqual(
                set(names), {"//p:a_test", "//p:b_test"} if of_first else {"//p:c_test"}
            )

    def test_files_of_copies_are_other_files(self) -> None:
        workload = drawn(self.build(), 30, 6, seed=1)
        read = {bundle for task in workload.tasks for bundle in task.bundles}
        sizes = sorted(workload.bundles[each].size for each in read)
        self.assertEqual(sizes, [5000] * 30 + [20_000_000] * 6 + [120_000_000])

    def test_without_shapes_they_are_saved_already(self) -> None:
        workload = drawn(self.build(), 30, 0, seed=1)
        self.assertLen(workload.tasks, 30)
        self.assertFalse(any(task.needs for task in workload.tasks))

    def test_the_same_seed_draws_the_same(self) -> None:
        build = self.build()
        self.assertEqual(drawn(build, 9, 3, seed=2), drawn(build, 9, 3, seed=2))
        self.assertNotEqual(drawn(build, 9, 3, seed=2), drawn(build, 9, 3, seed=3))

    def test_nothing_to_draw_from(self) -> None:
        workload = self.workload(a_template("g.template", "01:00:00", 20))
        with self.assertRaisesRegex(UsageError, "the log has no test that ran"):
            drawn(workload, 3, 0, seed=1)


class BadInputTest(LogsTest):
    def test_logs(self) -> None:
        for text, why in (
            ("", "has no action"),
            ('{\n  "mnemonic": "X"\n', "no execution log .*middle of an action"),
            ("[1]\n}\n", "no execution log"),
            ("{\n}\n", "no execution log .*mnemonic"),
        ):
            path = self.folder / "log"
            path.write_text(text, encoding="utf-8")
            with self.subTest(text), self.assertRaisesRegex(UsageError, why):
                read_spawns(path)
        with self.assertRaisesRegex(UsageError, "cannot read .*none: No such file"):
            read_spawns(self.folder / "none")

    def test_events(self) -> None:
        path = self.folder / "bep"
        for text, why in (
            ('{"id": {"started": {}}}\n', "no buildMetrics event"),
            ('"buildMetrics"{\n', "no file of --build_event_json_file"),
        ):
            path.write_text(text, encoding="utf-8")
            with self.subTest(text), self.assertRaisesRegex(UsageError, why):
                read_invocation(path)
        with self.assertRaisesRegex(UsageError, "cannot read .*none: No such file"):
            read_invocation(self.folder / "none")

    def test_machines(self) -> None:
        self.assertEqual([each.count * each.jobs for each in machines_of(40, [])], [32, 8])
        (few,) = machines_of(0, ["4x2x1:1024"])
        self.assertEqual((few.count, few.cores, few.jobs, few.memory_mib), (4, 2, 1, 1024))
        for cores, specs in ((0, []), (2, ["1x1:1024"]), (0, ["0x1:1024"]), (0, ["4x2"])):
            with self.subTest(specs), self.assertRaisesRegex(UsageError, "--machines"):
                machines_of(cores, specs)


class GoldenTest(LogsTest):
    def test_text(self) -> None:
        workload = drawn(self.build(), 200, 12, seed=1)
        costs = Costs(
            analysis_s=4.5,
            client_s=0.1,
            client_jobs=100,
            dispatch_s=0.5,
            stage_s=0.7,
            transfer_bytes_s=50e6,
            cas_bytes_s=200e6,
        )
        farm = Farm(machines_of(24, []), costs=costs, kills_per_hour=20.0)
        schedule = simulate(workload, farm, seed=1)
        told = text_of(workload, farm, schedule) + "\n\n" + json_of(workload, farm, schedule) + "\n"
        self.assertEqual(told, _GOLDEN.read_text(encoding="utf-8"), f"as it is now:\n{told}")


if __name__ == "__main__":
    absltest.main()
