# SPDX-License-Identifier: Apache-2.0
"""The rule `kernel_source`: a kernel's sources, made to fit the Debian root's tools."""

load("//rules/private/build:guest_mode.bzl", "native_guest_mode")
load("//rules/private/build:root_action.bzl", "ROOT_ATTRS", "run_in_root")
load("//rules/private/providers:kernel_source_info.bzl", "KernelSourceInfo")
load(":patches.bzl", "PATCHES_ATTRS", "patched_source")

visibility(["//rules"])

# pahole 1.30 overlooks some of the kfuncs that the compiler has split into NAME and NAME.cold; from Linux 7.0
# on, what it overlooks keeps an argument that BPF programs do not pass, and no scheduler loads. So it reads a
# copy of the kernel without these symbols. A later member of a tar file takes the place of an earlier one.
_PREPARE = r"""
script=scripts/gen-btf.sh
tar -xOf "$1" > /dev/null --occurrence=1 --wildcards --no-wildcards-match-slash '*/Kconfig' || {
  echo "$2: $(basename "$1") is no kernel source: it has no Kconfig at its top" >&2
  exit 1
}
case $1 in
  *.xz) xz -dc "$1" ;;
  *.gz) gzip -dc "$1" ;;
  *.bz2) bzip2 -dc "$1" ;;
  *.zst) zstd -qdc "$1" ;;
  *) cat "$1" ;;
esac > /scratch/linux.tar
name=$(tar -tf /scratch/linux.tar --wildcards --no-wildcards-match-slash "*/$script" 2> /dev/null || true)
if [ -n "$name" ]; then
  tar -xf /scratch/linux.tar -C /scratch "$name"
  cd /scratch
  sed -i "$name" \
    -e 's/^\tbtf1=.*/&\n\t${OBJCOPY} --wildcard --strip-symbol="*.cold" "${ELF_FILE}" "${ELF_FILE}.pahole"/' \
    -e '/--btf_encode_detached=/{n;s/"${ELF_FILE}"/"${ELF_FILE}.pahole"/}'
  [ "$(grep -c 'ELF_FILE}.pahole"' "$name")" = 2 ] || {
    echo "$2: $script of this kernel is not as those of 7.2; kernel_source must learn what has changed" >&2
    exit 1
  }
  tar --append -f linux.tar --owner=0 --group=0 --numeric-owner --mtime=@1577836800 --mode=a+rx "$name"
fi
zstd -q -3 /scratch/linux.tar -o /out/tar
"""

def _kernel_source_impl(ctx):
    archive = patched_source(ctx)
    prepared = ctx.actions.declare_file(ctx.label.name + ".tar.zst")
    inside = "/in/" + archive.basename
    run_in_root(
        ctx,
        command = ["sh", "-ec", _PREPARE, "sh", inside, str(ctx.label)],
        inputs = {inside: archive},
        outputs = {"tar": prepared},
        scratch = ["/scratch"],
        mnemonic = "KernelSource",
        progress_message = "Preparing %{label}",
    )
    return [
        DefaultInfo(files = depset([prepared])),
        KernelSourceInfo(patches = ctx.files.patches),
    ]

kernel_source = rule(
    implementation = _kernel_source_impl,
    cfg = native_guest_mode,
    doc = """A kernel's sources for `kernel_image`, patched, and made to fit the pahole of the Debian root.

Kernels from 7.0 on need it, to be able to load sched_ext schedulers; of older ones it changes what `patches` say.""",
    attrs = {
        "archive": attr.label(
            allow_single_file = True,
            mandatory = True,
            doc = "The source archive, with one top folder.",
        ),
    } | ROOT_ATTRS | PATCHES_ATTRS,
)
