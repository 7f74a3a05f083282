#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does what its first argument says.
eval "$1"
