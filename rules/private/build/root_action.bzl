# SPDX-License-Identifier: Apache-2.0
"""Build actions that run inside the Debian root."""

visibility(["//rules/private/crate", "//rules/private/disk", "//rules/private/kernel", "//rules/private/scheduler"])

# Merge into a rule's `attrs`: what run_in_root needs.
ROOT_ATTRS = {
    "_enter": attr.label(default = "//tools/root:enter", executable = True, cfg = "exec"),
    "_root": attr.label(default = "@debian_root//:root", allow_single_file = True),
}

def run_in_root(
        ctx,
        command,
        outputs,
        inputs = {},
        scratch = [],
        writable = {},
        env = {},
        chdir = "/",
        needs_mib = 0,
        **kwargs):
    """Registers an action that runs a command inside the Debian root.

    Args:
      ctx: the rule's context; the rule has ROOT_ATTRS.
      command: list of strings, the command and its arguments as seen inside.
      outputs: dict name -> File (a tree artifact, too). The command writes /out/NAME.
      inputs: dict path inside -> File, read-only. A tree artifact cannot be bound: its files are links.
      scratch: paths inside that are empty directories on disk, gone afterwards.
      writable: dict path inside -> path of a directory on this machine, which stays. What such an action
        leaves is not told by its inputs: it is to say so in its execution_requirements.
      env: the command's environment besides PATH.
      chdir: where the command starts.
      needs_mib: memory that the command takes; a machine with less refuses before it starts.
      **kwargs: passed on to ctx.actions.run (mnemonic, progress_message, resource_set, execution_requirements).
    """
    args = ctx.actions.args()
    args.add("--root", ctx.file._root.path)
    if needs_mib:
        args.add("--needs-mib", needs_mib)

    # One argument each, as the kernel takes no single one above 128 KiB; JSON, as paths may hold anything.
    for inside, file in inputs.items():
        args.add("--mounts=" + json.encode({inside: file.path}))
    for inside, host in writable.items():
        args.add("--rw", "{}={}".format(host, inside))
    for path in scratch:
        args.add("--scratch", path)
    for name, file in outputs.items():
        # add_all would expand a tree artifact; its path is what is wanted.
        args.add("--out", "{}={}".format(name, file.path))
    for name, value in env.items():
        args.add("--env", "{}={}".format(name, value))
    args.add("--chdir", chdir)
    args.add("--")
    args.add_all(command)
    ctx.actions.run(
        executable = ctx.executable._enter,
        arguments = [args],
        inputs = [ctx.file._root] + inputs.values(),
        outputs = outputs.values(),
        **kwargs
    )
