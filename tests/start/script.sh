#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Says what its arguments say.
echo "$@"
