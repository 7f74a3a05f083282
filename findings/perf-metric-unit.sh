#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# perf 6.1 (Debian 12, linux-perf 6.1.192-2): in the output for programs of "perf stat" (-j, and -x), the
# unit of a rate changes with its size: "/sec" below a thousand, "K/sec" above. Whoever compares the
# "metric-value" of two runs, without the "metric-unit" beside it, may find the higher rate the lower.
# And the second is one of task-clock's, so of CPU time: a program that sleeps has the rate that it would
# have if it never did.
#
# Measured are a busy shell (few page faults in a long time) and one that only starts and then sleeps for
# half a second. Seen, in two runs: busy 21.8 and 22.1 "/sec", sleepy 86.9 and 78.4 "K/sec", of at most
# 276 page faults a second that passed.
# Exit status: 0 as seen, 1 anything else, 2 packages or counters not to be had (without root,
# kernel.perf_event_paranoid may forbid them).
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

# The package with all that it needs, libc too, as if nothing was installed here.
mkdir -p archives/partial root
: >status
timeout 300 apt-get -qq -y --no-install-recommends --download-only -o Debug::NoLocking=1 \
  -o APT::Sandbox::User=root -o Dir::State::status="$tmp/status" \
  -o Dir::Cache::archives="$tmp/archives" install linux-perf=6.1.192-2 || exit 2
for package in archives/*.deb; do dpkg -x "$package" root; done
libraries=$tmp/root/lib/x86_64-linux-gnu
perf() {
  timeout 60 "$libraries/ld-linux-x86-64.so.2" \
    --library-path "$libraries:$tmp/root/usr/lib/x86_64-linux-gnu" root/usr/bin/perf "$@"
}

# measured NAME SCRIPT: writes NAME.json, the page faults of a shell that runs SCRIPT.
measured() {
  perf stat -j -o "$1.json" -e task-clock,page-faults sh -c "$2" || exit 2
}
# field NAME KEY [EVENT]: a field of the record of page faults, or of EVENT, without quotes.
field() {
  sed -n "/\"event\" : \"${3-page-faults}\"/s/.*\"$2\" : \"*\([^\",}]*\)\"*[,}].*/\1/p" "$1.json"
}

measured busy "i=0; while [ \$i -lt 3000000 ]; do i=\$((i + 1)); done"
measured sleepy 'sleep 0.5'
perf --version
for run in busy sleepy; do
  case $(field $run counter-value) in [1-9]*) ;; *) echo "no page faults counted" >&2; exit 2 ;; esac
  echo "$run: $(field $run counter-value) page faults in $(field $run counter-value task-clock) ms" \
    "of CPU time: $(field $run metric-value) $(field $run metric-unit)"
done
awk -v busy="$(field busy metric-value)" -v busy_unit="$(field busy metric-unit)" \
  -v sleepy="$(field sleepy metric-value)" -v sleepy_unit="$(field sleepy metric-unit)" \
  -v faults="$(field sleepy counter-value)" -v ms="$(field sleepy counter-value task-clock)" '
  BEGIN {
    # What half a second and more of sleep would leave of the rate is below this.
    elapsed = faults / 0.5
    per_cpu_second = faults / ms * 1000
    off = sleepy * 1000 / per_cpu_second
    printf "sleepy: %.0f a second of CPU time, below %.0f a second elapsed\n", per_cpu_second, elapsed
    exit !(busy_unit == "/sec" && sleepy_unit == "K/sec" && sleepy * 1000 > busy &&
           off > 0.99 && off < 1.01 && sleepy * 1000 > 2 * elapsed)
  }' || { echo "not as seen before" >&2; exit 1; }
