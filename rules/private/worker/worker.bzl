# SPDX-License-Identifier: Apache-2.0
"""The macro `ktstr_worker`."""

load("//rules/private/build:static_binary.bzl", "static_binary")
load("//rules/private/initramfs:initramfs.bzl", "initramfs_layer")
load("//rules/private/providers:initramfs_info.bzl", "InitramfsInfo")
load("//rules/private/providers:worker_info.bzl", "WorkerInfo")

visibility(["//rules"])

_NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

# What every worker is made of, beside the sources of its own.
_LIBRARY = Label("//ktstr/worker:sources")

def _worker_impl(ctx):
    layers = ctx.attr.layer[InitramfsInfo].layers
    return [
        DefaultInfo(files = depset(layers)),
        WorkerInfo(layer = layers[0], name = ctx.label.name),
    ]

_worker = rule(
    implementation = _worker_impl,
    attrs = {"layer": attr.label(mandatory = True, providers = [InitramfsInfo])},
    provides = [WorkerInfo],
)

def ktstr_worker(name, srcs, copts = [], **kwargs):
    """A work type of one's own in C, for the `workers` of a ktstr_test; see docs/workloads.md.

    Args:
      name: what CustomWork calls it.
      srcs: C sources and headers, one of which has KTSTR_CUSTOM_WORK of ktstr/worker/custom.h.
      copts: further options for the compiler.
      **kwargs: visibility, tags, testonly.
    """
    wrong = [c for c in name.elems() if c not in _NAME_CHARACTERS]
    if not name or wrong:
        fail("ktstr_worker %r: the name may hold letters, digits, \"_\" and \"-\" only: it is a path in the guest" % name)
    if not [source for source in srcs if str(source).endswith(".c")]:
        fail("ktstr_worker %r: srcs has no .c file; one defines KTSTR_CUSTOM_WORK" % name)
    inner = dict(kwargs, visibility = ["//visibility:private"])
    static_binary(
        name = name + ".program",
        srcs = srcs + [_LIBRARY],
        copts = ["-D_GNU_SOURCE", "-Iktstr/worker", "-Iktstr/worker/steps"] + copts,
        **inner
    )
    initramfs_layer(
        name = name + ".layer",
        directories = {"workers": "0755"},
        files = {":%s.program" % name: "workers/" + name},
        modes = {"workers/" + name: "0755"},
        **inner
    )
    _worker(name = name, layer = ":%s.layer" % name, **kwargs)
