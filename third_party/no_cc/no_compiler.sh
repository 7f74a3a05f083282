#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
echo "ktstr compiles with the Debian root only (tools/root), never with the host's compiler" >&2
exit 1
