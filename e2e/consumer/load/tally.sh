#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Says how many words a file has.
echo "words=$(wc -w < "$1")"
