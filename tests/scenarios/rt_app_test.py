# SPDX-License-Identifier: Apache-2.0
"""rt-app workloads: what their JSON becomes, and what is refused of it."""

from __future__ import annotations

import json
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.model.codec import decode, encode
from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.scenario.scenario import FULL, Fixed, Scenario
from ktstr.model.validation.validate import check_scenario
from ktstr.model.work.policy import Policy, Role
from ktstr.model.work.teams import RtApp
from ktstr.scenarios.rt_app import rt_app, rt_app_cgroups

_VIEW = TopologyView.of(Topology.parse("1n1l2c1t"))
_TEXT = """
/* two tasks, one of which wakes the other */
{
    "global": {
        "duration": 3, "calibration": 130, "logdir": "./", "log_size": "file",
        "lock_pages": true, "ftrace": "none", "gnuplot": false, // no files
    },
    "tasks": {
        "beat": {
            "instance": 2, "delay": 500, "priority": -5, "cpus": [0],
            "run": 100, "resume": "echo", "sleep": 50, "run": 200,
            "timer": {"ref": "unique", "period": 5000},
        },
        "echo": {
            "loop": 4,
            "phases": {
                "first": {"loop": 2, "suspend": "", "runtime": 30},
                "last": {"policy": "SCHED_FIFO", "cpus": [0, 1], "yield": "it's \\"//\\""}
            }
        }
    }
}
"""


def app_of(scenario: Scenario, cgroup: int = 0) -> RtApp:
    """The work of one of its cgroups."""
    (work,) = scenario.steps[0].setup[cgroup].works or ()
    assert isinstance(work.type, RtApp)
    return work.type


def one(**task: Any) -> dict[str, Any]:
    """A workload of one task."""
    return {"tasks": {"t": task}}


def program(**task: Any) -> str:
    """What its one task is told."""
    return app_of(rt_app(one(**task))).tasks[0].program


class TranslatedTest(parameterized.TestCase):
    def test_a_text_with_comments_and_events_of_one_name(self) -> None:
        scenario = rt_app(_TEXT)
        app = app_of(scenario)
        beat = "task:500:-1,phase:1,run:100,resume:0,sleep:50,run:200,unique:0:5000:0"
        echo = (
            "task:0:4,phase:2,affinity:0-1023,suspend:0,runtime:30,"
            "phase:1,affinity:0-1,policy:fifo:10:0,yield"
        )
        self.assertEqual([each.program for each in app.tasks], [beat, beat, echo])
        self.assertEqual([each.name for each in app.tasks], ["beat-0", "beat-1", "echo-0"])
        self.assertEqual([sorted(each.cpus) for each in app.tasks], [[0], [0], []])
        self.assertEqual((app.resources, app.group_size, app.shared_bytes), (1, 3, 16))
        self.assertEqual(app.role(Role(Policy.BATCH, 0, 1), 1), Role(Policy.NORMAL, 0, -5))
        (cgroup,) = scenario.steps[0].setup
        self.assertEqual((cgroup.name, scenario.steps[0].hold), ("rt_app", Fixed(3.0)))
        check_scenario(scenario, _VIEW, 2)

    def test_it_goes_into_a_plan(self) -> None:
        scenario = rt_app(_TEXT, cgroup="app")
        self.assertEqual(decode(Scenario, json.loads(json.dumps(encode(scenario)))), scenario)

    def test_a_file(self) -> None:
        file = self.create_tempfile("app.json", _TEXT)
        read, text = app_of(rt_app(file.full_path)), app_of(rt_app(_TEXT))
        told = [
            [(each.name, each.program, each.cpus) for each in app.tasks] for app in (read, text)
        ]
        self.assertEqual(told[0], told[1])
        # a plan is the same wherever the file lies
        self.assertEqual(
            [each.where for each in read.tasks[2].binds],
            ["rt-app workload app.json: tasks.echo.phases.last.cpus"],
        )

    def test_how_long(self) -> None:
        self.assertEqual(rt_app(one(run=1)).steps[0].hold, FULL)
        self.assertEqual(rt_app(_TEXT, duration=0.5).steps[0].hold, Fixed(0.5))

    @parameterized.parameters(
        ({"mem": 5, "iorun": 6}, "mem:5,iorun:6"),
        (
            {"lock": "m", "wait": {"ref": "c", "mutex": "m"}, "unlock": "m"},
            "lock:0,wait:1:0,unlock:0",
        ),
        (
            {"sync": {"ref": "c", "mutex": "m"}, "broad": "c", "signal": "c"},
            "sync:0:1,broad:0,signal:0",
        ),
        ({"timer": {"ref": "x", "period": 7, "mode": "absolute"}}, "timer:0:7:1"),
        (
            {"timer0": {"ref": "uniqueA", "period": 1}, "timer1": {"ref": "uniqueB", "period": 2}},
            "unique:0:1:0,unique:1:2:0",
        ),
        ({"run0": 1, "run_2": 2, "runA": 3, "runtime5": 4}, "run:1,run:2,run:3,runtime:4"),
    )
    def test_events(self, events: dict[str, Any], words: str) -> None:
        self.assertEqual(program(**events), f"task:0:-1,phase:1,{words}")

    def test_a_mutex_and_a_condition_of_one_name_are_two(self) -> None:
        self.assertEqual(app_of(rt_app(one(lock="a", signal="a", barrier="a"))).resources, 3)

    def test_users_of_a_barrier_are_counted_with_instances(self) -> None:
        app = app_of(
            rt_app(
                {
                    "tasks": {
                        "a": {"instance": 3, "barrier": "b", "run": 1},
                        "b": {"barrier": "b"},
                        "none": {"instance": 0, "barrier": "b"},
                    }
                }
            )
        )
        self.assertEqual(app.tasks[0].program, "task:0:-1,phase:1,barrier:0:4,run:1")
        self.assertLen(app.tasks, 4)

    def test_deadline_tasks(self) -> None:
        times = {"dl-runtime": 1000, "dl-period": 10000}
        (task,) = app_of(rt_app(one(policy="SCHED_DEADLINE", run=1, **times))).tasks
        self.assertEqual((task.policy, task.deadline_us), (Policy.DEADLINE, (1000, 10000, 10000)))
        app = app_of(rt_app(one(policy="SCHED_DEADLINE", run=1, **times)))
        words = app.own_words(0)
        self.assertEqual((words["runtime_us"], words["period_us"]), ("1000", "10000"))
        phases = {"one": {"policy": "SCHED_DEADLINE", "dl-deadline": 5000, "run": 1, **times}}
        self.assertIn("phase:1,deadline:1000:5000:10000,run:1", program(phases=phases))

    def test_taskgroups_are_cgroups(self) -> None:
        made = rt_app_cgroups(
            {
                "tasks": {
                    "a": {"taskgroup": "/tg/one", "run": 1},
                    "b": {"taskgroup": "/tg/two", "run": 1},
                    "c": {"taskgroup": "", "policy": "SCHED_FIFO", "run": 1},
                }
            },
            cgroup="rest",
        )
        self.assertEqual(
            [(each.name, each.works is None) for each in made],
            [("tg", True), ("tg/one", False), ("tg/two", False), ("rest", False)],
        )

    def test_options_of_the_whole(self) -> None:
        options = {
            "mem_buffer_size": 4096,
            "cumulative_slack": True,
            "default_policy": "SCHED_IDLE",
        }
        app = app_of(rt_app({"global": options, **one(run=1)}))
        params = {"resources": 0, "buffer_bytes": 4096, "cumulative_slack": 1}
        self.assertEqual((app.as_params(), app.tasks[0].policy), (params, Policy.IDLE))


class RefusedTest(parameterized.TestCase):
    @parameterized.parameters(
        ({"rune": 1}, r"tasks.t: unknown key 'rune' \(did you mean 'run'\?\); keys: instance, "),
        ({"runtimee": 1}, r"unknown key 'runtimee' \(did you mean 'runtime'"),
        ({"phases": {"p": {"instance": 2, "run": 1}}}, "tasks.t.phases.p: unknown key 'instance'"),
        ({"run": 1.5}, "tasks.t.run is 1.5; expected a whole number of at least 0"),
        ({"run": -1}, "tasks.t.run is -1"),
        ({"run": True}, "tasks.t.run is True"),
        ({"lock": 3}, "tasks.t.lock is 3; expected a text"),
        ({"lock": ""}, "tasks.t.lock names nothing"),
        ({"timer": 5}, "tasks.t.timer is 5; expected an object"),
        ({"timer": {"ref": "a", "perio": 5}}, r"'perio' \(did you mean 'period'"),
        ({"timer": {"ref": "a", "period": 5, "mode": "rel"}}, "mode is 'rel'; expected 'relative'"),
        ({"fork": "t", "run": 1}, "tasks.t.fork: tasks are all made at the start"),
        ({"util_min": 5, "run": 1}, "tasks.t.util_min: no work type sets a utilization clamp"),
        ({"membind_nodes": [0], "run": 1}, "tasks.t.membind_nodes: memory is bound by"),
        ({"resume": "T"}, "resume names 'T', which is no task.*; tasks: t"),
        ({"policy": "SCHED_BATCH", "run": 1}, "unknown policy 'SCHED_BATCH'"),
        ({"policy": "SCHED_FIFO", "priority": 0, "run": 1}, "needs rt_priority 1 to 99, not 0"),
        (
            {"policy": "SCHED_IDLE", "priority": 3, "run": 1},
            "nice 3 has no effect with policy idle",
        ),
        ({"policy": "SCHED_DEADLINE", "run": 1}, "SCHED_DEADLINE needs dl-runtime"),
        ({"policy": "SCHED_DEADLINE", "runtime": 1, "run": 1}, "tasks.t.runtime: say dl-runtime"),
        (
            {"dl-period": 5, "run": 1},
            "dl-runtime, dl-period and dl-deadline go with SCHED_DEADLINE",
        ),
        (
            {"policy": "SCHED_DEADLINE", "dl-runtime": 9000, "dl-period": 1000, "run": 1},
            "the kernel wants 2 <= runtime <= deadline <= period",
        ),
        (
            {"policy": "SCHED_DEADLINE", "dl-runtime": 1000, "cpus": [0], "run": 1},
            "the kernel takes no affinity beside SCHED_DEADLINE",
        ),
        ({"cpus": [], "run": 1}, r"tasks.t.cpus is \[\]; expected a list of CPUs"),
        ({"instance": 0, "run": 1}, "no task of it has an instance"),
        ({"loop": 3}, "tasks.t has no event"),
        ({"run": 1, "phases": {"p": {"run": 1}}}, "tasks.t has phases and the event 'run'"),
        ({"phases": {"p": {"taskgroup": "x", "run": 1}}}, "workers stay in one cgroup"),
        ({"taskgroup": "x", "policy": "SCHED_RR", "run": 1}, "only SCHED_OTHER tasks have"),
    )
    def test_of_a_task(self, task: dict[str, Any], words: str) -> None:
        with self.assertRaisesRegex(UsageError, f"^rt-app workload: .*{words}"):
            rt_app(one(**task))

    @parameterized.parameters(
        ({"duratio": 1}, r"global: unknown key 'duratio' \(did you mean 'duration'"),
        ({"calibration": True}, "global.calibration is .*True.*; expected a CPU or ns per loop"),
        ({"calibration": -5}, "global.calibration is -5; expected"),
        ({"duration": 10**7}, "global.duration is 10000000; expected a whole number"),
        ({"mem_buffer_size": 1 << 31}, "global.mem_buffer_size is 2147483648; expected"),
        ({"default_policy": "SCHED_NEW"}, "global.default_policy: unknown policy 'SCHED_NEW'"),
        ({"calibration": "GPU"}, "global.calibration is 'GPU'; expected a CPU or ns per loop"),
        ({"pi_enabled": True}, "global.pi_enabled is True: mutexes here do not lend priorities"),
        ({"gnuplot": True}, "global.gnuplot is True: there are no log files"),
        ({"ftrace": "main,task"}, "global.ftrace is 'main,task': events are not written"),
        ({"io_device": "/dev/sda"}, "global.io_device is '/dev/sda': iorun writes to /dev/null"),
        ({"cumulative_slack": "yes"}, "expected true or false"),
        ({"logdir": {}}, "global.logdir is no text"),
    )
    def test_of_the_whole(self, options: dict[str, Any], words: str) -> None:
        with self.assertRaisesRegex(UsageError, words):
            rt_app({"global": options, **one(run=1)})

    @parameterized.parameters(
        ("{", "it is no JSON"),
        ('{"tasks": 3}', "tasks is 3; expected an object"),
        ("{}", "it has no tasks"),
        ('{"task": {}}', r"it: unknown key 'task' \(did you mean 'tasks'"),
        ('{"tasks": {"a": {"run": 1}, "a": {"run": 1}}}', "tasks: 'a' is there twice"),
        ('{"tasks": {"a": {"loop": 1, "loop": 2, "run": 1}}}', "tasks.a: 'loop' is there twice"),
    )
    def test_of_a_text(self, text: str, words: str) -> None:
        with self.assertRaisesRegex(UsageError, words):
            rt_app(text)

    def test_what_would_be_shared_between_cgroups(self) -> None:
        apart = {
            "a": {"taskgroup": "x", "lock": "m", "unlock": "m"},
            "b": {"lock": "m", "unlock": "m"},
        }
        with self.assertRaisesRegex(
            UsageError, "mutex 'm' is shared by tasks in the cgroups x and"
        ):
            rt_app({"tasks": apart})
        timed = {"ref": "unique", "period": 5}
        own = {"a": {"taskgroup": "x", "timer": timed}, "b": {"timer": timed}}
        self.assertLen(rt_app_cgroups({"tasks": own}), 2)

    def test_a_taskgroup_with_tasks_above_another(self) -> None:
        tasks = {"a": {"taskgroup": "x", "run": 1}, "b": {"taskgroup": "x/y", "run": 1}}
        with self.assertRaisesRegex(UsageError, "taskgroup 'x' has tasks, and one below it"):
            rt_app({"tasks": tasks})

    @parameterized.parameters(
        ({"cpus": [5], "run": 1}, "cpus"),
        ({"phases": {"a": {"run": 1}, "b": {"cpus": [5], "run": 1}}}, "phases.b.cpus"),
    )
    def test_cpus_that_the_machine_has_not(self, task: dict[str, Any], key: str) -> None:
        with self.assertRaisesRegex(
            UsageError, rf"workload: tasks.t.{key}: ExactCpus\(5\) names none of the CPUs 0-1"
        ):
            check_scenario(rt_app(one(**task)), _VIEW, 2)

    def test_more_cpus_than_a_phase_has_room_for(self) -> None:
        phases = {"a": {"cpus": [*range(0, 80, 2)], "run": 1}}
        with self.assertRaisesRegex(UsageError, "phases.a.cpus: 0.* is longer than 63 characters"):
            rt_app(one(phases=phases))

    @parameterized.parameters(
        ("gone.json", r"workload gone.json: it cannot be read: .*No such file"),
        ("go\0ne.json", r"workload 'go\\x00ne.json': it cannot be read: embedded null byte"),
        (b"gone.json", "b'gone.json' is no path, JSON text or dictionary"),
        (5, "rt-app workload: 5 is no path, JSON text or dictionary"),
    )
    def test_what_no_workload_can_be_read_from(self, source: Any, words: str) -> None:
        with self.assertRaisesRegex(UsageError, words):
            rt_app(source)

    def test_the_file_is_named_whatever_is_wrong(self) -> None:
        cases: list[tuple[dict[str, Any], str]] = [
            ({"run": -1}, "tasks.t.run is -1"),
            ({"resume": "T", "run": 1}, "tasks.t: resume names"),
        ]
        for number, (task, words) in enumerate(cases):
            file = self.create_tempfile(f"{number}.json", json.dumps(one(**task)))
            with self.assertRaisesRegex(UsageError, f"^rt-app workload {file.full_path}: {words}"):
                rt_app(file.full_path)

    def test_what_is_nested_without_an_end(self) -> None:
        itself: dict[str, Any] = {"run": 1}
        itself["phases"] = itself
        deep = '{"tasks": ' + "[" * 100_000
        for source in (deep, f'{{"tasks": {"[" * 900}{"]" * 900}}}', {"tasks": {"t": itself}}):
            with self.assertRaisesRegex(UsageError, "^rt-app workload: "):
                rt_app(source)

    @parameterized.parameters(
        {"run": 10**12 + 1},
        {"sleep": 1 << 70},
        {"mem": (1 << 40) + 1},
        {"timer": {"ref": "unique", "period": 10**13}},
        {"loop": 10**10, "run": 1},
        {"instance": 4097, "run": 1},
        {"delay": 10**13, "run": 1},
        {"priority": 100, "run": 1},
        {"cpus": [1024], "run": 1},
        {"policy": "SCHED_DEADLINE", "dl-runtime": 10**13, "run": 1},
        {"phases": {"p": {"loop": 10**10, "run": 1}}},
    )
    def test_numbers_that_are_too_large(self, **task: Any) -> None:
        with self.assertRaisesRegex(
            UsageError,
            r"^rt-app workload: tasks\.t\.\S+ is .*; expected a whole number of .*at most",
        ):
            rt_app(one(**task))

    @parameterized.parameters("", " ", "a\nb", "a\0", "\ud800")
    def test_names_that_nobody_could_read(self, name: str) -> None:
        with self.assertRaisesRegex(UsageError, "^rt-app workload: tasks: '.*' is no name"):
            rt_app({"tasks": {name: {"run": 1}}})
        with self.assertRaisesRegex(
            UsageError, "^rt-app workload: tasks.t.phases: '.*' is no name"
        ):
            rt_app(one(phases={name: {"run": 1}}))

    def test_a_taskgroup_that_no_cgroup_can_be_called(self) -> None:
        with self.assertRaisesRegex(UsageError, "tasks.t.taskgroup: cgroup name 'a/../b'"):
            rt_app(one(taskgroup="/a/../b", run=1))

    @parameterized.parameters(
        ({"m": 5}, "resources.m is 5; expected an object"),
        ({"m": {"type": "mutexx"}}, r"resources.m.type is 'mutexx' \(did you mean 'mutex'"),
        ({"m": {"type": 3}}, "resources.m.type is 3; expected a text"),
        ({"m": {"typ": "mutex"}}, r"resources.m: unknown key 'typ' \(did you mean 'type'"),
        ({"": {}}, "resources: '' is no name"),
    )
    def test_resources_that_nobody_can_make(self, resources: dict[str, Any], words: str) -> None:
        with self.assertRaisesRegex(UsageError, f"^rt-app workload: {words}"):
            rt_app({"resources": resources, **one(run=1)})

    def test_resources_that_older_workloads_declare(self) -> None:
        declared = {"m": {"type": "mutex"}, "s": {"type": "signal", "target": "w"}, "w": {}}
        self.assertEqual(rt_app({"resources": declared, **one(run=1)}), rt_app(one(run=1)))


if __name__ == "__main__":
    absltest.main()
