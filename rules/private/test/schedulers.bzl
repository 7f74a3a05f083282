# SPDX-License-Identifier: Apache-2.0
"""The schedulers of a `ktstr_test`: the one under test, and those that tests may bring in."""

load("//rules/private/build:arch.bzl", "arch_transition")
load("//rules/private/build:label_text.bzl", "label_text")
load("//rules/private/providers:scx_scheduler_info.bzl", "ScxSchedulerInfo")
load(":kargs.bzl", "karg_problem")
load(":layers.bzl", "check_names", "layer_config", "layer_files")

visibility("private")

SCHEDULER_ATTRS = {
    # Those of a guest of another architecture are built for it; under a transition `scheduler` is a list.
    "scheduler": attr.label(
        cfg = arch_transition,
        providers = [ScxSchedulerInfo],
        doc = "The sched_ext scheduler to load; none: the kernel's own EEVDF.",
    ),
    "staged_schedulers": attr.label_list(
        cfg = arch_transition,
        providers = [ScxSchedulerInfo],
        doc = "Further schedulers, which AttachScheduler and ReplaceScheduler bring in by their " +
              "targets' names.",
    ),
}

def scheduler_of(attr):
    """The scheduler under test.

    Args:
      attr: of a rule with SCHEDULER_ATTRS.

    Returns:
      Target, or None
    """
    return attr.scheduler[0] if attr.scheduler else None

def _all(ctx):
    scheduler = scheduler_of(ctx.attr)
    return ([scheduler] if scheduler else []) + ctx.attr.staged_schedulers

def check_schedulers(ctx, threads):
    """Fails on what the schedulers of one guest cannot have together, or not in this guest.

    Args:
      ctx: of a rule with SCHEDULER_ATTRS.
      threads: how many threads each core of the topology has.
    """
    labels = {}
    sysctls = {}
    for target in _all(ctx):
        if target.label in labels:
            fail(("%s: staged_schedulers: %s is there already; RestartScheduler and " +
                  "AttachScheduler need no second one") % (ctx.label, label_text(target.label)))
        labels[target.label] = None
    check_names(ctx, "staged_schedulers", _all(ctx), ScxSchedulerInfo)
    for target in _all(ctx):
        for karg in target[ScxSchedulerInfo].kargs:
            problem = karg_problem(karg, threads)
            if problem:
                fail("%s: scheduler %s: kargs: %r is reserved: %s" % (
                    ctx.label,
                    label_text(target.label),
                    karg,
                    problem,
                ))
        for sysctl, value in target[ScxSchedulerInfo].sysctls.items():
            before, owner = sysctls.get(sysctl, (value, None))
            if before != value:
                fail(("%s: staged_schedulers: %s wants sysctl %s=%s and %s %s; both are set once, " +
                      "when the guest boots") % (
                    ctx.label,
                    label_text(owner),
                    sysctl,
                    before,
                    label_text(target.label),
                    value,
                ))
            sysctls[sysctl] = (value, target.label)

def _config(ctx, target, runfiles_path):
    info = target[ScxSchedulerInfo]
    return layer_config(ctx, target, info.layer, runfiles_path) | {
        "argv": info.argv,
        "checks": info.checks,
        "control": info.control,
        "disable": info.disable,
        "enable": info.enable,
        "kargs": info.kargs,
        "name": info.name,
        "ops": info.ops_name,
        "stats_socket": info.stats_socket,
        "sysctls": info.sysctls,
    } | info.places

def scheduler_config(ctx, runfiles_path):
    """What the runner is told of the scheduler under test.

    Args:
      ctx: of a rule with SCHEDULER_ATTRS.
      runfiles_path: function of ctx and a File.

    Returns:
      a ktstr.machine.target.SchedulerFiles as JSON has it, or None
    """
    scheduler = scheduler_of(ctx.attr)
    return _config(ctx, scheduler, runfiles_path) if scheduler else None

def staged_config(ctx, runfiles_path):
    """What the runner is told of the staged schedulers.

    Args:
      ctx: of a rule with SCHEDULER_ATTRS.
      runfiles_path: function of ctx and a File.

    Returns:
      list of dict, ktstr.machine.target.SchedulerFiles as JSON has them
    """
    return [_config(ctx, target, runfiles_path) for target in ctx.attr.staged_schedulers]

def with_arguments(ctx):
    """A scheduler that has arguments for the kernel's command line, sysctls among them.

    Args:
      ctx: of a rule with SCHEDULER_ATTRS.

    Returns:
      its label, or None where none has.
    """
    for target in _all(ctx):
        if target[ScxSchedulerInfo].kargs or target[ScxSchedulerInfo].sysctls:
            return target.label
    return None

def scheduler_files(ctx):
    """The layers.

    Args:
      ctx: of a rule with SCHEDULER_ATTRS.

    Returns:
      list of File
    """
    return layer_files(_all(ctx), ScxSchedulerInfo)
