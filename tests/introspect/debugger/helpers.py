# SPDX-License-Identifier: Apache-2.0
"""What drgn's own helpers say of a guest, as JSON: a script for its program, where `prog` is it."""

import json
import sys
from typing import Any

from drgn.helpers.common import *  # noqa: F403
from drgn.helpers.linux import *  # noqa: F403

# names of a session in drgn, which stars bring
found = globals()
prog, bpf = found["prog"], found["bpf"]


def task(pid: int) -> Any:
    return found["find_task"](prog, pid)


print(
    json.dumps(
        {
            "release": prog["UTS_RELEASE"].string_().decode(),
            "online": list(found["for_each_online_cpu"](prog)),
            "queues": [
                found["per_cpu"](prog["runqueues"], cpu).curr.comm.string_().decode()
                for cpu in found["for_each_online_cpu"](prog)
            ],
            "tasks": {
                one.pid.value_(): one.comm.string_().decode()
                for one in found["for_each_task"](prog)
            },
            "state": found["task_state_to_char"](task(2)),
            "log": found["get_dmesg"](prog).decode(errors="replace"),
            "maps": [one.name.string_().decode() for one in found["bpf_map_for_each"](prog)],
            "programs": [
                one.aux.name.string_().decode() for one in found["bpf_prog_for_each"](prog)
            ],
            "stack": [str(frame.name) for frame in prog.stack_trace(task(2))],
            "entities": sum(
                1
                for _ in found["list_for_each_entry"](
                    "struct sched_ext_entity", prog["scx_tasks"].address_of_(), "tasks_node"
                )
            ),
            "vmap": sum(
                1
                for _ in found["rbtree_inorder_for_each_entry"](
                    "struct vmap_area", prog["free_vmap_area_root"].address_of_(), "rb_node"
                )
            ),
            "seconds": found["ktime_get_seconds"](prog).value_(),
            "pages": int(found["totalram_pages"](prog)),
            "cell": bpf.map("cells")[3].nr_queued,
        }
    ),
    file=sys.stdout,
)
