#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Starts the interpreter beside this file with the dynamic loader and the libraries that came with it.
case $0 in
  */*) here=${0%/*} self=$0 ;;
  *) self=$(command -v "$0") here=${self%/*} ;;
esac
# Elsewhere a shell would read the loader as a script. Linux says since 6.1 what it runs on.
if { read -r machine < /proc/sys/kernel/arch && read -r host < /proc/sys/kernel/hostname; } 2> /dev/null; then
  [ "$machine" = x86_64 ] || {
    echo "ktstr: the machine $host is $machine, and ktstr builds and tests on x86_64; a farm that has" \
      "both keeps them apart by platform properties (docs/remote.md)" >&2
    exit 1
  }
fi
library=$here/../lib
exec "$library/ld-linux-x86-64.so.2" --inhibit-cache --argv0 "$self" --library-path "$library" "$here/python3.13" "$@"
