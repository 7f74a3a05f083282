#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles a scheduler: LABEL KERNEL HEADERS OBJECT SOURCES... -- FLAGS...
#
# Several sources become one object, linked as the kernel's own Makefiles do it. Where one of them
# includes a header <scx/...> which it does not bring, all are of the kernel's ecosystem: such a header
# is of the tested KERNEL's tree (HEADERS: a tar of its tools/sched_ext/include, maybe not there), and
# so are the types, as in that tree's Makefile. The environment names directories: TYPES and
# TESTED_TYPES, each with a vmlinux.h for one of the two kinds, and SCRATCH; KERNELS_OWN_FLAGS are options
# for the second kind.
set -eu
label=$1 kernel=$2 headers=$3 object=$4
shift 4

# One a line: a path of a source may hold blanks.
sources=''
while [ "$1" != -- ]; do
  sources="$sources$1
"
  shift
done
shift

wanted_by() {
  # -MG takes headers that are not there as they are spelled; a source with errors is told of them below.
  source=$1
  shift
  clang "$@" -M -MG "$source" 2> /dev/null | tr -s ' \134' '\n' | grep -m 1 '^scx/' || true
}

each_source() { printf '%s' "$sources"; }

wanted='' of=''
while [ -z "$wanted" ] && IFS= read -r of; do
  wanted=$(wanted_by "$of" "$@")
done << EOF
$(each_source)
EOF

if [ -z "$wanted" ]; then
  set -- "$@" "-I$TYPES"
else
  if [ -e "$headers" ]; then
    tar -xf "$headers" -C "$SCRATCH"
  fi
  if ! [ -e "$SCRATCH/include/$wanted" ]; then
    echo "$label: $of includes <$wanted>, which is of the tested kernel's tools/sched_ext/include," \
      "and $kernel has none: it is prebuilt and names no source, or its tree lacks that header." \
      "Give prebuilt_kernel its source archive (source), scx_scheduler another kernel (kernel)," \
      "or the header to hdrs" >&2
    exit 1
  fi
  # shellcheck disable=SC2086 # options without blanks
  set -- "$@" $KERNELS_OWN_FLAGS "-I$SCRATCH/include" "-I$SCRATCH/include/bpf-compat" "-I$TESTED_TYPES" -idirafter /usr/include
fi

compile() {
  clang "$@"
  # Without its DWARF, which nothing reads.
  for made; do :; done
  llvm-strip -g "$made"
}

count=$(each_source | wc -l)
if [ "$count" -eq 1 ]; then
  compile "$@" -c "$(each_source)" -o "$object"
  exit
fi

number=0
while IFS= read -r source; do
  number=$((number + 1))
  compile "$@" -c "$source" -o "$SCRATCH/$number.bpf.o"
done << EOF
$(each_source)
EOF

set --
while [ "$number" -gt 0 ]; do
  set -- "$SCRATCH/$number.bpf.o" "$@"
  number=$((number - 1))
done
bpftool gen object "$object" "$@"
