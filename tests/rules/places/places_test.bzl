# SPDX-License-Identifier: Apache-2.0
"""Tests of where schedulers look, as BUILD files say it."""

load("//rules:gauntlet.bzl", "ktstr_gauntlet", "scheduler_defaults")
load("//rules:scheduler.bzl", "commanded_scheduler", "scx_scheduler")
load("//rules:test.bzl", "ktstr_test")
load("//tests/support:config_test.bzl", "config_test")
load("//tests/support:refused.bzl", "refused")

_SRC = "//sched/fifo:fifo.bpf.c"

_PROGRAM = "//sched/cells:scx_cells"

_WIDE = scheduler_defaults(
    "//sched/fifo",
    min_llcs = 2,
    topology = "1n2l2c1t",
)

def places_tests(name):
    """Declares all of them.

    Args:
      name: of the suite of those that are refused.
    """
    refusals = []
    refusals += [
        refused(
            name = name + "_test",
            messages = ["//tests/rules/places:%s_test.subject: %s" % (name, message)],
            ops_name = "x",
            rule = scx_scheduler,
            **attributes
        )
        for name, message, attributes in [
            (
                "relative_root",
                "workload_root_cgroup: \"tenants\" does not begin with \"/\"",
                {
                    "src": _SRC,
                    "workload_root_cgroup": "tenants",
                },
            ),
            (
                "whole_root",
                "workload_root_cgroup: \"/\" is the root of all cgroups",
                {
                    "src": _SRC,
                    "workload_root_cgroup": "/",
                },
            ),
            (
                "dotted_parent",
                "cgroup_parent: \"/a/../b\" has an empty, \".\" or \"..\" component",
                {
                    "cgroup_parent": "/a/../b",
                    "src": _SRC,
                },
            ),
            (
                "blank_parent",
                "cgroup_parent: \"/a b\" holds white space",
                {
                    "cgroup_parent": "/a b",
                    "src": _SRC,
                },
            ),
            (
                "taken_parent",
                "cgroup_parent: \"/ktstr-test/x\" is the harness's own",
                {
                    "cgroup_parent": "/ktstr-test/x",
                    "src": _SRC,
                },
            ),
            (
                "among_tenants",
                "cgroup_parent: \"/a\" holds the scheduler's process, and workload_root_cgroup \"/a/b\" lies there",
                {
                    "cgroup_parent": "/a",
                    "src": _SRC,
                    "workload_root_cgroup": "/a/b",
                },
            ),
            (
                "among_default_tenants",
                "cgroup_parent: \"/ktstr\" holds the scheduler's process, and workload_root_cgroup \"/ktstr\" lies there",
                {
                    "cgroup_parent": "/ktstr",
                    "src": _SRC,
                },
            ),
            (
                "below_tenants",
                "cgroup_parent: \"/a/b\" lies among the tests' cgroups, below workload_root_cgroup \"/a\": what a test " +
                "function leaves there is killed; take a path beside it, e.g. \"/a-scheduler\"",
                {
                    "cgroup_parent": "/a/b",
                    "src": _SRC,
                    "workload_root_cgroup": "/a",
                },
            ),
            (
                "config_of_a_source",
                "config is for a scheduler with its own user space (binary)",
                {
                    "config": "{}",
                    "src": _SRC,
                },
            ),
            (
                "two_configs",
                "give either config (its text) or config_file; both are given",
                {
                    "args_in_guest": ["{config}"],
                    "binary": _PROGRAM,
                    "config": "{}",
                    "config_file": _SRC,
                },
            ),
            (
                "unmentioned_config",
                "config_file is given, and no argument has {config}: the scheduler would not know where it lies",
                {
                    "binary": _PROGRAM,
                    "config_file": _SRC,
                },
            ),
            (
                "config_that_is_not_there",
                "an argument has {config}, and there is no config or config_file to put there",
                {
                    "args_in_guest": ["--config={config}"],
                    "binary": _PROGRAM,
                },
            ),
            (
                "root_that_is_not_there",
                "an argument has {workload_root_cgroup}, and there is no workload_root_cgroup to put there",
                {
                    "args_in_guest": ["{workload_root_cgroup}"],
                    "binary": _PROGRAM,
                },
            ),
            (
                "data_that_is_not_used",
                "data is given, and no argument has {data}",
                {
                    "binary": _PROGRAM,
                    "data": {_SRC: "x"},
                },
            ),
            (
                "data_outside",
                "data: guest path \"../x\" has an empty, \".\" or \"..\" component",
                {
                    "args_in_guest": ["{data}"],
                    "binary": _PROGRAM,
                    "data": {_SRC: "../x"},
                },
            ),
            (
                "data_twice",
                "data: guest path \"x\" is given to both ",
                {
                    "args_in_guest": ["{data}"],
                    "binary": _PROGRAM,
                    "data": {
                        _SRC: "x",
                        "//sched/fifo:steadfast.bpf.c": "x",
                    },
                },
            ),
        ]
    ]

    refusals += [
        refused(
            name = name + "_test",
            messages = ["//tests/rules/places:%s_test.subject: %s" % (name, message)],
            rule = commanded_scheduler,
            **attributes
        )
        for name, message, attributes in [
            (
                "never_enabled",
                "enable is empty; give the shell commands that switch the scheduler on",
                {
                    "disable": ["true"],
                    "enable": [],
                },
            ),
            (
                "empty_command",
                "disable: \" \" is no command for a shell",
                {
                    "disable": [" "],
                    "enable": ["true"],
                },
            ),
            (
                "commanded_root",
                "workload_root_cgroup: \"x\" does not begin with \"/\"",
                {
                    "disable": ["true"],
                    "enable": ["true"],
                    "workload_root_cgroup": "x",
                },
            ),
            (
                "commanded_check",
                "checks: there is no check \"max_gap\"",
                {
                    "checks": {"max_gap": "5"},
                    "disable": ["true"],
                    "enable": ["true"],
                },
            ),
        ]
    ]

    scx_scheduler(
        name = "in_a",
        src = _SRC,
        ops_name = "fifo",
        tags = ["manual"],
        workload_root_cgroup = "/a",
    )

    scx_scheduler(
        name = "in_b",
        src = _SRC,
        cgroup_parent = "/c",
        ops_name = "fifo",
        tags = ["manual"],
        workload_root_cgroup = "/b",
    )

    refusals += [
        refused(
            name = name + "_test",
            messages = ["//tests/rules/places:%s_test.subject: %s" % (name, message)],
            **attributes
        )
        for name, message, attributes in [
            (
                "crooked_root_of_a_test",
                "workload_root_cgroup: \"x\" does not begin with \"/\"",
                {"workload_root_cgroup": "x"},
            ),
            (
                "two_roots",
                "staged_schedulers: //tests/rules/places:in_b has workload_root_cgroup \"/b\", and the guest's is \"/a\"",
                {
                    "scheduler": ":in_a",
                    "staged_schedulers": [":in_b"],
                },
            ),
            (
                "root_among_schedulers",
                "scheduler //tests/rules/places:in_b: cgroup_parent: \"/c\" holds the scheduler's process",
                {
                    "scheduler": ":in_b",
                    "workload_root_cgroup": "/c/d",
                },
            ),
            (
                "config_for_nobody",
                "scheduler_config is given, and no scheduler, which has no config",
                {"scheduler_config": "{}"},
            ),
            (
                "config_for_one_without",
                "scheduler_config is given, and scheduler //tests/rules/places:in_a has no config or config_file",
                {
                    "scheduler": ":in_a",
                    "scheduler_config": "{}",
                },
            ),
        ]
    ]

    ktstr_test(
        name = "over_both",
        srcs = ["//tests/support:analysed.py"],
        scheduler = ":in_a",
        staged_schedulers = [":in_b"],
        tags = ["manual"],
        workload_root_cgroup = "/mine",
    )

    config_test(
        name = "a_test_goes_over_its_schedulers_test",
        expected = json.encode({
            "data": None,
            "scheduler_config": "",
            "workload_root_cgroup": "/mine",
        }),
        target_under_test = ":over_both",
    )

    ktstr_test(
        name = "inherited",
        srcs = ["//tests/support:analysed.py"],
        scheduler = "//sched/cells",
        tags = ["manual"],
    )

    config_test(
        name = "a_test_inherits_its_schedulers_root_test",
        expected = json.encode({"workload_root_cgroup": "/tenants"}),
        target_under_test = ":inherited",
    )

    ktstr_test(
        name = "by_default",
        srcs = ["//tests/support:analysed.py"],
        scheduler = _WIDE,
        tags = ["manual"],
    )

    config_test(
        name = "a_scheduler_has_a_default_topology_test",
        expected = json.encode({"topology": "1n2l2c1t"}),
        target_under_test = ":by_default",
    )

    ktstr_test(
        name = "by_itself",
        srcs = ["//tests/support:analysed.py"],
        scheduler = _WIDE,
        tags = ["manual"],
        topology = "1n1l2c1t",
    )

    config_test(
        name = "a_test_goes_over_the_default_topology_test",
        expected = json.encode({"topology": "1n1l2c1t"}),
        target_under_test = ":by_itself",
    )

    refused(
        name = "gauntlet_within_the_schedulers_constraints_test",
        messages = ["no preset is left: tiny-1llc (1n1l4c1t: 1 LLCs; min_llcs is 2)"],
        presets = ["tiny-1llc"],
        rule = ktstr_gauntlet,
        scheduler = _WIDE,
    )

    ktstr_gauntlet(
        name = "over_it",
        srcs = ["//tests/support:analysed.py"],
        min_llcs = 1,
        presets = ["tiny-1llc"],
        scheduler = _WIDE,
        tags = ["manual"],
    )

    config_test(
        name = "a_gauntlet_goes_over_the_schedulers_constraints_test",
        expected = json.encode({"topology": "1n1l4c1t"}),
        target_under_test = ":over_it/tiny-1llc/default",
    )

    refusals += [
        refused(
            name = name + "_test",
            messages = ["scheduler_defaults(\"//sched/fifo\"): " + message],
            rule = rule,
            scheduler = scheduler_defaults("//sched/fifo", **defaults),
        )
        for name, rule, message, defaults in [
            (
                "crooked_default",
                ktstr_test,
                "topology \"4c\" is not of the form NnNlNcNt",
                {"topology": "4c"},
            ),
            (
                "default_outside",
                ktstr_test,
                "its topology 1n1l2c1t has 1 LLCs; min_llcs is 2; give it one within its constraints",
                {"min_llcs": 2},
            ),
            (
                "contradicting_constraints",
                ktstr_gauntlet,
                "min_cpus is 4 and max_cpus is 2; no machine has that many CPUs",
                {
                    "max_cpus": 2,
                    "min_cpus": 4,
                },
            ),
        ]
    ]

    native.test_suite(name = name, tests = [":" + each for each in refusals])
