# SPDX-License-Identifier: Apache-2.0
"""The architecture of guests, as what goes into them is built for it.

A test sets it for all that its guest is made of; everywhere else it is x86_64, the root's own, and says
nothing in actions' keys. Kernels and QEMUs have an architecture of their own, and are built outside it.
"""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")

visibility(["//rules/private/..."])

NATIVE = "x86_64"
ARCHITECTURES = [NATIVE, "arm64"]

ARCH = str(Label("//rules/private/build:arch"))

# Where a build for another architecture has what the Debian root lacks, and its own packages.
CROSS = "/cross"
SYSROOT = "/sysroot"

# Merge into the `attrs` of a rule that compiles for guests.
ARCH_ATTRS = {
    "_arch": attr.label(
        default = ":arch",
        providers = [BuildSettingInfo],
    ),
    "_cross": attr.label(
        default = ":cross",
        allow_files = True,
    ),
    "_sysroot": attr.label(
        default = ":sysroot",
        allow_single_file = True,
    ),
}

# What compilers and BPF's macros call each, and Debian its directories.
_TRIPLETS = {"arm64": "aarch64-linux-gnu", NATIVE: "x86_64-linux-gnu"}
_TARGETS = {"arm64": "arm64", NATIVE: "x86"}

def arch_of(ctx):
    """The architecture that a target is built for.

    Args:
      ctx: of a rule with ARCH_ATTRS.

    Returns:
      string, of ARCHITECTURES
    """
    return ctx.attr._arch[BuildSettingInfo].value

def c_compiler(ctx):
    """The compiler of C programs for guests.

    Args:
      ctx: of a rule with ARCH_ATTRS.

    Returns:
      struct: `command`, list of string, and `inputs` of the action, dict of path inside to File.
    """
    arch = arch_of(ctx)
    if arch == NATIVE:
        return struct(command = ["gcc"], inputs = {})
    return struct(
        command = ["clang", "--target=" + _TRIPLETS[arch], "--sysroot=" + SYSROOT, "--ld-path=%s/usr/bin/ld.lld-19" % CROSS],
        inputs = {CROSS: ctx.files._cross[0], SYSROOT: ctx.file._sysroot},
    )

def bpf_compiler(ctx):
    """What BPF programs are compiled with besides: the architecture whose registers and types they have.

    Args:
      ctx: of a rule with ARCH_ATTRS.

    Returns:
      struct: `target`, the option for BPF's macros, `types`, that for the directory where gcc has
      <asm/types.h>, which clang does not know, and `inputs` of the action, dict of path inside to File.
    """
    arch = arch_of(ctx)
    root = "" if arch == NATIVE else SYSROOT
    return struct(
        target = "-D__TARGET_ARCH_" + _TARGETS[arch],
        types = "-I%s/usr/include/%s" % (root, _TRIPLETS[arch]),
        inputs = {} if arch == NATIVE else {SYSROOT: ctx.file._sysroot},
    )

def _of_attribute(_settings, attr):
    return {ARCH: attr.arch}

# Of a rule with the attribute `arch`.
arch_transition = transition(
    implementation = _of_attribute,
    inputs = [],
    outputs = [ARCH],
)

def _native(_settings, _attr):
    return {ARCH: NATIVE}

# Of the programs of this machine among a target's attributes.
native_transition = transition(
    implementation = _native,
    inputs = [],
    outputs = [ARCH],
)
