# SPDX-License-Identifier: Apache-2.0
"""The rule of `saved_guest`: a guest booted once for each shape, in virtual time, and saved."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo", "string_setting")
load("//rules/private/build:guest_mode.bzl", "no_shape", "saved_guest_mode")
load("//rules/private/build:properties.bzl", "MEMORY_CLASSES")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")
load("//rules/private/providers:vm_template_info.bzl", "VmTemplateInfo")
load(":machine.bzl", "BASE_ATTRS", "base_config", "base_files")
load(":numa.bzl", "parse_numa")

visibility("private")

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

_SaverInfo = provider(
    doc = "The program that saves guests.",
    fields = {"program": "FilesToRunProvider"},
)

def _saver_impl(ctx):
    return [_SaverInfo(program = ctx.attr._program[DefaultInfo].files_to_run)]

_saver = rule(
    implementation = _saver_impl,
    cfg = no_shape,
    doc = "Brings the program that saves guests out of the shape of whoever runs it.",
    attrs = {
        "_program": attr.label(
            default = "//ktstr/machine:template_main",
            cfg = "target",
            executable = True,
        ),
    },
)

_MASK = 0xffffffff

def _path(_ctx, file):
    return file.path

def _name(shape, words):
    """A name of its own for each shape, since a program may have tests of several as its data.

    Where two in one tree had the same after all, tests would boot cold, and say whose guest it is.
    """
    return "%s_%x" % (shape["topology"], hash(words) & _MASK)

def _config(ctx, shape):
    """The configuration of a test of this shape, with nothing of a test's own."""
    return base_config(ctx, ctx.attr._kernel, ctx.attr._qemu, _path) | {
        "accel": "virtual",
        "bazel": "bazel",
        "core": False,
        "coverage": False,
        "data": None,
        "disks": [],
        "fresh_boot": False,
        "import_roots": [],
        "kargs": shape["kargs"],
        "libraries": [],
        "memory_mb": 0,
        "no_template": "",
        "numa": parse_numa(shape["numa"])[0],
        "oversized": "tcg",
        "passed_env": [],
        "payloads": [],
        "replay": "off",
        "same_seed": False,
        "scheduler": None,
        "scheduler_args": [],
        "scheduler_config": "",
        "seed": 1,
        "shape_mb": shape["shape_mb"],
        "sources": [],
        "staged": [],
        "template": "",
        "timeout_s": 0,
        "topology": shape["topology"],
        "workers": [],
        "workload_root_cgroup": "",
    }

def _saved_guest_impl(ctx):
    words = ctx.attr._shape[BuildSettingInfo].value

    # without a shape nobody asked for a guest; what is no kernel the tests say by their own names
    if not words or KernelImageInfo not in ctx.attr._kernel:
        return [VmTemplateInfo(directory = None)]
    shape = json.decode(words)
    parts = [words, str(ctx.attr._kernel.label), str(ctx.attr._qemu.label)]
    name = "%s/%s" % (ctx.label.name, _name(shape, "".join(parts)))
    config = ctx.actions.declare_file(name + ".config.json")
    ctx.actions.write(config, json.encode_indent(_config(ctx, shape)) + "\n")
    directory = ctx.actions.declare_directory(name)
    ctx.actions.run(
        executable = ctx.attr._saver[_SaverInfo].program,
        arguments = ["--config", config.path, "--output", directory.path],
        inputs = base_files(ctx, ctx.attr._kernel, ctx.attr._qemu) + [config],
        outputs = [directory],
        resource_set = _resources(shape["saving_mb"]),
        mnemonic = "VmTemplate",
        progress_message = "Booting and saving a guest of %s" % shape["topology"],
    )
    return [
        DefaultInfo(files = depset([directory])),
        VmTemplateInfo(directory = directory),
    ]

_saved_guest = rule(
    implementation = _saved_guest_impl,
    cfg = saved_guest_mode,
    doc = """A guest booted to its agent's hello in virtual time, and saved: RAM and device state.

Two builds of the same inputs give the same bytes.""",
    attrs = BASE_ATTRS | {
        "_kernel": attr.label(
            default = ":shape_kernel",
        ),
        "_qemu": attr.label(
            default = ":shape_qemu",
        ),
        "_shape": attr.label(
            default = ":shape",
            providers = [BuildSettingInfo],
        ),
        "_saver": attr.label(
            default = ":saver",
            cfg = "exec",
            providers = [_SaverInfo],
        ),
    },
    provides = [VmTemplateInfo],
)

def saved_guest(name):
    """Declares the one saved guest, and what tells its shapes apart from each other.

    Args:
      name: of the target; the settings are `shape`, `shape_kernel`, `shape_memory` and
        `shape_qemu`, and the program is `saver`.
    """
    string_setting(
        name = "shape",
        build_setting_default = "",
    )
    native.label_setting(
        name = "shape_kernel",
        build_setting_default = "//rules:kernel",
    )
    native.label_setting(
        name = "shape_qemu",
        build_setting_default = "//rules:qemu",
    )
    string_setting(
        name = "shape_memory",
        build_setting_default = "",
    )
    for each in MEMORY_CLASSES:
        native.config_setting(
            name = "shape_memory_%d" % each,
            flag_values = {":shape_memory": str(each)},
        )
    _saver(
        name = "saver",
        tags = ["manual"],
    )
    _saved_guest(
        name = name,
        exec_properties = select({
            ":shape_memory_%d" % each: {"ktstr-memory": str(each)}
            for each in MEMORY_CLASSES
        } | {"//conditions:default": {}}),
        tags = ["manual"],
        # a kernel may be for tests alone
        testonly = True,
        visibility = ["//visibility:public"],
    )
