# SPDX-License-Identifier: Apache-2.0
"""nginx with its dav module, as a remote cache for Bazel on the loopback interface."""

import grp
import os
import pwd
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

_START_SECONDS = 20
_STOP_SECONDS = 20
_ATTEMPTS = 5

_CONFIGURATION = """\
daemon off;
master_process off;
user {user} {group};
pid {state}/nginx.pid;
events {{ worker_connections 256; }}
http {{
  access_log {state}/access.log;
  client_body_temp_path {state}/body;
  proxy_temp_path {state}/proxy;
  fastcgi_temp_path {state}/fastcgi;
  uwsgi_temp_path {state}/uwsgi;
  scgi_temp_path {state}/scgi;
  server {{
    listen 127.0.0.1:{port};
    client_max_body_size 0;
    default_type application/octet-stream;
    # Files lie as in a disk cache of Bazel, below the first two digits of their digest.
    location ~ ^/(?<kind>ac|cas)/(?<start>[0-9a-f][0-9a-f])(?<rest>[0-9a-f]+)$ {{
      root {cache};
      rewrite ^ /$kind/$start/$start$rest break;
      {writes}
    }}
  }}
}}
"""

_WRITES = "dav_methods PUT; create_full_put_path on;"


class Nginx:
    """A running cache server; a context manager.

    Args:
      root: the Debian root whose loader and libraries it runs with.
      program: nginx itself.
      cache: directory of the cached files, laid out as a disk cache of Bazel.
      state: an empty directory for its logs and temporary files.
      writable: whether it takes uploads.
    """

    def __init__(
        self, root: Path, program: Path, cache: Path, state: Path, *, writable: bool
    ) -> None:
        self._root, self._program = root, program
        self._cache, self._state = cache, state
        self._writable = writable
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> "Nginx":
        for _ in range(_ATTEMPTS):
            # Between our look and its bind another process may take the port: then again.
            if self._start(_free_port()):
                return self
        raise RuntimeError(f"nginx does not start: {self._log()}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=_STOP_SECONDS)

    def requests(self, method: str, status: str) -> int:
        """How many requests of a method got a status."""
        lines = (self._state / "access.log").read_text(encoding="utf-8").splitlines()
        return sum(f'"{method} ' in line and f'" {status} ' in line for line in lines)

    def _start(self, port: int) -> bool:
        configuration = self._state / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                state=self._state,
                cache=self._cache,
                port=port,
                # Else it gives its directories to "nobody", which a sandbox may not know.
                user=pwd.getpwuid(os.geteuid()).pw_name,
                group=grp.getgrgid(os.getegid()).gr_name,
                writes=_WRITES if self._writable else "",
            ),
            encoding="utf-8",
        )
        libraries = self._root / "usr/lib/x86_64-linux-gnu"
        command: list[str | Path] = [
            *("setpriv", "--pdeathsig", "KILL", "--"),
            *(self._root / "usr/lib64/ld-linux-x86-64.so.2", "--library-path", libraries),
            *(self._program, "-p", f"{self._state}/", "-e", self._state / "error.log"),
            *("-c", configuration),
        ]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
                continue
            self.url = f"http://127.0.0.1:{port}"
            return True
        self.__exit__(None, None, None)
        return False

    def _log(self) -> str:
        log = self._state / "error.log"
        return log.read_text(encoding="utf-8")[-2000:] if log.exists() else "it wrote no log"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
