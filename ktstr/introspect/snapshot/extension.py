# SPDX-License-Identifier: Apache-2.0
"""The state of sched_ext, out of a guest's memory: by the names of 6.12 or of 7.2."""

from __future__ import annotations

from ktstr.introspect.snapshot.names import enable_state, exit_kind
from ktstr.introspect.snapshot.state import Extension
from ktstr.introspect.snapshot.view import View

_NAME_BYTES = 128
_MESSAGE_BYTES = 1024
# where the same thing is kept, by kernel
_STATES = ("scx_enable_state_var", "scx_ops_enable_state_var")
_DEPTHS = ("scx_bypass_depth", "scx_ops_bypass_depth")


def extension(view: View) -> Extension | None:
    """sched_ext's state; None for a kernel without it.

    Raises:
      MemoryFault: it cannot be read.
    """
    kernel = view.kernel
    state = next((each for each in _STATES if kernel.has_symbol(each)), None)
    if state is None:
        return None
    number = view.u32(kernel.symbol(state))
    named = enable_state(kernel, number)
    root, ops, info = _scheduler(view)
    depth = next((each for each in _DEPTHS if kernel.has_symbol(each)), None)
    bypass = view.u32(kernel.symbol(depth)) if depth is not None else None
    if bypass is None and root and kernel.has_field("scx_sched", "bypass_depth"):
        bypass = view.number(root, "scx_sched", "bypass_depth")
    name = ""
    if ops and named != "disabled":
        name = view.text(ops + kernel.field("sched_ext_ops", "name").offset, _NAME_BYTES)
    if not info:
        return Extension(named, name, bypass)
    found = view.read(info, view.shape("scx_exit_info", ("kind", "reason", "msg")))
    if not found["kind"]:
        return Extension(named, name, bypass)
    message = view.text(found["msg"], _MESSAGE_BYTES) if found.get("msg") else ""
    return Extension(named, name, bypass, exit_kind(kernel, found["kind"]), message)


def _scheduler(view: View) -> tuple[int, int, int]:
    """Addresses of `struct scx_sched`, of the ops, and of what is known of the end; 0 for none."""
    kernel = view.kernel
    if kernel.has_symbol("scx_root"):
        root = view.u64(kernel.symbol("scx_root"))
        if not root:
            return 0, 0, 0
        info = view.number(root, "scx_sched", "exit_info")
        return root, root + kernel.field("scx_sched", "ops").offset, info
    ops = kernel.symbol("scx_ops") if kernel.has_symbol("scx_ops") else 0
    info = view.u64(kernel.symbol("scx_exit_info")) if kernel.has_symbol("scx_exit_info") else 0
    return 0, ops, info
