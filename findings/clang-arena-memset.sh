#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# clang 19.1.7 for BPF (Debian 12, 1:19.1.7-3~deb12u1): a pointer into a BPF arena (address space 1) is
# cast to the kernel's address space before a store; but two stores of zeros side by side become
# llvm.memset, and what that becomes stores through the pointer as it is. So do structures that are
# copied. The verifier refuses such a program ("invalid mem access 'scalar'"): scx_qmap of Linux 7.2's
# tools/sched_ext, which clears three neighbouring members, does not load. One zero alone is cast, and so
# are two under -fno-builtin-memset, with which nothing becomes memset.
#
# clang 21.1.8 of Debian's trixie-backports does the same. LLVM casts for those intrinsics since its pull
# request 160025 ("Handle certain mem intrinsic functions with addr-space arguments", September 2025).
# Exit status: 0 as seen, 1 anything else, 2 packages not to be had.
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

# The packages with all that they need, libc too, as if nothing was installed here.
mkdir -p archives/partial root
: >status
timeout 300 apt-get -qq -y --no-install-recommends --download-only -o Debug::NoLocking=1 \
  -o APT::Sandbox::User=root -o Dir::State::status="$tmp/status" \
  -o Dir::Cache::archives="$tmp/archives" install clang-19=1:19.1.7-3~deb12u1 || exit 2
for package in archives/*.deb; do dpkg -x "$package" root; done
libraries=$tmp/root/lib/x86_64-linux-gnu
clang=("$libraries/ld-linux-x86-64.so.2"
  --library-path "$libraries:$tmp/root/usr/lib/x86_64-linux-gnu:$tmp/root/usr/lib/llvm-19/lib"
  root/usr/lib/llvm-19/bin/clang)

cat >arena.c <<'END'
struct node {
	long key, next, previous;
};

void clear_one(struct node __attribute__((address_space(1))) *node)
{
	node->next = 0;
}

void clear_two(struct node __attribute__((address_space(1))) *node)
{
	node->next = 0;
	node->previous = 0;
}
END

# compiled OPTIONS...: the instructions of each function.
compiled() {
  timeout 60 "${clang[@]}" -target bpf -mcpu=v4 -O2 "$@" -S -o - arena.c |
    sed -nE 's/^(clear_[a-z]+):.*/\1:/p; s/^\t([^.].*)/  \1/p'
}

dpkg-deb --show --showformat "\${Package} \${Version}\n" archives/clang-19_*.deb
{
  compiled
  echo with -fno-builtin-memset:
  compiled -fno-builtin-memset
} | tee seen
diff - seen <<'END' || { echo "not as seen before" >&2; exit 1; }
clear_one:
  r1 = addr_space_cast(r1, 0, 1)
  *(u64 *)(r1 + 8) = 0
  exit
clear_two:
  *(u64 *)(r1 + 16) = 0
  *(u64 *)(r1 + 8) = 0
  exit
with -fno-builtin-memset:
clear_one:
  r1 = addr_space_cast(r1, 0, 1)
  *(u64 *)(r1 + 8) = 0
  exit
clear_two:
  r1 = addr_space_cast(r1, 0, 1)
  *(u64 *)(r1 + 16) = 0
  *(u64 *)(r1 + 8) = 0
  exit
END
