# SPDX-License-Identifier: Apache-2.0
"""Schedulers with their own user space: programs as they are, with the libraries that they load."""

visibility("private")

# Merge into a rule's `attrs`, beside ROOT_ATTRS: what program_layout needs.
PROGRAM_ATTRS = {
    "root": attr.label(
        allow_single_file = True,
        doc = "The Debian root that a dynamically linked `binary` was linked in, and its libraries are taken " +
              "from. Left out: the one that ktstr builds in, @debian_root//:root.",
    ),
    "stats_socket": attr.string(
        doc = "Path in the guest of the socket where `binary` tells its statistics by the protocol of " +
              "scx_stats, \"/var/run/scx/root/stats\" by default of that crate. They are asked for at each " +
              "step's borders, and are figures `stats.NAME`. Left out: none is asked.",
    ),
    "_program": attr.label(default = "//tools/scheduler:program", executable = True, cfg = "exec"),
}

# sun_path of struct sockaddr_un (include/uapi/linux/un.h), less the NUL.
_SOCKET_MAX = 107

def program_problem(attr):
    """Says what is wrong with the attributes of a scheduler's own program.

    Args:
      attr: of a rule that has PROGRAM_ATTRS and `binary`.

    Returns:
      A sentence, or None.
    """
    for name in ["root", "stats_socket"]:
        if getattr(attr, name) and not attr.binary:
            return "%s is for a scheduler with its own user space (binary)" % name
    socket = attr.stats_socket
    if socket and (not socket.startswith("/") or len(socket) > _SOCKET_MAX or "\n" in socket):
        return "stats_socket %r is no path of a socket; expected an absolute one of %d bytes at most" % (
            socket,
            _SOCKET_MAX,
        )
    return None

def program_layout(ctx, folder):
    """Declares the action that lays the program out as the guest has it, and sees that it can run there.

    Args:
      ctx: context of a rule that has ROOT_ATTRS, PROGRAM_ATTRS and `binary`.
      folder: string, the scheduler's directory in the guest.

    Returns:
      File, a tree artifact: what is to lie in that directory; the program has its own name there.
    """
    tree = ctx.actions.declare_directory(ctx.label.name + ".program")
    binary, root = ctx.file.binary, ctx.file.root or ctx.file._root
    arguments = ctx.actions.args()
    arguments.add("--program", binary)
    arguments.add("--root", root.path)
    arguments.add("--folder", "/" + folder)
    arguments.add("--label", str(ctx.label))
    arguments.add("--output", tree.path)
    ctx.actions.run(
        executable = ctx.executable._program,
        arguments = [arguments],
        inputs = [binary, root],
        outputs = [tree],
        mnemonic = "SchedulerProgram",
        progress_message = "Laying out scheduler %{label}",
    )
    return tree
