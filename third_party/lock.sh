#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes the hash locks of this folder's requirements*.in again; `uv` (PyPI) must be on PATH.
set -euo pipefail
cd "$(dirname "$0")"
command -v uv >/dev/null || {
  echo "third_party/lock.sh: uv not found on PATH; install it with: python3 -m pip install uv" >&2
  exit 1
}
# In this order: build is constrained by run time, dev by both, the others by none.
for name in requirements{,_build,_dev,_farm,_drgn,_page,_compare,_readers,_pandas}; do
  uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
    --python-version 3.13 --python-platform x86_64-manylinux_2_28 --custom-compile-command third_party/lock.sh \
    --output-file "$name.lock.txt" "$name.in" "$@"
done
