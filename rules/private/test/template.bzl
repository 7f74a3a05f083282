# SPDX-License-Identifier: Apache-2.0
"""The rule `vm_template`: a guest booted once, in virtual time, and saved."""

load("//rules/private/build:guest_mode.bzl", "guest_mode")
load("//rules/private/providers:vm_template_info.bzl", "VmTemplateInfo")
load(":machine.bzl", "MACHINE_ATTRS", "check_machine", "machine_config", "machine_files", "reserved_mib")
load(":numa.bzl", "parse_numa")
load(":topology.bzl", "parse_topology")

visibility(["//rules"])

# Bazel hears of an action's memory by functions without an argument for it.
def _one_gib(_os, _inputs):
    return {"cpu": 1, "memory": 1024}

def _four_gib(_os, _inputs):
    return {"cpu": 1, "memory": 4096}

def _sixteen_gib(_os, _inputs):
    return {"cpu": 1, "memory": 16384}

_RESOURCES = [(1024, _one_gib), (4096, _four_gib)]

def _resources(mib):
    for most, resources in _RESOURCES:
        if mib <= most:
            return resources
    return _sixteen_gib

def _path(_ctx, file):
    return file.path

# What of a scheduler and of a payload only tests know: the guest is saved before either starts.
_NOT_OF_A_SCHEDULER = {"argv": [], "checks": {}, "control": False, "ops": ""}
_NOT_OF_A_PAYLOAD = {
    "default_args": [],
    "default_checks": [],
    "known_flags": None,
    "metrics": [],
    "output": "exit_code",
    "patterns": None,
    "record_key": [],
    "repeats": "all",
    "uses_parent_pgrp": False,
}

def _without_tests(machine):
    """The layers and kernel arguments of schedulers and payloads, not how tests run these."""
    own = machine["scheduler"]
    return machine | {
        "payloads": [
            each | {"payload": each["payload"] | _NOT_OF_A_PAYLOAD}
            for each in machine["payloads"]
        ],
        "scheduler": own | _NOT_OF_A_SCHEDULER if own else None,
        "staged": [each | _NOT_OF_A_SCHEDULER for each in machine["staged"]],
    }

def _config(ctx):
    """The configuration of a test on this machine, with nothing of a test's own."""
    return _without_tests(machine_config(ctx, _path)) | {
        "accel": "virtual",
        "bazel": "bazel",
        "disks": [],
        "fresh_boot": False,
        "import_roots": [],
        "libraries": [],
        "oversized": "tcg",
        "passed_env": [],
        "same_seed": False,
        "scheduler_args": [],
        "seed": 1,
        "sources": [],
        "template": "",
        "timeout_s": 0,
    }

def _vm_template_impl(ctx):
    if ctx.attr.machine:
        # the tests that share it say what is wrong, by their own names
        cpus = parse_topology(ctx.attr.topology, parse_numa(ctx.attr.numa)[0])[0] or 1
    else:
        cpus = check_machine(ctx)
    config = ctx.actions.declare_file(ctx.label.name + ".config.json")
    ctx.actions.write(config, json.encode_indent(_config(ctx)) + "\n")
    directory = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run(
        executable = ctx.executable._tool,
        arguments = ["--config", config.path, "--output", directory.path],
        inputs = machine_files(ctx) + [config],
        outputs = [directory],
        resource_set = _resources(reserved_mib(ctx, cpus)),
        mnemonic = "VmTemplate",
        progress_message = "Booting and saving guest %{label}",
    )
    return [
        DefaultInfo(files = depset([directory])),
        VmTemplateInfo(directory = directory),
    ]

vm_template = rule(
    implementation = _vm_template_impl,
    cfg = guest_mode,
    doc = """A guest booted to its agent's hello in virtual time, and saved: RAM and device state.

`ktstr_test` makes templates by itself and shares them within a package; one that is declared can
be the `template` of tests of the same machine in many. Two builds of the same inputs give the same
bytes.""",
    attrs = MACHINE_ATTRS | {
        "machine": attr.string(
            doc = "What ktstr_test tells machines apart by; empty for a template of one's own.",
        ),
        "_tool": attr.label(
            default = "//ktstr/machine:template_main",
            cfg = "exec",
            executable = True,
        ),
    },
    provides = [VmTemplateInfo],
)
