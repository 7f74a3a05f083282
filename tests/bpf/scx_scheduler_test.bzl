# SPDX-License-Identifier: Apache-2.0
"""Analysis tests of `scx_scheduler`: what it gives, and what it says about mistakes."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:providers.bzl", "ScxSchedulerInfo")
load("//rules:scheduler.bzl", "scx_scheduler")
load("//tests/support:refused.bzl", "refused")

# Name of the case -> attributes of the rule, and what it must say.
_MISTAKES = {
    "args_for_source": (
        {"args_in_guest": ["-v"], "src": "fifo.bpf.c"},
        "args_in_guest is for a scheduler with its own user space (binary)",
    ),
    "bad_check": (
        {"checks": {"max_gap": "500"}, "src": "fifo.bpf.c"},
        "checks: there is no check \"max_gap\" (did you mean \"max_gap_ms\"?); checks: clean_kernel_log",
    ),
    "bad_check_in_no_way": (
        {"checks": {"speed": "500"}, "src": "fifo.bpf.c"},
        "checks: there is no check \"speed\"; checks: clean_kernel_log",
    ),
    "bad_check_limit": (
        {"checks": {"max_gap_ms": "0"}, "src": "fifo.bpf.c"},
        "checks: max_gap_ms is \"0\"; expected a decimal number above 0",
    ),
    "bad_check_parts": (
        {"checks": {"max_p99_wake_latency_us": "500"}, "src": "fifo.bpf.c"},
        "there is no check \"max_p99_wake_latency_us\" (did you mean \"max_wake_p99_us\"?)",
    ),
    "bad_check_switch": (
        {"checks": {"isolation": "1"}, "src": "fifo.bpf.c"},
        "checks: isolation is \"1\"; expected \"true\" or \"false\"",
    ),
    "bad_karg": (
        {"kargs": ["a=1 b=2"], "src": "fifo.bpf.c"},
        "kargs: \"a=1 b=2\" is not one kernel argument",
    ),
    "bad_ops_name": (
        {"ops_name": "my-scheduler", "src": "fifo.bpf.c"},
        "ops_name \"my-scheduler\" may hold letters, digits, \"_\" and \".\" only",
    ),
    "bad_ops_pattern": (
        {"binary": "program", "ops_name": "lavd-*"},
        "ops_name \"lavd-*\" may hold letters, digits, \"_\" and \".\" only, and \"*\" for any text",
    ),
    "bad_sysctl": (
        {"src": "fifo.bpf.c", "sysctls": {"kernel.x=1": "2"}},
        "sysctls: \"kernel.x=1\" is no sysctl's name",
    ),
    "bad_variable": (
        {"set": {"slice-ns": "1"}, "src": "fifo.bpf.c"},
        "set: \"slice-ns\" is neither a C identifier nor",
    ),
    "bad_length": (
        {"set": {"ops.flags[]": "1"}, "src": "fifo.bpf.c"},
        "set: \"ops.flags[]\" is neither a C identifier nor",
    ),
    "binary_without_ops_name": (
        {"binary": "program"},
        "ops_name is needed with binary",
    ),
    "any_ops_name": (
        {"binary": "program", "ops_name": "**"},
        "ops_name \"**\" stands for every scheduler",
    ),
    "both": (
        {"binary": "program", "src": "fifo.bpf.c"},
        "give either src or srcs (a scheduler in BPF C, of one source or of several) or binary (one with its own user space); src and binary are given",
    ),
    "long_ops_name": (
        {"ops_name": "n" * 128, "src": "fifo.bpf.c"},
        "is longer than 127 characters",
    ),
    "neither": (
        {},
        "none is given",
    ),
    "newline_in_value": (
        {"set": {"slice_ns": "1\n2"}, "src": "fifo.bpf.c"},
        "set: the value of slice_ns holds a newline",
    ),
    "patient": (
        {"set": {"ops.timeout_ms": "30001"}, "src": "fifo.bpf.c"},
        "set: ops.timeout_ms is 30001; the kernel takes 30000 at most",
    ),
    "one_and_several": (
        {"src": "fifo.bpf.c", "srcs": ["other.bpf.c"]},
        "src and srcs are given",
    ),
    "root_for_source": (
        {"root": "program", "src": "fifo.bpf.c"},
        "root is for a scheduler with its own user space (binary)",
    ),
    "set_for_binary": (
        {"binary": "program", "ops_name": "x", "set": {"slice_ns": "1"}},
        "set is for a scheduler in BPF C (src)",
    ),
    "stats_beyond_a_path": (
        {"binary": "program", "ops_name": "x", "stats_socket": "/" + "s" * 107},
        "is no path of a socket",
    ),
    "stats_of_source": (
        {"src": "fifo.bpf.c", "stats_socket": "/run/stats"},
        "stats_socket is for a scheduler with its own user space (binary)",
    ),
    "stats_without_a_path": (
        {"binary": "program", "ops_name": "x", "stats_socket": "run/stats"},
        "stats_socket \"run/stats\" is no path of a socket; expected an absolute one of 107 bytes",
    ),
    "wrong_file": (
        {"src": "program"},
        "does not produce any scx_scheduler src files (expected .bpf.c)",
    ),
}

def _assert_checked(env, by = "SchedulerCheck"):
    mnemonics = [action.mnemonic for action in analysistest.target_actions(env)]
    asserts.true(env, by in mnemonics, "no %s among %s" % (by, mnemonics))

def _source_test_impl(ctx):
    env = analysistest.begin(ctx)
    info = analysistest.target_under_test(env)[ScxSchedulerInfo]
    asserts.equals(env, "given", info.name)
    asserts.equals(env, "fifo", info.ops_name)
    asserts.true(env, info.control)
    asserts.equals(env, [
        "/sampler/scx-loader",
        "/scheduler/given/given.bpf.o",
        "--control",
        "--set",
        "ops.timeout_ms=1000",
        "--set",
        "slice_ns=5000000",
    ], info.argv)
    _assert_checked(env)
    asserts.equals(env, {"isolation": "true", "max_gap_ms": "12.5"}, info.checks)
    asserts.equals(env, ["nohlt"], info.kargs)
    asserts.equals(env, {"kernel.pid_max": "1000"}, info.sysctls)
    return analysistest.end(env)

_source_test = analysistest.make(_source_test_impl)

def _binary_test_impl(ctx):
    env = analysistest.begin(ctx)
    info = analysistest.target_under_test(env)[ScxSchedulerInfo]
    asserts.equals(env, ["/scheduler/foreign/program", "-v"], info.argv)
    asserts.equals(env, "foreign_ops", info.ops_name)
    asserts.equals(env, "/run/stats", info.stats_socket)
    asserts.false(env, info.control)
    _assert_checked(env, "SchedulerProgram")
    return analysistest.end(env)

_binary_test = analysistest.make(_binary_test_impl)

def scx_scheduler_tests(name):
    """Declares all tests.

    Args:
      name: of the suite.
    """
    tests = []
    for case, (attributes, message) in _MISTAKES.items():
        tests.append(refused(case + "_test", [message], scx_scheduler, case, **attributes))
    scx_scheduler(
        name = "given",
        src = "fifo.bpf.c",
        checks = {"isolation": "true", "max_gap_ms": "12.5"},
        kargs = ["nohlt"],
        ops_name = "fifo",
        set = {"ops.timeout_ms": "1000", "slice_ns": "5000000"},
        sysctls = {"kernel.pid_max": "1000"},
        tags = ["manual"],
    )
    _source_test(name = "source_test", target_under_test = "given")
    scx_scheduler(
        name = "foreign",
        args_in_guest = ["-v"],
        binary = "program",
        ops_name = "foreign_ops",
        stats_socket = "/run/stats",
        tags = ["manual"],
    )
    _binary_test(name = "binary_test", target_under_test = "foreign")
    native.test_suite(name = name, tests = tests + ["source_test", "binary_test"])
