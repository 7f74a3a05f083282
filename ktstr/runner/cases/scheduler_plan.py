# SPDX-License-Identifier: Apache-2.0
"""What the guest is told of a scheduler: its command line, and where it looks."""

from __future__ import annotations

from ktstr.machine.target import SchedulerFiles, Target
from ktstr.model.errors import UsageError
from ktstr.model.plan import SchedulerPlan

# rules/private/scheduler/places.bzl knows them, too
_ATTRIBUTES = {
    "cgroup_parent": "cgroup_parent",
    "config": "config or config_file",
    "data": "data",
    "workload_root_cgroup": "workload_root_cgroup",
}


def scheduler_plan(
    files: SchedulerFiles, target: Target, arguments: tuple[str, ...]
) -> SchedulerPlan:
    """The plan of one of a target's schedulers, with `arguments` after its own.

    Raises:
        UsageError: arguments are given to one that has no program, or one has the name of a place
            in braces that the scheduler does not have.
    """
    if files.enable and arguments:
        raise UsageError(
            f"scheduler {files.name} is switched on by commands and takes no arguments; "
            f"remove {' '.join(arguments)}"
        )
    own = target.scheduler is files
    text = target.scheduler_config if own and target.scheduler_config else files.config_text
    root = target.workload_root_cgroup or files.workload_root_cgroup
    places = {
        "cgroup_parent": files.cgroup_parent,
        "config": files.config,
        "data": files.data,
        "workload_root_cgroup": root,
    }
    return SchedulerPlan(
        files.name,
        tuple(_filled(word, places, files.label) for word in (*files.argv, *arguments)),
        files.ops,
        files.control,
        enable=files.enable,
        disable=files.disable,
        cgroup=files.cgroup_parent,
        config=files.config,
        config_text=text,
        stats_socket=files.stats_socket,
    )


def _filled(word: str, places: dict[str, str], label: str) -> str:
    """An argument with the paths of places where it has their names in braces."""
    for name, path in places.items():
        if f"{{{name}}}" in word and not path:
            raise UsageError(
                f"argument {word!r} of scheduler {label}: it has no {_ATTRIBUTES[name]} to put "
                f"there"
            )
        word = word.replace(f"{{{name}}}", path)
    return word
