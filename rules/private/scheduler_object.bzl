# SPDX-License-Identifier: Apache-2.0
"""Compiles schedulers in BPF C: those of ours, and those written as the kernel's own are."""

load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")
load(":bpf_object.bzl", "BPF_FLAGS")
load(":include_path.bzl", "SOURCE_ROOT", "by_include_path")
load(":root_action.bzl", "run_in_root")
load(":werror.bzl", "werror")

visibility(["//rules/..."])

_OUR_TYPES = "/kernel"
_TESTED_KERNEL = "/tested"
_SCX_HEADERS = "/scx"

# A source that includes a header <scx/...> which it does not bring is one of the kernel's ecosystem: such a header
# is that of the tested kernel's tree, and so are the types, as in that tree's own tools/sched_ext/Makefile.
_COMPILE_EITHER = """
source=$1 label=$2 kernel=$3
shift 3
wanted=$(clang "$@" -M -MG "$source" 2> /scx/errors | tr -s ' \\\\' '\\n' | grep -m 1 '^scx/' || true)
if [ -n "$wanted" ]; then
  if [ -e /scx_headers.tar ]; then
    tar -xf /scx_headers.tar -C /scx
  fi
  if ! [ -e "/scx/include/$wanted" ]; then
    echo "$label: $source includes <$wanted>, which is of the tested kernel's tools/sched_ext/include," \
      "and $kernel has none: it is prebuilt and names no source, or its tree lacks that header." \
      "Give prebuilt_kernel its source archive (source), scx_scheduler another kernel (kernel)," \
      "or the header to hdrs" >&2
    exit 1
  fi
  set -- "$@" -Wno-compare-distinct-pointer-types -I/scx/include -I/scx/include/bpf-compat \
    -I/tested -idirafter /usr/include
else
  set -- "$@" -I/kernel
fi
clang "$@" -c "$source" -o /out/object
llvm-strip -g /out/object
"""

def compile_scheduler(ctx, *, source, headers, include_paths, vmlinux_h, tested, output):
    """Registers the action that compiles a scheduler, one of ours or one of the kernel's ecosystem.

    Only an action can see which of the two a source is, so it has what either needs; the bytes of
    ours do not depend on the tested kernel.

    Args:
      ctx: context of a rule that has ROOT_ATTRS.
      source: File, the C source.
      headers: list of File; `#include` takes their paths in their repositories.
      include_paths: list of string, further directories of headers in their repositories.
      vmlinux_h: File, the types of a source of ours.
      tested: Target with KernelImageInfo, the kernel whose headers and types the others get.
      output: File to write.
    """
    sources = by_include_path([source])
    kernel = tested[KernelImageInfo]
    inputs = sources | by_include_path(headers) | {
        _OUR_TYPES + "/vmlinux.h": vmlinux_h,
        _TESTED_KERNEL + "/vmlinux.h": kernel.vmlinux_h,
    }
    if kernel.scx_headers:
        inputs["/scx_headers.tar"] = kernel.scx_headers
    run_in_root(
        ctx,
        command = ["sh", "-ec", _COMPILE_EITHER, "sh", sources.keys()[0], str(ctx.label), str(tested.label)] +
                  BPF_FLAGS + werror(ctx) + ["-I" + path for path in ["."] + include_paths],
        inputs = inputs,
        outputs = {"object": output},
        scratch = [_SCX_HEADERS],
        chdir = SOURCE_ROOT,
        mnemonic = "BpfCompile",
        progress_message = "Compiling BPF program %{label}",
    )
