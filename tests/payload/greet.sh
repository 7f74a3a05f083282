#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints what a payload finds of itself in the guest; run as a payload.
set -eu
echo "arguments=$#"
echo "data=$(cat /payloads/greeter/data/number)"
echo "absolute=$(cat /opt/greeter/number)"
echo "tool=$(hackbench -l 1 -g 1 | grep -c '^Time:')"
