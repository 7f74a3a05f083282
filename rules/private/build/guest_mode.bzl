# SPDX-License-Identifier: Apache-2.0
"""The compilation mode of what a guest is made of: the same whatever `-c` says.

A kernel, an image or a saved guest is compiled with flags of its own, so a second one for `-c opt`
would be the same bytes again, ten minutes later. Of a command line's options `-c` alone is part of
output paths, and so of what tells one action from another; coverage, --features, --copt, --stamp and
this project's flags are not, as long as no transition here touches them: then Bazel would add a
hash to the paths. What makes the shape of a saved guest (rules/private/test/shape.bzl) is set back to what
it is everywhere else, so that all shapes are made of the same.
"""

load(":arch.bzl", "ARCH", "NATIVE")

visibility(["//rules/private/..."])

_MODE = "//command_line_option:compilation_mode"

# Bazel's default, so that a plain build's paths are the only ones.
_FIXED = "fastbuild"

# Settings of the one saved guest that is built for each shape, as their defaults have them.
SHAPE = str(Label("//rules/private/test:shape"))
SHAPE_KERNEL = str(Label("//rules/private/test:shape_kernel"))
SHAPE_MEMORY = str(Label("//rules/private/test:shape_memory"))
SHAPE_QEMU = str(Label("//rules/private/test:shape_qemu"))
NO_SHAPE = {
    SHAPE: "",
    SHAPE_KERNEL: Label("//rules:kernel"),
    SHAPE_MEMORY: "",
    SHAPE_QEMU: Label("//rules:qemu"),
}

def _fixed_impl(_settings, _attr):
    return {_MODE: _FIXED} | NO_SHAPE

guest_mode = transition(
    implementation = _fixed_impl,
    inputs = [],
    outputs = [_MODE] + NO_SHAPE.keys(),
)

def _native_impl(_settings, _attr):
    return {_MODE: _FIXED, ARCH: NATIVE} | NO_SHAPE

# Of what says its own architecture, or runs on this machine: kernels, QEMU, disks.
native_guest_mode = transition(
    implementation = _native_impl,
    inputs = [],
    outputs = [_MODE, ARCH] + NO_SHAPE.keys(),
)

def _no_shape_impl(_settings, _attr):
    return NO_SHAPE

# Of the program that saves guests of all shapes: it is one.
no_shape = transition(
    implementation = _no_shape_impl,
    inputs = [],
    outputs = NO_SHAPE.keys(),
)

def _mode_impl(_settings, _attr):
    return {_MODE: _FIXED}

# Of a saved guest itself: its mode is fixed, and its shape is not.
saved_guest_mode = transition(
    implementation = _mode_impl,
    inputs = [],
    outputs = [_MODE],
)

def _given(attr, names):
    # an attribute that is a select() is not there at all, and may give something
    return [name for name in names if not hasattr(attr, name) or getattr(attr, name)]

def _own_mode(names):
    """A transition that leaves `-c` to the programs of users that attributes of these names bring."""

    def implementation(settings, attr):
        return {_MODE: settings[_MODE] if _given(attr, names) else _FIXED}

    return transition(
        implementation = implementation,
        inputs = [_MODE],
        outputs = [_MODE],
    )

scheduler_mode = _own_mode(["binary"])
payload_mode = _own_mode(["binary", "files"])
