#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares pairs of files that were built twice.
set -eu
while [ $# -gt 0 ]; do
  cmp "$1" "$2"
  shift 2
done
