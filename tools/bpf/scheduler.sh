#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles a scheduler: LABEL KERNEL HEADERS SOURCE OBJECT FLAGS...
#
# A source that includes a header <scx/...> which it does not bring is one of the kernel's ecosystem:
# such a header is of the tested KERNEL's tree (HEADERS: a tar of its tools/sched_ext/include, maybe
# not there), and so are its types, as in that tree's Makefile. The environment names directories:
# TYPES and TESTED_TYPES, each with a vmlinux.h for one of the two kinds, and SCRATCH.
set -eu
label=$1 kernel=$2 headers=$3 source=$4 object=$5
shift 5

# -MG takes headers that are not there as they are spelled; a source with errors is told of them below.
wanted=$(clang "$@" -M -MG "$source" 2> /dev/null | tr -s ' \134' '\n' | grep -m 1 '^scx/' || true)
if [ -z "$wanted" ]; then
  set -- "$@" "-I$TYPES"
else
  if [ -e "$headers" ]; then
    tar -xf "$headers" -C "$SCRATCH"
  fi
  if ! [ -e "$SCRATCH/include/$wanted" ]; then
    echo "$label: $source includes <$wanted>, which is of the tested kernel's tools/sched_ext/include," \
      "and $kernel has none: it is prebuilt and names no source, or its tree lacks that header." \
      "Give prebuilt_kernel its source archive (source), scx_scheduler another kernel (kernel)," \
      "or the header to hdrs" >&2
    exit 1
  fi
  set -- "$@" -Wno-compare-distinct-pointer-types "-I$SCRATCH/include" "-I$SCRATCH/include/bpf-compat" \
    "-I$TESTED_TYPES" -idirafter /usr/include
fi
clang "$@" -c "$source" -o "$object"
# Without its DWARF, which nothing reads.
llvm-strip -g "$object"
