# SPDX-License-Identifier: Apache-2.0
"""Runs a command, and leaves beside a test's outputs what its largest process needed.

Bazel's --run_under gets this file's text, so it runs on the machine's own Python, in the sandbox.
"""

import json
import os
import resource
import subprocess
import sys

code = subprocess.run(sys.argv[1:], check=False).returncode
peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
place = os.path.join(os.environ["TEST_UNDECLARED_OUTPUTS_DIR"], "rusage.json")
with open(place, "w", encoding="ascii") as file:
    json.dump({"peak_kib": peak_kib}, file)
sys.exit(code if code >= 0 else 128 - code)
