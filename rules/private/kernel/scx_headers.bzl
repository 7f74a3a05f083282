# SPDX-License-Identifier: Apache-2.0
"""The headers that a kernel's tree has for schedulers: tools/sched_ext/include."""

load("//rules/private/build:root_action.bzl", "run_in_root")

visibility("private")

# Repacked without anything of the archive's but contents, so that two runs give the same bytes. A
# kernel without sched_ext has none, which only a scheduler that wants them should hear of.
_EXTRACT = """
tar -xf "$1" -C /scratch --strip-components=1 --wildcards --no-wildcards-match-slash \\
  '*/Kconfig' '*/tools/sched_ext/include' || [ -e /scratch/Kconfig ] || {
  echo "$2: $(basename "$1") is no kernel source: it has no Kconfig at its top" >&2
  exit 1
}
mkdir -p /scratch/tools/sched_ext/include
tar -cf /out/tar -C /scratch/tools/sched_ext --sort=name --owner=0 --group=0 --mtime=@0 include
"""

def kernel_scx_headers(ctx, source):
    """Registers the action that takes the headers out of a kernel's source archive.

    It stands apart from the build of the kernel, which takes minutes.

    Args:
      ctx: context of a rule that has ROOT_ATTRS.
      source: File, the archive, with one top folder.

    Returns:
      File: a tar of the directory `include`, empty where the kernel has none.
    """
    tar = ctx.actions.declare_file(ctx.label.name + "/scx_headers.tar")
    inside = "/in/" + source.basename
    run_in_root(
        ctx,
        command = ["sh", "-ec", _EXTRACT, "sh", inside, str(ctx.label)],
        inputs = {inside: source},
        outputs = {"tar": tar},
        scratch = ["/scratch"],
        mnemonic = "KernelScxHeaders",
        progress_message = "Extracting the headers for schedulers of %{label}",
    )
    return tar
