# SPDX-License-Identifier: Apache-2.0
"""The configuration of BuildGrid 0.4: the face that Bazel 7 needs (API 2.0), and the scheduler.

Blobs and action results are buildbox-casd's, which keeps both on disk and bounded. It speaks API
2.1 and later only, so that Bazel 7 cannot do without the server.
"""

from __future__ import annotations

import urllib.parse
from pathlib import Path

from tools.farm.settings import Settings

# Bazel 7 has up to 100 calls on a connection, and every worker one that waits: BuildGrid answers
# RESOURCE_EXHAUSTED to whoever comes when all threads are taken.
_THREADS = 400

# By what actions choose workers: whoever names another property is refused at once.
MATCHED = ("ISA", "OSFamily", "ktstr-cpus", "ktstr-kvm", "ktstr-memory", "ktstr-namespaces")

# "postgresql:" alone means psycopg 3 since SQLAlchemy 2.1, which BuildGrid 0.4 does not speak.
_TEMPLATE = """\
server:
  - !channel
    address: "127.0.0.1:{port}"
    insecure-mode: true

connections:
  - !sql-connection &sql
    connection-string: "{database}"
    pool-size: 10
    max-overflow: 20
    pool-pre-ping: true

storages:
  - !remote-storage &cas
    url: http://127.0.0.1:{cache_port}
    instance-name: ""
    request-timeout: 120

caches:
  - !remote-action-cache &ac
    url: http://127.0.0.1:{cache_port}
    instance-name: ""

schedulers:
  - !sql-scheduler &scheduler
    sql: *sql
    storage: *cas
    action-cache: *ac
    property-set: !dynamic-property-set
      match-property-keys: [{matched}]
    bot-session-keepalive-timeout: {keepalive}
    max-job-attempts: 3
    max-execution-timeout: 7200
    poll-interval: 0.5
    queue-timeout-job-max-age: {{minutes: 60}}
    queue-timeout-period: {{minutes: 1}}
    queue-timeout-max-window: 100
    assigners:
      - !priority-age-assigner
        count: 1
        interval: 0.2

instances:
  - name: ""
    services:
      - !action-cache
        cache: *ac
      - !cas
        storage: *cas
      - !bytestream
        storage: *cas
      - !execution
        scheduler: *scheduler

thread-pool-size: {threads}
"""


def database_url(socket: Path) -> str:
    """How the server reaches its database; `socket`: the directory that PostgreSQL's is in."""
    return f"postgresql+psycopg2:///postgres?host={urllib.parse.quote(str(socket))}&user=farm"


def configuration(settings: Settings, socket: Path) -> str:
    """The server's configuration, a YAML text."""
    return _TEMPLATE.format(
        port=settings.port,
        cache_port=settings.cache_port,
        database=database_url(socket),
        keepalive=settings.keepalive_s,
        matched=", ".join(MATCHED),
        threads=_THREADS,
    )
