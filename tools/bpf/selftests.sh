#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds a kernel's tests of sched_ext: LABEL FLAGS...
#
# The steps of the tree's tools/testing/selftests/sched_ext/Makefile, with the libbpf and bpftool of
# the Debian root: every *.bpf.c becomes a skeleton, and the tests that the Makefile lists one runner.
set -eu
label=$1
shift
tar -xf /sched_ext.tar -C /build
here=/build/tools/testing/selftests/sched_ext
headers=/build/tools/sched_ext/include
if ! [ -e "$here/runner.c" ]; then
  echo "$label: source: its tree has no tools/testing/selftests/sched_ext/runner.c" >&2
  exit 1
fi
cd "$here"
mkdir made

for source in *.bpf.c; do
  name=${source%.bpf.c}
  clang "$@" -Wno-incompatible-function-pointer-types "-I$headers" "-I$headers/bpf-compat" -I/kernel \
    -idirafter /usr/include -c "$source" -o "made/$name.o"
  bpftool gen object "made/$name.linked.o" "made/$name.o"
  bpftool gen skeleton "made/$name.linked.o" name "$name" > "made/$name.bpf.skel.h"
done

tests=$(sed -n '/^auto-test-targets[ \t]*:=/,/^[ \t]*$/p' Makefile | tr -s ' \t\134' '\n' |
  grep -v -e '^auto-test-targets' -e ':=' -e '^$')
objects=
for name in runner util $tests; do
  gcc -O2 -pthread -D_GNU_SOURCE -Imade "-I$headers" -c "$name.c" -o "made/$name.user.o"
  objects="$objects made/$name.user.o"
done
# Its -t takes a part of names: select_cpu_dfl is one of select_cpu_dfl_nodispatch.
objcopy --redefine-sym strstr=selftest_named made/runner.user.o
# $objects are words: names of C files that a Makefile lists.
# shellcheck disable=SC2086
gcc -static -pthread -o /out/runner $objects /selftest_named.c /elf_search_tree.c -lbpf -lelf -lz -lzstd
strip /out/runner

# Those of 6.12 have no -l, and tell names beside the tests that they leave out.
/out/runner -l > made/names 2> /dev/null ||
  /out/runner -q -s -t ' ' | sed -n 's/^TEST: //p' > made/names
if ! [ -s made/names ]; then
  echo "$label: the runner of the selftests names no test" >&2
  exit 1
fi
{
  cat /selftest.py
  sed 's/.*/\n&: Test = selftest("&")/' made/names
} > /out/tests
