# SPDX-License-Identifier: Apache-2.0
"""Where the schedulers of a `ktstr_test` look, and what lies in its guest for its functions."""

load("//rules/private/build:label_text.bzl", "label_text")
load("//rules/private/initramfs:initramfs.bzl", "guest_path_problem", "initramfs_layer")
load("//rules/private/providers:initramfs_info.bzl", "InitramfsInfo")
load("//rules/private/providers:scx_scheduler_info.bzl", "ScxSchedulerInfo")
load("//rules/private/scheduler:cgroup_path.bzl", "cgroup_path_problem")
load("//rules/private/scheduler:places.bzl", "apart_problem")
load(":schedulers.bzl", "scheduler_of")

visibility("private")

# DATA_DIR of ktstr/model/plan.py.
_DATA_DIR = "ktstr/data"

PLACES_ATTRS = {
    "data_in_guest": attr.string_list(
        doc = "Files for test functions, by their paths in the guest below /ktstr/data. The macro " +
              "takes a dict of file to path, and writes this.",
    ),
    "data_layer": attr.label(
        providers = [InitramfsInfo],
        doc = "The layer with the files of data_in_guest. The macro writes it.",
    ),
    "scheduler_config": attr.string(
        doc = "A configuration in place of the scheduler's own (its `config` or `config_file`), " +
              "under the same path.",
    ),
    "workload_root_cgroup": attr.string(
        doc = "Path below the guest's /sys/fs/cgroup of the cgroup whose children are the tests' " +
              "cgroups, made before the scheduler starts; left out: the scheduler's, else \"/ktstr\".",
    ),
}

def data_attributes(name, data_in_guest, **kwargs):
    """Declares the layer with a test's files, NAME.data.

    Args:
      name: of the test.
      data_in_guest: dict of file to path below /ktstr/data; may be empty.
      **kwargs: of the layer's target.

    Returns:
      dict of the attributes that the test has for it
    """
    if not data_in_guest:
        return {}
    initramfs_layer(
        name = name + ".data",
        files = {file: "%s/%s" % (_DATA_DIR, path) for file, path in data_in_guest.items()},
        tags = ["manual"],
        testonly = True,
        visibility = ["//visibility:private"],
        **kwargs
    )
    return {"data_in_guest": data_in_guest.values(), "data_layer": ":%s.data" % name}

def _schedulers(attr):
    scheduler = scheduler_of(attr)
    return ([scheduler] if scheduler else []) + attr.staged_schedulers

def check_places(ctx):
    """Fails on places that cannot be, or that schedulers of one guest do not agree on.

    Args:
      ctx: of a rule with PLACES_ATTRS and the schedulers' attributes.
    """
    attr = ctx.attr
    for path in attr.data_in_guest:
        problem = guest_path_problem(path)
        if problem:
            fail("%s: data_in_guest: guest path %r %s" % (ctx.label, path, problem))
    if attr.workload_root_cgroup:
        problem = cgroup_path_problem(attr.workload_root_cgroup)
        if problem:
            fail("%s: workload_root_cgroup: %r %s" % (ctx.label, attr.workload_root_cgroup, problem))
    if attr.scheduler_config:
        scheduler = scheduler_of(attr)
        if not scheduler or not scheduler[ScxSchedulerInfo].places["config"]:
            fail("%s: scheduler_config is given, and %s has no config or config_file that it could stand in for" % (
                ctx.label,
                "scheduler " + label_text(scheduler.label) if scheduler else "no scheduler, which",
            ))
    _check_agreement(ctx)

def _check_agreement(ctx):
    root = workload_root(ctx)
    for target in _schedulers(ctx.attr):
        places = target[ScxSchedulerInfo].places
        other = places["workload_root_cgroup"]
        if other and other != root and not ctx.attr.workload_root_cgroup:
            fail(("%s: staged_schedulers: %s has workload_root_cgroup %r, and the guest's is %r; a " +
                  "guest has one: give the test a workload_root_cgroup") % (
                ctx.label,
                label_text(target.label),
                other,
                root,
            ))
        problem = apart_problem(places["cgroup_parent"], root)
        if problem:
            fail("%s: scheduler %s: %s" % (ctx.label, label_text(target.label), problem))

def workload_root(ctx):
    """The cgroup whose children are the tests' cgroups.

    Args:
      ctx: of a rule with PLACES_ATTRS and the schedulers' attributes.

    Returns:
      its path below the mount; empty for the default
    """
    if ctx.attr.workload_root_cgroup:
        return ctx.attr.workload_root_cgroup
    for target in _schedulers(ctx.attr):
        if target[ScxSchedulerInfo].places["workload_root_cgroup"]:
            return target[ScxSchedulerInfo].places["workload_root_cgroup"]
    return ""

def places_config(ctx, runfiles_path):
    """What the runner is told: fields of ktstr.machine.target.Target as JSON has them.

    Args:
      ctx: of a rule with PLACES_ATTRS and the schedulers' attributes.
      runfiles_path: function of ctx and a File.

    Returns:
      dict
    """
    layers = [runfiles_path(ctx, file) for file in data_files(ctx)]
    return {
        "data": {"layer": layers[0], "names": ctx.attr.data_in_guest} if layers else None,
        "scheduler_config": ctx.attr.scheduler_config,
        "workload_root_cgroup": workload_root(ctx),
    }

def data_files(ctx):
    """The layer of the test's files.

    Args:
      ctx: of a rule with PLACES_ATTRS.

    Returns:
      list of File, of one at most
    """
    return ctx.attr.data_layer[InitramfsInfo].layers if ctx.attr.data_layer else []
