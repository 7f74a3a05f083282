#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hackbench of rt-tests 2.4 (Debian 12, 2.4-1): "Each sender will pass 10 messages of 100 bytes", it says
# under -l 10, and each sender passes 200. -l is the number of rounds, and in a round a sender writes a
# message to every receiver of its group, of which there are 20 by default (half of "file descriptors
# each"). Messages per second worked out from that line and the time are too low by that factor, and
# runs with different -f, which print the same line, did different amounts of work.
#
# The writes are counted with strace 6.1. Seen, twice:
#   -f 20: 20 senders, each passed 200 messages;  -f 5: 5 senders, each passed 50 messages.
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
  -o Dir::Cache::archives="$tmp/archives" install rt-tests=2.4-1 strace=6.1-0.1 || exit 2
for package in archives/*.deb; do dpkg -x "$package" root; done
libraries=$tmp/root/lib/x86_64-linux-gnu
loader=("$libraries/ld-linux-x86-64.so.2"
  --library-path "$libraries:$tmp/root/usr/lib/x86_64-linux-gnu")

# counted RECEIVERS: runs one group under strace, prints what hackbench says and what was written.
counted() {
  timeout 120 "${loader[@]}" root/usr/bin/strace -f -o trace -e trace=write \
    "${loader[@]}" root/usr/bin/hackbench -g 1 -f "$1" -l 10 -s 100 >output
  grep -F 'Each sender will pass 10 messages of 100 bytes' output || true
  # A call that another process cut in two has its arguments in the first half.
  awk -v receivers="$1" '
    $2 ~ /^write\(/ && /, 100(\)| <unfinished)/ { messages[$1]++ }
    END {
      for (sender in messages) { senders++; by_count[messages[sender]]++ }
      for (count in by_count)
        printf "-f %d: %d senders, each passed %d messages\n", receivers, by_count[count], count
    }' trace
}

dpkg-deb --show --showformat "\${Package} \${Version}\n" archives/rt-tests_*.deb
{
  counted 20
  counted 5
} | tee seen
diff - seen <<'END' || { echo "not as seen before" >&2; exit 1; }
Each sender will pass 10 messages of 100 bytes
-f 20: 20 senders, each passed 200 messages
Each sender will pass 10 messages of 100 bytes
-f 5: 5 senders, each passed 50 messages
END
